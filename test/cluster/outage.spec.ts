import { pause } from '../support/until';
import { wholeAnswer } from './support/asking';
import { Fleet } from './support/fleet';
import { scaled } from './support/scale';

const CLIENTS = 20;
/** Milliseconds that Redis is gone. */
const GONE_MS = scaled(10_000, 4000);

describe.each([
  ['without a log', {}],
  ['with one', { log: 'continued' }],
] as const)('Redis, %s', (_log, options) => {
  let fleet: Fleet;
  beforeEach(async () => {
    fleet = await Fleet.start(2, options);
  });
  afterEach(() => fleet.end());

  it.each([
    ['killed', () => fleet.redis.kill(), () => fleet.redis.start()],
    ['frozen', () => Promise.resolve(fleet.redis.freeze()), () => Promise.resolve(fleet.redis.thaw())],
  ])(`%s for ${GONE_MS} ms, and back, disturbs no answer`, async (_, takeAway, giveBack) => {
    const clients = await fleet.clients(CLIENTS);
    const answers = clients.map((client) => client.answer((GONE_MS + 6000) / 20, 20));
    await pause(500);
    await takeAway();
    await fleet.untilStores('down');
    expect(clients.every(({ states }) => states.join() === 'open')).toBe(true);
    const late = await fleet.come(0);
    const lateAnswer = late.answer(50, 20);
    await pause(GONE_MS / 2);
    // Whoever comes to the other node waits, and has its session back in the end.
    fleet.cut();
    await pause(GONE_MS / 2);
    await giveBack();
    await fleet.untilStores('up');

    const texts = await Promise.all(answers);
    expect(texts.filter((text) => text !== wholeAnswer((GONE_MS + 6000) / 20))).toEqual([]);
    expect(await lateAnswer).toBe(wholeAnswer(50));
    expect(clients.flatMap(({ states }) => states).filter((state) => state === 'reopened')).toEqual([]);
    fleet.cut();
    const after = await Promise.all([...clients, late].map((client) => client.answer(3, 1)));
    expect(after.filter((text) => text !== wholeAnswer(3))).toEqual([]);
    expect(await fleet.failures()).toEqual([]);
    await Promise.all([...clients, late].map(({ client }) => client.close()));
  });

  it('gone for good, leaves the nodes to serve what comes to them', async () => {
    const client = await fleet.come(0);
    const answer = client.answer(200, 20);
    await fleet.redis.kill();
    await fleet.untilStores('down');
    expect(await answer).toBe(wholeAnswer(200));
    const late = await fleet.clients(CLIENTS);
    const texts = await Promise.all(late.map((each) => each.answer(20, 5)));
    expect(texts.filter((text) => text !== wholeAnswer(20))).toEqual([]);
    const usages = await Promise.all(fleet.nodes.map((node) => node.usage()));
    expect(usages.every(({ health }) => health.isReady)).toBe(true);
    await Promise.all([client, ...late].map((each) => each.client.close()));
  });
});
