import { firstValueFrom, map, of } from 'rxjs';
import { SessionRejectedError } from '../../../src/client/errors';
import { NoRangeFree } from '../../../src/cluster/directory';
import { memoryCluster, type MemoryCluster } from '../../../src/cluster/memory-cluster';
import { ReservedIds } from '../../../src/cluster/reserved-ids';
import type { ServerOptions } from '../../../src/server/options';
import { SessionStatus } from '../../../src/wire/messages/session-open';
import { settled } from '../../support/async';
import { inTime, pass } from '../../support/passing';
import { told } from '../../support/served';
import { VirtualTime } from '../../support/virtual-time';
import { Fleet } from './fleet';

const keepAlive = { idleMs: 0 };

let time: VirtualTime;
let fleet: Fleet;
/** Whether every range that there is has been claimed. */
let areTaken: boolean;

function crowded(): MemoryCluster {
  const cluster = memoryCluster({ scheduler: time });
  const join = cluster.join.bind(cluster);
  return Object.assign(cluster, {
    join: () => {
      const access = join();
      const { store } = access;
      const claim = store.claim.bind(store);
      Object.assign(store, {
        claim: (...given: Parameters<typeof claim>) =>
          areTaken && given[0].startsWith('range:') ? Promise.resolve(false) : claim(...given),
      });
      return access;
    },
  });
}

async function begin(options: Partial<ServerOptions> = {}) {
  time = new VirtualTime();
  areTaken = true;
  const serve = (): void => undefined;
  fleet = new Fleet(serve, { scheduler: time, keepAlive, ...options }, crowded());
  const { server } = fleet.start();
  await pass(time, 3000);
  return { server, client: await inTime(time, fleet.connect({ scheduler: time, keepAlive })) };
}

describe('a node without ids that others find, whose store is there', () => {
  afterEach(() => inTime(time, fleet.end()));

  it('opens sessions that only it knows', async () => {
    const { client } = await begin();
    expect((await inTime(time, client.openSession())).sessionId).toBeGreaterThanOrEqual(2 ** 31);
  });

  it('opens none where it is to refuse such, but by an id that a client has chosen', async () => {
    const { client, server } = await begin({ storeDown: 'refuse' });
    const refused = client.openSession();
    await expect(inTime(time, refused)).rejects.toBeInstanceOf(SessionRejectedError);
    await expect(refused).rejects.toMatchObject({
      status: SessionStatus.RetryLater,
      text: 'its cluster has given it no session ids yet; try again',
    });
    expect(await firstValueFrom(server.health$)).toMatchObject({ store: 'up' });
    expect((await inTime(time, client.openSession({ requestedSessionId: 7 }))).sessionId).toBe(7);
  });

  it('opens sessions that all know as soon as there are ids', async () => {
    const { client } = await begin({ storeDown: 'refuse' });
    areTaken = false;
    await expect(inTime(time, client.openSession())).rejects.toBeInstanceOf(SessionRejectedError);
    await pass(time, 100);
    expect((await inTime(time, client.openSession())).sessionId).toBeLessThan(2 ** 31);
  });

  it.each([
    ['degrade', true, 200],
    ['refuse', false, 503],
  ] as const)('is ready as far as it opens sessions: %s', async (storeDown, isReady, status) => {
    const { server } = await begin({ storeDown });
    const health = { phase: 'serving', store: 'up', ids: 'none', isReady };
    expect(await firstValueFrom(server.health$)).toEqual(health);
    const [writeHead, end] = [jest.fn(), jest.fn()];
    server.answerProbe({ method: 'GET' }, { writeHead, end });
    expect(writeHead).toHaveBeenCalledWith(status, expect.anything());
    expect(end).toHaveBeenCalledWith(`${JSON.stringify(health)}\n`);
    // Nobody comes to who is not ready: it asks for ids by itself.
    areTaken = false;
    await pass(time, 10_000);
    expect(await firstValueFrom(server.health$)).toEqual({ ...health, ids: 'some', isReady: true });
  });

  it('is ready soon after a store that has come back knows who has which', async () => {
    const { server } = await begin({ storeDown: 'refuse' });
    fleet.cluster.isUp = false;
    await pass(time, 3000);
    areTaken = false;
    fleet.cluster.isUp = true;
    await pass(time, 3000 + 1500 + 1000);
    expect(await firstValueFrom(server.health$)).toMatchObject({ ids: 'some', isReady: true });
  });

  it('is not ready any more once it has used up its own', async () => {
    const { server, client } = await begin({ storeDown: 'refuse' });
    const ready = told(server.health$.pipe(map(({ isReady }) => isReady)));
    areTaken = false;
    await pass(time, 10_000);
    areTaken = true;
    // Of 4,096 ids the last.
    const ids = (server as unknown as { readonly node: { readonly ids: ReservedIds } }).node.ids;
    for (let used = 0; used < 4095; used++) ids.next();
    expect(ready).toEqual([false, true]);
    await inTime(time, client.openSession());
    expect(ready).toEqual([false, true, false]);
  });

  it('tells so once, and what may be the reason', async () => {
    const { client } = await begin();
    for (let each = 0; each < 3; each++) await inTime(time, client.openSession());
    expect(fleet.failures).toEqual([
      expect.objectContaining({
        reach: 'server',
        message: expect.stringMatching(/no range of session ids is free.*`prefix`/) as string,
      }),
    ]);
  });
});

it('a shortage of ids is told again to who had some meanwhile', async () => {
  const told: Error[] = [];
  areTaken = true;
  const directory = {
    health$: of('up' as const),
    reserveIds: () =>
      areTaken ? Promise.reject(new NoRangeFree('none')) : Promise.resolve({ first: 4096, count: 4 }),
  };
  const ids = new ReservedIds(
    directory,
    new VirtualTime(),
    () => 0,
    (error) => told.push(error),
  );
  const use = async (count: number): Promise<void> => {
    for (let used = 0; used < count; used++) {
      ids.next();
      await settled();
    }
  };
  await use(3);
  expect(told).toHaveLength(1);
  areTaken = false;
  await use(1);
  areTaken = true;
  await use(8);
  expect(told).toHaveLength(2);
});
