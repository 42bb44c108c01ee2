import { filter, firstValueFrom } from 'rxjs';
import { redisCluster } from '../../src/cluster/redis';
import { ipc } from '../../src/transport/ipc/ipc';
import { clusterContract } from '../support/cluster-contract';
import { pause, until } from '../support/until';
import { wholeAnswer } from './support/asking';
import { Fleet, type NodeProcess } from './support/fleet';
import { RedisShards } from './support/redis-shards';

const CLIENTS = 40;
const PARTS = 600;
const PART_MS = 40;

describe('redisCluster over a Redis Cluster', () => {
  let redis: RedisShards;
  let tests = 0;
  beforeAll(async () => {
    redis = await RedisShards.start();
  });
  beforeEach(() => {
    tests += 1;
  });
  afterAll(() => redis.end());

  // Keys of each test are its own.
  clusterContract(() =>
    redisCluster({ url: redis.url, link: ipc({ path: 'unused' }), prefix: `t${tests}:`, log: true }),
  );

  it('tells each update apart, of sessions at several servers', async () => {
    const { store, log } = redisCluster({ url: redis.url, link: ipc({ path: 'unused' }), log: true }).join();
    await firstValueFrom(store.isUp$.pipe(filter(Boolean)));
    const nothing = {
      tokens: Uint8Array.of(1),
      fields: [],
      results: Uint8Array.of(1),
      trimTo: 0,
      before: 0,
      after: 0,
    };
    const updates = Array.from({ length: 60 }, (_, index) => ({
      ...nothing,
      kind: index % 3 === 0 ? ('more' as const) : ('whole' as const),
      sessionId: 4096 * (1 + (index % 20)) + index,
      node: 'a',
      epoch: 1,
      last: 1,
      ttlMs: 60_000,
    }));
    const verdicts = await log!.append(updates);
    expect(verdicts).toEqual(updates.map(({ kind }) => ({ kind: kind === 'whole' ? 'kept' : 'missing' })));
    const kept = await redis.keys('nnrp:*session:*');
    expect(kept.flat()).toHaveLength(40);
    expect(kept.every((keys) => keys.length > 0)).toBe(true);
    store.close();
  });

  it('says that a list of none is none', () => {
    expect(() => redisCluster({ url: [], link: ipc({ path: 'x' }) })).toThrow(/^url must be/);
  });
});

describe('nodes of a Redis Cluster', () => {
  let fleet: Fleet<RedisShards>;
  beforeEach(async () => {
    fleet = await Fleet.over(await RedisShards.start(), 2, { log: 'continued' });
  });
  afterEach(() => fleet.end());

  it('carry clients to each other, and take sessions over, also as a master goes', async () => {
    const [first, second] = fleet.nodes as [NodeProcess, NodeProcess];
    const clients = await fleet.clients(CLIENTS);
    const told = clients.map((client) => client.watch(PARTS, PART_MS));
    await pause(1000);
    fleet.cut();
    const areBack = (): boolean => clients.every(({ states }) => states.at(-1) === 'resumed');
    await until(areBack, 'every client to be back');
    expect((await fleet.sessions()).reduce((sum, each) => sum + each, 0)).toBe(CLIENTS);

    const counts = (await fleet.redis.keys('nnrp:*session:*')).map((keys) => keys.length);
    await fleet.redis.lose(counts.indexOf(Math.max(...counts)));
    await fleet.untilStores('up');
    expect(clients.every(({ cuts }) => cuts === 1)).toBe(true);
    // What the replica may have lacked, every node has said again.
    await pause(4000);
    fleet.withdraw(first);
    await first.kill();

    await until(() => told.every(({ end }) => end !== undefined), 'every end', 60_000);
    expect(told.filter(({ end }) => end !== 'complete').map(({ end }) => end)).toEqual([]);
    expect(told.filter(({ text }) => text === wholeAnswer(PARTS))).toHaveLength(CLIENTS);
    expect(await fleet.sessions([second])).toEqual([CLIENTS]);
    expect(await fleet.failures([second])).toEqual([]);
    await Promise.all(clients.map(({ client }) => client.close()));
  }, 90_000);
});
