import { redisCluster } from '../../src/cluster/redis';
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

  it('says which option is none, or is missing', () => {
    expect(() => redisCluster({ url: 'redis://x' } as never)).toThrow(
      /^link must be an endpoint to listen on/,
    );
    expect(() => redisCluster({ url: 7, link: ipc({ path: 'x' }) } as never)).toThrow(/^url must be/);
  });
});
