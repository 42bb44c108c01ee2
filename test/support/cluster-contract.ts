import { randomInt } from 'node:crypto';
import type { Cluster, ClusterAccess, ClusterStore } from '../../src/cluster/cluster';
import { Directory, RANGE_IDS } from '../../src/cluster/directory';
import { logContract } from './log-contract';
import { pause, until } from './until';
import { VirtualTime } from './virtual-time';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** What every cluster with a log keeps to, whatever its store is. */
export function clusterContract(cluster: () => Cluster): void {
  const stores: ClusterStore[] = [];
  const directories: Directory[] = [];

  async function join(): Promise<ClusterAccess> {
    const access = cluster().join();
    stores.push(access.store);
    let isUp = false;
    access.store.isUp$.subscribe((up) => {
      isUp = up;
    });
    await until(() => isUp, 'the store');
    return access;
  }

  async function store(): Promise<ClusterStore> {
    return (await join()).store;
  }

  async function directory(node: string): Promise<Directory> {
    const time = new VirtualTime();
    const made = new Directory(node, await store(), time, randomInt);
    directories.push(made);
    made.announce(`at:${node}`);
    // It has been there for a while.
    time.advance(3000);
    return made;
  }

  afterEach(async () => {
    await Promise.all(directories.splice(0).map((each) => each.leave()));
    for (const each of stores.splice(0)) each.close();
  });

  describe('its store', () => {
    it('gives what was put, bytes for bytes, until it expires', async () => {
      const [one, other] = [await store(), await store()];
      await one.put('k', bytes(0, 255, 13, 10), 150);
      expect(Array.from((await other.get('k')) ?? [])).toEqual([0, 255, 13, 10]);
      await pause(250);
      expect(await other.get('k')).toBeUndefined();
    });

    it('lets one claim what several want', async () => {
      const [one, other] = [await store(), await store()];
      const claims = await Promise.all([
        one.claim('k2', bytes(1), 60_000),
        other.claim('k2', bytes(2), 60_000),
      ]);
      expect(claims.filter(Boolean)).toHaveLength(1);
    });

    it('removes', async () => {
      const one = await store();
      await one.put('k4', bytes(1), 60_000);
      await one.remove(['k4', 'never']);
      expect(await one.get('k4')).toBeUndefined();
    });
  });

  describe('its log', () => {
    logContract(join);
  });

  describe('its directory', () => {
    it('gives out ids once', async () => {
      const [one, other] = [await directory('a'), await directory('b')];
      const ranges = [await one.reserveIds(), await other.reserveIds(), await one.reserveIds()];
      expect(new Set(ranges.map(({ first }) => first)).size).toBe(3);
      for (const { first, count } of ranges) {
        expect(count).toBe(RANGE_IDS);
        expect(first % RANGE_IDS).toBe(0);
        expect(first).toBeGreaterThan(0);
      }
    });

    it('says who has a session, of any id of its range', async () => {
      const [one, other] = [await directory('a'), await directory('b')];
      const { first, count } = await one.reserveIds();
      const place = { kind: 'node', node: 'a', address: 'at:a' };
      expect(await other.find(first)).toEqual(place);
      expect(await other.find(first + count - 1)).toEqual(place);
    });

    it('knows nothing of ids that nobody has, and of its own', async () => {
      const one = await directory('a');
      const { first } = await one.reserveIds();
      expect(await one.find(3)).toEqual({ kind: 'unknown' });
      expect(await one.find(first)).toEqual({ kind: 'unknown' });
    });

    it('forgets a node that leaves', async () => {
      const [one, other] = [await directory('a'), await directory('b')];
      const { first } = await one.reserveIds();
      await one.leave();
      expect(await other.find(first)).toEqual({ kind: 'unknown' });
    });
  });
}
