import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { filter, firstValueFrom } from 'rxjs';
import type { ClusterStore } from '../../src/cluster/cluster';
import { Directory } from '../../src/cluster/directory';
import { redisCluster } from '../../src/cluster/redis';
import { ipc } from '../../src/transport/ipc/ipc';
import { monotonicScheduler } from '../../src/transport/time/monotonic-scheduler';
import { told } from '../support/served';
import { pause, until } from '../support/until';
import { RedisPair } from './support/redis-pair';
import { RedisServer } from './support/redis-server';
import { RedisShards } from './support/redis-shards';

const storeAt = (url: string | readonly string[]): ClusterStore =>
  redisCluster({ url, link: ipc({ path: 'unused' }) }).join().store;

/** Clients that each of some servers has, whoever asks among them. */
async function clientsOf(servers: readonly RedisServer[]): Promise<number[]> {
  return Promise.all(servers.map(async (server) => Number(await server.info('connected_clients'))));
}

/** Closes a store after so many turns of the event loop, at other moments of its connecting each time. */
async function closeEarly(url: string | readonly string[]): Promise<void> {
  for (let turns = 0; turns < 80; turns++) {
    const store = storeAt(url);
    for (let turn = 0; turn < turns; turn++) await setImmediate();
    store.close();
  }
}

/** How many clients there are once there are no more than the one that asks, or have been more for long. */
async function lastClientsOf(servers: readonly RedisServer[]): Promise<number[]> {
  let clients = await clientsOf(servers);
  for (let looks = 0; looks < 20 && clients.some((count) => count > 1); looks++) {
    await pause(100);
    clients = await clientsOf(servers);
  }
  return clients;
}

describe('a store that is closed while it connects', () => {
  it('leaves no connection to its server', async () => {
    const redis = await RedisServer.start();
    try {
      await closeEarly(redis.url);
      expect(await lastClientsOf([redis])).toEqual([1]);
    } finally {
      await redis.end();
    }
  });
});

describe('a store whose server takes no writes any more', () => {
  let redis: RedisPair;
  let stores: ClusterStore[];
  const up = (store: ClusterStore): Promise<boolean> => firstValueFrom(store.isUp$.pipe(filter(Boolean)));
  beforeEach(async () => {
    redis = await RedisPair.start();
    stores = [storeAt(redis.url), storeAt(redis.url)];
    await Promise.all(stores.map(up));
  });
  afterEach(async () => {
    for (const store of stores) store.close();
    await redis.end();
  });

  it('tells the one in its place what that has not heard', async () => {
    const [one, other] = stores.map(
      (store, index) => new Directory(`node ${index}`, store, monotonicScheduler, randomInt),
    ) as [Directory, Directory];
    one.announce('at:one');
    redis.partReplica();
    const { first } = await one.reserveIds();
    const states = told(one.health$);
    // It is a replica for a while before another is there.
    await redis.changePlaces(4000);
    await until(() => states.at(-1) === 'up', 'the other one', 5000);
    expect(states).toEqual(['up', 'down', 'up']);
    await pause(100);
    expect(await other.find(first)).toMatchObject({ kind: 'node', node: 'node 0' });
    await Promise.all([one.leave(), other.leave()]);
  });
});

describe('a store in a Redis Cluster', () => {
  let redis: RedisShards;
  beforeAll(async () => {
    redis = await RedisShards.start();
  });
  afterAll(() => redis.end());

  it('leaves no connection to any server where it is closed while it looks for them', async () => {
    await closeEarly(redis.url);
    expect(await lastClientsOf(redis.masters)).toEqual([1, 1, 1]);
  });

  it('leaves none to a server that says nothing, sooner or later', async () => {
    let open = 0;
    const root = createServer((socket) => {
      open += 1;
      socket.on('close', () => (open -= 1)).on('error', () => undefined);
      socket.resume();
    }).listen(0, '127.0.0.1');
    await once(root, 'listening');
    const store = storeAt([`redis://127.0.0.1:${(root.address() as AddressInfo).port}`]);
    await until(() => open === 1, 'its connection');
    store.close();
    await until(() => open === 0, 'the end of that');
    root.close();
  });

  it('goes on where an earlier search for its servers fails after it was given up', async () => {
    const [master] = redis.masters as [RedisServer];
    const held: Socket[] = [];
    // Says nothing to the first that comes, and is the master to all others.
    const root = createServer((socket) => {
      socket.on('error', () => undefined);
      if (held.push(socket) === 1) return;
      const inner = connect(master.port, '127.0.0.1').on('error', () => undefined);
      socket.pipe(inner).pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(root, 'listening');
    const store = storeAt([`redis://127.0.0.1:${(root.address() as AddressInfo).port}`]);
    try {
      await firstValueFrom(store.isUp$.pipe(filter(Boolean)));
      held[0]!.destroy();
      await pause(200);
      await store.put('key', Uint8Array.of(1, 2), 10_000);
      expect(Array.from((await store.get('key'))!)).toEqual([1, 2]);
      expect(await firstValueFrom(store.isUp$)).toBe(true);
    } finally {
      store.close();
      for (const socket of held) socket.destroy();
      root.close();
    }
  });

  it('finds who is in the place of a master that says nothing any more', async () => {
    const store = storeAt(redis.url);
    await firstValueFrom(store.isUp$.pipe(filter(Boolean)));
    // Of several slots, at every master.
    const keys = Array.from({ length: 30 }, (_, index) => `key ${index}`);
    const put = (): Promise<PromiseSettledResult<void>[]> =>
      Promise.allSettled(keys.map((key) => store.put(key, Uint8Array.of(1), 10_000)));
    const kept = async (): Promise<number> =>
      (await put()).filter(({ status }) => status === 'fulfilled').length;
    try {
      expect(await kept()).toBe(keys.length);
      const replaced = redis.loseSilently(0);
      const least = await kept();
      expect(least).toBeLessThan(keys.length);
      // The other masters answer.
      expect(least).toBeGreaterThan(0);
      await replaced;
      const since = performance.now();
      while ((await kept()) < keys.length) {
        expect(performance.now() - since).toBeLessThan(20_000);
        await pause(500);
      }
      expect(await firstValueFrom(store.isUp$)).toBe(true);
    } finally {
      store.close();
    }
  });
});
