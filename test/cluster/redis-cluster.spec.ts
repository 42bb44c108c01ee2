import { inspect } from 'node:util';
import { filter, firstValueFrom } from 'rxjs';
import { redisCluster } from '../../src/cluster/redis';
import type { LogUpdate } from '../../src/cluster/session-log';
import { ipc } from '../../src/transport/ipc/ipc';
import { clusterContract } from '../support/cluster-contract';
import { RedisServer } from './support/redis-server';

describe('redisCluster', () => {
  let redis: RedisServer;
  let tests = 0;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  beforeEach(() => {
    tests += 1;
  });
  afterAll(() => redis.end());

  // Keys of each test are its own.
  clusterContract(() =>
    redisCluster({ url: redis.url, link: ipc({ path: 'unused' }), prefix: `t${tests}:`, log: true }),
  );

  it('rejects where Redis has no memory for a result, and keeps what is there', async () => {
    const { store, log } = redisCluster({ url: redis.url, link: ipc({ path: 'unused' }), log: true }).join();
    await firstValueFrom(store.isUp$.pipe(filter(Boolean)));
    const update = (kind: 'whole' | 'more', last: number): LogUpdate => ({
      kind,
      sessionId: 5,
      node: 'a',
      epoch: 1,
      tokens: kind === 'whole' ? Uint8Array.of(1) : undefined,
      fields: [],
      results: Uint8Array.of(last),
      trimTo: 0,
      before: last - 1,
      after: last - 1,
      last,
      ttlMs: 60_000,
    });
    try {
      expect(await log!.append([update('whole', 1)])).toEqual([{ kind: 'kept' }]);
      await redis.command('CONFIG', 'SET', 'maxmemory', '1');
      await expect(log!.append([update('more', 2)])).rejects.toThrow(/^OOM/);
      await redis.command('CONFIG', 'SET', 'maxmemory', '0');
      expect(await log!.append([update('more', 2)])).toEqual([{ kind: 'kept' }]);
      const to = { node: 'b', tokens: Uint8Array.of(2) };
      const taken = await log!.takeOver(5, { node: 'a', epoch: 1 }, to);
      expect(taken?.results.map(({ last, packets }) => [last, ...packets])).toEqual([
        [1, 1],
        [2, 2],
      ]);
    } finally {
      await redis.command('CONFIG', 'SET', 'maxmemory', '0');
      store.close();
    }
  });

  it('says which option is none, or is missing', () => {
    expect(() => redisCluster({ url: 'redis://x' } as never)).toThrow(
      /^link must be an endpoint to listen on/,
    );
    expect(() => redisCluster({ url: 7, link: ipc({ path: 'x' }) } as never)).toThrow(/^url must be/);
  });

  it.each([
    ['redis://user:s3cret@host:port'],
    ['http://user:s3cret@host'],
    ['redis://user:s3cret%@host'],
    [['redis://host', 'redis://user:s3cret@ho st']],
  ])('does not show the password of a URL that is none: %p', (url) => {
    let error: unknown;
    try {
      redisCluster({ url, link: ipc({ path: 'x' }) });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(/^url must be a URL as redis:/);
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain('s3cret');
  });

  it('connects to servers of several URLs, each as its own says', async () => {
    const link = ipc({ path: 'unused' });
    const over = redisCluster({ url: redis.url, link }).join();
    // Its port is that of its protocol, not of the one before.
    const other = redisCluster({ url: 'rediss://user:s3cret@127.0.0.1', link }).join();
    await firstValueFrom(over.store.isUp$.pipe(filter(Boolean)));
    expect(await firstValueFrom(other.store.isUp$)).toBe(false);
    for (const { store } of [over, other]) store.close();
  });
});
