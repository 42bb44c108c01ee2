import { tcp } from '../../src/transport/tcp/tcp';
import { pause } from '../support/until';
import { Asking, wholeAnswer } from './support/asking';
import { Fleet } from './support/fleet';

const CLIENTS = 20;
/** Milliseconds that Redis is gone. */
const GONE_MS = Number(process.env.CLUSTER_GONE_MS ?? 4000);

describe('Redis', () => {
  let fleet: Fleet;
  beforeEach(async () => {
    fleet = await Fleet.start(2, 'tcp');
  });
  afterEach(() => fleet.end());

  const come = (): Promise<Asking> => Asking.open(tcp({ port: fleet.overTcp.port }));

  const stores = async (): Promise<readonly unknown[]> =>
    (await Promise.all(fleet.nodes.map((node) => node.usage()))).map(({ health }) => health.store);

  /** Until every node says so. */
  async function untilStores(store: 'up' | 'down'): Promise<void> {
    for (let left = 100; (await stores()).some((each) => each !== store); left--) {
      if (left === 0) throw new Error(`the store is not ${store} for every node`);
      await pause(100);
    }
  }

  it.each([
    ['killed', () => fleet.redis.kill(), () => fleet.redis.start()],
    ['frozen', () => Promise.resolve(fleet.redis.freeze()), () => Promise.resolve(fleet.redis.thaw())],
  ])(`%s for ${GONE_MS} ms, and back, disturbs no answer`, async (_, takeAway, giveBack) => {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, come));
    const states = clients.map(({ session }) => {
      const seen: string[] = [];
      session.state$.subscribe((state) => seen.push(state));
      return seen;
    });
    const answers = clients.map((client) => client.answer((GONE_MS + 6000) / 20, 20));
    await pause(500);
    await takeAway();
    await untilStores('down');
    expect(states.every((seen) => seen.join() === 'open')).toBe(true);
    const late = await come();
    const lateAnswer = late.answer(50, 20);
    await pause(GONE_MS / 2);
    // Whoever comes to the other node waits, and has its session back in the end.
    fleet.overTcp.cut(1);
    await pause(GONE_MS / 2);
    await giveBack();
    await untilStores('up');

    const texts = await Promise.all(answers);
    expect(texts.filter((text) => text !== wholeAnswer((GONE_MS + 6000) / 20))).toEqual([]);
    expect(await lateAnswer).toBe(wholeAnswer(50));
    expect(states.flat().filter((state) => state === 'reopened')).toEqual([]);
    fleet.overTcp.cut(1);
    const after = await Promise.all([...clients, late].map((client) => client.answer(3, 1)));
    expect(after.filter((text) => text !== wholeAnswer(3))).toEqual([]);
    const usages = await Promise.all(fleet.nodes.map((node) => node.usage()));
    expect(usages.flatMap(({ failures }) => failures)).toEqual([]);
    await Promise.all([...clients, late].map(({ client }) => client.close()));
  });

  it('gone for good, leaves the nodes to serve what comes to them', async () => {
    const client = await come();
    const answer = client.answer(200, 20);
    await fleet.redis.kill();
    await untilStores('down');
    expect(await answer).toBe(wholeAnswer(200));
    const late = await Promise.all(Array.from({ length: CLIENTS }, come));
    const texts = await Promise.all(late.map((each) => each.answer(20, 5)));
    expect(texts.filter((text) => text !== wholeAnswer(20))).toEqual([]);
    const usages = await Promise.all(fleet.nodes.map((node) => node.usage()));
    expect(usages.every(({ health }) => health.isReady)).toBe(true);
    await Promise.all([client, ...late].map((each) => each.client.close()));
  });
});
