import { firstValueFrom, of, timer } from 'rxjs';
import type { Cluster, NodeEndpoint } from '../../../src/cluster/cluster';
import { nodeEndpointAt } from '../../../src/cluster/link/node-endpoint-at';
import { memoryCluster } from '../../../src/cluster/memory-cluster';
import { Directory } from '../../../src/cluster/directory';
import { createServer, type Server } from '../../../src/server/server';
import { memory } from '../../../src/transport/memory';
import { tcp } from '../../../src/transport/tcp/tcp';
import { webSocket } from '../../../src/transport/web-socket/web-socket';
import { settled } from '../../support/async';
import { pass } from '../../support/passing';
import { VirtualTime } from '../../support/virtual-time';

const KEY = 'a key that every node of this cluster has';

let time: VirtualTime;
const servers: Server[] = [];

function start(cluster: Cluster, tokenKey = KEY): string[] {
  const server = createServer({ listen: memory(), cluster, tokenKey, scheduler: time });
  servers.push(server);
  const failures: string[] = [];
  server.failures$.subscribe(({ message }) => failures.push(message));
  return failures;
}

beforeEach(() => {
  time = new VirtualTime();
});

afterEach(async () => {
  const closing = Promise.all(servers.splice(0).map((server) => server.close({ graceMs: 0 })));
  await pass(time, 1000, 500);
  await closing;
});

describe('a node that starts', () => {
  it('says once that it does not reach its store, and what to look at', async () => {
    const cluster = memoryCluster({ scheduler: time });
    cluster.isUp = false;
    const failures = start(cluster);
    await pass(time, 20_000, 500);
    expect(failures).toEqual([expect.stringMatching(/store of the cluster does not answer.*`url`/)]);
    cluster.isUp = true;
    await pass(time, 20_000, 500);
    expect(failures).toHaveLength(1);
  });

  it('says why, of a store that takes connections and no calls', async () => {
    const { store, endpoint } = memoryCluster({ scheduler: time }).join();
    const refuse = () => Promise.reject(new Error('NOAUTH'));
    Object.assign(store, {
      claim: refuse,
      put: refuse,
      get: refuse,
      fault$: of('NOAUTH Authentication required.'),
    });
    const failures = start({ join: () => ({ store, endpoint }) });
    await pass(time, 20_000, 500);
    expect(failures).toEqual([
      expect.stringMatching(/^the store of the cluster does not answer: NOAUTH Authentication required\. /),
    ]);
  });

  it.each<[string, Partial<NodeEndpoint>, RegExp | undefined]>([
    [
      'at every address of its machine',
      { listen: tcp({ host: '0.0.0.0', port: 0 }) },
      /told that this one is at tcp:\/\/0\.0\.0\.0:\d+, .*`address`/,
    ],
    [
      'the same, which tells another',
      { listen: tcp({ host: '0.0.0.0', port: 0 }), address: 'tcp://10.0.0.7:4434' },
      undefined,
    ],
    ['at one address', { listen: tcp({ port: 0 }) }, undefined],
    [
      'over what needs more than an address',
      { listen: webSocket({ port: 0 }) },
      /cannot reach this one: .*ws:\/\/127.*option connect/,
    ],
    [
      'the same, where it is said how',
      { listen: webSocket({ port: 0 }), connect: () => webSocket({ port: 1 }) },
      undefined,
    ],
  ])('says where the others cannot reach it: one that listens %s', async (_, link, why) => {
    const { store } = memoryCluster({ scheduler: time }).join();
    const endpoint = { connect: nodeEndpointAt, listen: memory(), ...link };
    const failures = start({ join: () => ({ store, endpoint }) });
    await firstValueFrom(timer(100));
    expect(failures).toEqual(why === undefined ? [] : [expect.stringMatching(why)]);
  });

  it('says once that its tokenKey is another than that of the nodes before it', async () => {
    const cluster = memoryCluster({ scheduler: time });
    const first = start(cluster);
    await pass(time, 1000, 500);
    const [same, other] = [start(cluster), start(cluster, 'a key that this node has alone')];
    await pass(time, 700_000, 500);
    expect([first, same]).toEqual([[], []]);
    expect(other).toEqual([expect.stringMatching(/another `tokenKey`/)]);
  });
});

it('keeps the ids of a node that is gone as long as its sessions may be in the log', async () => {
  const cluster = memoryCluster({ scheduler: time, log: true });
  const directory = (name: string): Directory => {
    const { store, log } = cluster.join();
    return new Directory(name, store, time, () => 7, log, 1_200_000);
  };
  const [gone, next] = [directory('gone'), directory('next')];
  const claimed = gone.reserveIds();
  await pass(time, 500, 500);
  const leaving = gone.leave();
  await pass(time, 500, 500);
  await leaving;

  time.advance(1_000_000);
  await settled();
  const other = next.reserveIds();
  await pass(time, 2000, 500);
  expect((await other).first).not.toBe((await claimed).first);
  const left = next.leave();
  await pass(time, 500, 500);
  await left;
});
