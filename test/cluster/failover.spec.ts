import { pause, until } from '../support/until';
import { OperationError } from '../../src/client/errors';
import { wholeAnswer } from './support/asking';
import { Fleet, type NodeProcess } from './support/fleet';
import { RedisPair } from './support/redis-pair';

const CLIENTS = 20;
const PARTS = 300;
const PART_MS = 40;
/** Milliseconds of what is written that the replica does not hear. */
const TAIL_MS = 1500;

describe('a failover of Redis, to a replica that lacks the tail', () => {
  let fleet: Fleet<RedisPair>;
  beforeEach(async () => {
    fleet = await Fleet.over(await RedisPair.start(), 1, { log: 'continued' });
  });
  afterEach(() => fleet.end());

  it('disturbs no answer, and what it lost is said again before another node needs it', async () => {
    const [owner] = fleet.nodes as [NodeProcess];
    const clients = await fleet.clients(CLIENTS);
    const answers = clients.map((client) => client.answer(PARTS, PART_MS));
    await pause(1000);
    fleet.redis.partReplica();
    await pause(TAIL_MS);
    await fleet.redis.failOver();
    await pause(TAIL_MS);
    expect(clients.every(({ states }) => states.join() === 'open')).toBe(true);
    // Long enough for the directory to have heard from every node.
    await pause(4000);
    const next = await fleet.add();
    fleet.withdraw(owner);
    await owner.kill();

    const texts = await Promise.all(answers);
    expect(texts.filter((text) => text === wholeAnswer(PARTS))).toHaveLength(CLIENTS);
    expect(await fleet.failures([next])).toEqual([]);
    await Promise.all(clients.map(({ client }) => client.close()));
  });

  it('with the owner of all sessions, leaves no gap that is silent', async () => {
    const [owner] = fleet.nodes as [NodeProcess];
    const next = await fleet.add();
    fleet.withdraw(next);
    const clients = await fleet.clients(CLIENTS);
    const told = clients.map((client) => client.watch(PARTS, PART_MS));
    await until(() => told.every(({ text }) => text.length > 20), 'every answer to go on');
    fleet.redis.partReplica();
    // Of these the replica knows nothing at all.
    const late = await fleet.clients(CLIENTS);
    told.push(...late.map((client) => client.watch(PARTS, PART_MS)));
    await pause(TAIL_MS);
    fleet.welcome(next);
    fleet.withdraw(owner);
    await Promise.all([fleet.redis.failOver(), owner.kill()]);

    await until(() => told.every(({ end }) => end !== undefined), 'every end', 40_000);
    for (const { text, end } of told) {
      if (end === 'complete') expect(text).toBe(wholeAnswer(PARTS));
      else
        expect({ isPrefix: wholeAnswer(PARTS).startsWith(text), end }).toMatchObject({
          isPrefix: true,
          end: { outcome: 'unknown' },
        });
    }
    const ends = told.map(({ end }) => (end instanceof OperationError ? end.reason : end));
    expect(ends.slice(0, CLIENTS)).toEqual(Array.from({ length: CLIENTS }, () => 'complete'));
    const after = await Promise.all([...clients, ...late].map((client) => client.answer(3, 1)));
    expect(after.filter((text) => text !== wholeAnswer(3))).toEqual([]);
    await Promise.all([...clients, ...late].map(({ client }) => client.close()));
  }, 90_000);
});

describe('a failover of Redis of which no socket tells', () => {
  let fleet: Fleet<RedisPair>;
  beforeEach(async () => {
    fleet = await Fleet.over(await RedisPair.start(), 2, { log: 'continued' });
  });
  afterEach(() => fleet.end());

  it.each([
    ['as the primary stands still', (redis: RedisPair) => redis.failOverSilently(0)],
    // Whoever connects anew meanwhile is connected to the same one.
    ['as the primary has stood still for long', (redis: RedisPair) => redis.failOverSilently(6000)],
    ['as the primary is a replica by now', (redis: RedisPair) => redis.changePlaces(3000)],
  ])('%s: nodes go to who is in its place', async (_, failOver) => {
    const clients = await fleet.clients(CLIENTS);
    const answers = clients.map((client) => client.answer(PARTS, PART_MS));
    await pause(500);
    await Promise.all([failOver(fleet.redis), fleet.untilStores('down')]);
    const since = performance.now();
    await fleet.untilStores('up');
    expect(performance.now() - since).toBeLessThan(10_000);
    expect(clients.every(({ states }) => states.join() === 'open')).toBe(true);
    // It has what the other node is asked for.
    fleet.cut();
    const after = await Promise.all(clients.map((client) => client.answer(3, 1)));
    expect(after.filter((text) => text !== wholeAnswer(3))).toEqual([]);
    const texts = await Promise.all(answers);
    expect(texts.filter((text) => text !== wholeAnswer(PARTS))).toEqual([]);
    expect(clients.flatMap(({ states }) => states).filter((state) => state === 'reopened')).toEqual([]);
    expect(await fleet.failures()).toEqual([]);
    await Promise.all(clients.map(({ client }) => client.close()));
  });
});
