import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import * as net from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { firstValueFrom, NEVER, Observable, Subject } from 'rxjs';
import type { Cluster } from '../../../src/cluster/cluster';
import { Directory } from '../../../src/cluster/directory';
import { memoryCluster } from '../../../src/cluster/memory-cluster';
import { createServer } from '../../../src/server/server';
import { linkKey } from '../../../src/cluster/link/link-proof';
import { SessionFinder } from '../../../src/server/relay/session-finder';
import type { RelayingConnection } from '../../../src/server/relay/relayed-session';
import type { ListenEndpoint } from '../../../src/transport/endpoint';
import { memory } from '../../../src/transport/memory';
import { tcp } from '../../../src/transport/tcp/tcp';
import { header, HEADER_LENGTH, FrameHeader } from '../../../src/wire/header';
import { MessageType } from '../../../src/wire/message-type';
import { SessionOpenMetadata } from '../../../src/wire/messages/session-open';
import { EMPTY } from '../../../src/wire/packet';
import { settled } from '../../support/async';
import { endServed } from '../../support/served';
import { VirtualTime } from '../../support/virtual-time';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  await endServed();
  for (const end of ends.splice(0).reverse()) await end();
});

const tokenKey = 'the key of all the nodes';

/** A cluster whose nodes link over TCP, and where one of them listens. */
function overTcp(): { readonly cluster: Cluster; readonly port: Promise<number> } {
  const bound = new Subject<number>();
  const port = firstValueFrom(bound);
  const inner = tcp({ port: 0 });
  const listen: ListenEndpoint = {
    ...inner,
    listen: (options) => {
      const listener = inner.listen(options);
      listener.address$.subscribe(({ port: at }) => {
        bound.next(at);
      });
      return listener;
    },
  };
  const shared = memoryCluster();
  const cluster: Cluster = {
    join: () => ({
      store: shared.join().store,
      endpoint: { listen, connect: (url) => tcp({ port: Number(new URL(url).port) }) },
    }),
  };
  return { cluster, port };
}

describe('the place where nodes link', () => {
  it('gathers nothing of a stranger that has more to say than who it is', async () => {
    const { cluster, port } = overTcp();
    const server = createServer({ listen: memory(), cluster, tokenKey });
    ends.push(() => server.close({ graceMs: 0 }));
    const socket = net.connect(await port, '127.0.0.1');
    ends.push(() => socket.destroy());
    const ended = once(socket, 'close');
    socket.on('error', () => undefined);
    const bytes = new Uint8Array(HEADER_LENGTH + 1);
    FrameHeader.encodeInto(header({ messageType: MessageType.Close, bodyLen: 1024 * 1024 }), bytes);
    socket.write(bytes);
    const startedAt = performance.now();
    await ended;
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    // Another one, that says too little, has its time.
    const quiet = net.connect(await port, '127.0.0.1');
    await once(quiet, 'connect');
    await setTimeout(100);
    expect(quiet.closed).toBe(false);
    quiet.destroy();
  });
});

describe('a search for a session', () => {
  it('leaves no link behind that comes about after its node has closed', async () => {
    const scheduler = new VirtualTime();
    const { store } = memoryCluster().join();
    const other = new Directory('other', store, scheduler, randomInt);
    other.announce('there');
    const { first } = await other.reserveIds();
    await settled();
    let dials = 0;
    const connect = new Observable<never>(() => {
      dials += 1;
      return () => (dials -= 1);
    });
    const endpoint = {
      listen: memory(),
      connect: () => ({ kind: 'memory', url: 'there', connect: () => connect }),
    };
    const directory = new Directory('me', store, scheduler, randomInt);
    const finder = new SessionFinder(
      directory,
      { endpoint },
      { node: 'me', key: EMPTY, scheduler },
      5_000,
      () => undefined,
    );
    const open = SessionOpenMetadata.of({ requestedSessionId: first });
    const connection = { transport: { packets$: NEVER }, client: {} } as unknown as RelayingConnection;
    const finding = finder.find(open, EMPTY, connection).subscribe();
    await settled();
    expect(dials).toBe(1);
    finder.close();
    expect(dials).toBe(0);
    finding.unsubscribe();
  });

  it('does not take another node for the one that is wanted, and has its client come back', async () => {
    const shared = memoryCluster();
    const { store, endpoint } = shared.join();
    let address = '';
    const put = store.put.bind(store);
    const spied: Cluster = {
      join: () => ({
        endpoint,
        store: Object.assign(store, {
          put: (key: string, value: Uint8Array, ttlMs: number) => {
            if (key.startsWith('node:')) address = new TextDecoder().decode(value);
            return put(key, value, ttlMs);
          },
        }),
      }),
    };
    const server = createServer({ listen: memory(), cluster: spied, tokenKey });
    ends.push(() => server.close({ graceMs: 0 }));
    await settled();
    expect(address).not.toBe('');
    const failures: unknown[] = [];
    const scheduler = new VirtualTime();
    const finder = new SessionFinder(
      { find: () => Promise.resolve({ kind: 'node', node: 'gone', address }) },
      { endpoint: shared.join().endpoint },
      { node: 'me', key: linkKey(new TextEncoder().encode(tokenKey)), scheduler },
      5_000,
      (failure) => failures.push(failure),
    );
    ends.push(() => {
      finder.close();
    });
    const connection = { transport: { packets$: NEVER }, client: {} } as unknown as RelayingConnection;
    const open = SessionOpenMetadata.of({ requestedSessionId: 5000 });
    expect(await firstValueFrom(finder.find(open, EMPTY, connection))).toEqual({ kind: 'later' });
    expect(String(failures[0])).toMatch(/it is node .*, and gone was to be there/);
  });
});
