import { firstValueFrom, NEVER, Observable, Subject } from 'rxjs';
import type { LimitTripped } from '../../../src/server/limits/limit-tripped';
import type { ServerOptions } from '../../../src/server/options';
import { createServer, type Server } from '../../../src/server/server';
import { Listener, type ListenEndpoint } from '../../../src/transport/endpoint';
import { memoryPair } from '../../../src/transport/memory';
import { tcp } from '../../../src/transport/tcp/tcp';
import type { Transport } from '../../../src/transport/transport';
import { MessageType } from '../../../src/wire/message-type';
import { SessionOpenAckMetadata, SessionStatus } from '../../../src/wire/messages/session-open';
import { open, ping, submit } from '../../../src/testing';
import { settled } from '../../support/async';
import { bytesOf } from '../../support/packets';
import { Peer } from '../../support/peer';
import { RawSocket } from '../../support/raw-socket';
import { endServed, told } from '../../support/served';
import { until } from '../../support/until';
import { VirtualTime } from '../../support/virtual-time';
import { arrived, openedPeer, sendAll, serveInVirtualTime, SESSION } from './support';

afterEach(endServed);

const never = new Promise<void>(() => {
  // Whoever waits for it waits in vain.
});

function watch(options: ServerOptions): { server: Server; limits: LimitTripped[] } {
  const server = createServer(options);
  const limits: LimitTripped[] = [];
  server.limits$.subscribe((tripped) => limits.push(tripped));
  return { server, limits };
}

/** A listener whose connections never end in good order, and a peer of it with a session. */
async function stuckServer(options: Partial<ServerOptions> = {}) {
  const [serverSide, clientSide] = memoryPair();
  const stuck: Transport = {
    kind: 'stuck',
    peer: 'stuck#1',
    packets$: serverSide.packets$,
    pressure$: serverSide.pressure$,
    queuedBytes: 0,
    send: (packet) => {
      serverSide.send(packet);
    },
    close: () => never,
    destroy: () => {
      serverSide.destroy();
    },
  };
  const accepted$ = new Subject<Transport>();
  const listen: ListenEndpoint = {
    kind: 'stuck',
    listen: () =>
      new Listener('stuck', (sink) => {
        sink.listening({ kind: 'stuck', host: '', port: 0, url: 'stuck:' });
        return accepted$.subscribe((transport) => {
          sink.accept(transport);
        });
      }),
  };
  const time = new VirtualTime();
  const watched = watch({ listen, scheduler: time, keepAlive: { idleMs: 0 }, ...options });
  watched.server.sessions$.subscribe((session) => session.respond(() => NEVER));
  accepted$.next(stuck);
  const peer = new Peer(clientSide);
  peer.send(open(SESSION));
  await peer.next();
  return { ...watched, time, peer };
}

/** Closes a server as it does by default, and says whether it has. */
function closing(server: Server) {
  const state = { isClosed: false, closed: Promise.resolve() };
  state.closed = server.close().then(() => {
    state.isClosed = true;
  });
  return state;
}

describe('a server that closes, and is told nothing more', () => {
  it('is closed at once where nothing is in flight', async () => {
    const { served, time } = serveInVirtualTime();
    // One waits for its client, one has it.
    const away = told((await served.session({ allowResume: true, requestedSessionId: 1 })).server.state$);
    served.endpoint.cut();
    await settled();
    await served.open({ allowResume: true, requestedSessionId: 2 });
    expect(served.server.usage).toMatchObject({ connections: 1, sessions: 2 });
    await served.server.close();
    expect(served.server.usage).toMatchObject({ connections: 0, sessions: 0 });
    expect(served.limits).toEqual([]);
    expect(away).toEqual(['open', 'reconnecting', 'closed', '|']);
    expect(time.pendingCount).toBe(0);
  });

  it('waits a second for an idle client that does not say that it has everything', async () => {
    const { served, time } = serveInVirtualTime();
    const peer = await openedPeer(served, open(SESSION).announced());
    const state = closing(served.server);
    await settled();
    expect((await peer.next())?.header.messageType).toBe(MessageType.SessionClose);
    time.advance(999);
    await settled();
    expect(state.isClosed).toBe(false);
    time.advance(1);
    await state.closed;
    expect(served.limits).toEqual([]);
    expect(time.pendingCount).toBe(0);
  });

  it('waits that second from when the last operation has ended', async () => {
    const { served, time } = serveInVirtualTime();
    const answer$ = new Subject<string>();
    served.server.sessions$.subscribe((session) => session.respond(() => answer$));
    const peer = await openedPeer(served, open(SESSION).announced());
    await sendAll(peer, [submit(SESSION, 1)]);
    const state = closing(served.server);
    time.advance(3000);
    answer$.complete();
    await settled();
    time.advance(999);
    await settled();
    expect(state.isClosed).toBe(false);
    time.advance(1);
    await state.closed;
    expect(time.pendingCount).toBe(0);
  });

  it('lets what is in flight finish within 10 s, and is closed with the last of it', async () => {
    const { served, time } = serveInVirtualTime();
    const answer$ = new Subject<string>();
    served.server.sessions$.subscribe((session) => session.respond(() => answer$));
    const seen = told((await served.open()).submit({}));
    const raw = await openedPeer(served);
    await sendAll(raw, [submit(SESSION, 1)]);
    expect(served.server.usage.operationsInFlight).toBe(2);
    const state = closing(served.server);
    time.advance(9999);
    await settled();
    expect([state.isClosed, served.server.usage.operationsInFlight]).toEqual([false, 2]);
    answer$.next('late');
    answer$.complete();
    await state.closed;
    expect(seen.at(-1)).toBe('|');
    expect((await arrived(raw)).map(({ header }) => header.messageType)).toContain(MessageType.ResultPush);
    expect(time.pendingCount).toBe(0);
  });

  it('ends what takes longer after 10 s', async () => {
    const { served, time } = serveInVirtualTime();
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    await sendAll(await openedPeer(served), [submit(SESSION, 1)]);
    const seen = told((await served.open()).submit({}));
    await settled();
    const state = closing(served.server);
    time.advance(9999);
    await settled();
    expect([state.isClosed, served.server.usage.operationsInFlight]).toEqual([false, 2]);
    time.advance(1);
    await state.closed;
    await settled();
    expect(seen).toMatchObject([{ name: 'OperationError' }]);
    expect(served.limits).toEqual([]);
  });

  it('is closed after 15 s whatever handlers and connections do', async () => {
    const { server, limits, time, peer } = await stuckServer();
    await sendAll(peer, [submit(SESSION, 1)]);
    const state = closing(server);
    time.advance(10_000);
    await settled();
    time.advance(4999);
    await settled();
    expect([state.isClosed, limits, server.connectionCount]).toEqual([false, [], 1]);
    time.advance(1);
    await state.closed;
    expect(limits).toMatchObject([{ limit: 'closeOvertimeMs', allowed: 15_000, observed: 15_000 }]);
    expect(server.usage).toMatchObject({ connections: 0, sessions: 0, operationsInFlight: 0 });
    expect(time.pendingCount).toBe(0);
  });

  it('may be told to hurry while it waits', async () => {
    const { served, time } = serveInVirtualTime();
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    await sendAll(await openedPeer(served), [submit(SESSION, 1)]);
    const state = closing(served.server);
    time.advance(100);
    await settled();
    expect(state.isClosed).toBe(false);
    await served.server.close({ graceMs: 0 });
    await state.closed;
    expect(served.server.usage).toMatchObject({ connections: 0, sessions: 0 });
  });
});

describe('a server that closes', () => {
  it('refuses what is opened from then on, at once, and lets the rest finish', async () => {
    const answer$ = new Subject<string>();
    const { server } = watch({ listen: tcp({ port: 0 }) });
    server.sessions$.subscribe((session) => session.respond(() => answer$));
    const [address] = await server.listening();
    const endpoint = tcp({ port: address!.port });
    const peer = new Peer(await firstValueFrom(endpoint.connect()));
    peer.send(open(SESSION), submit(SESSION, 1));
    await until(() => server.usage.operationsInFlight === 1, 'the operation');
    await arrived(peer);
    const since = performance.now();
    const closed = server.close({ graceMs: 10_000 });
    const waits: number[] = [];
    for (let attempt = 0; attempt < 5; attempt++) {
      const asked = performance.now();
      peer.send(open(SESSION + 1));
      const answer = await peer.next();
      waits.push(performance.now() - asked);
      expect(SessionOpenAckMetadata.decode(answer!.metadata).sessionStatus).toBe(SessionStatus.RetryLater);
    }
    // The least: what else runs on the machine is not the server's.
    expect(Math.min(...waits)).toBeLessThan(100);
    await expect(firstValueFrom(endpoint.connect())).rejects.toMatchObject({ kind: 'io' });
    answer$.complete();
    expect((await peer.next())?.header.messageType).toBe(MessageType.ResultPush);
    await closed;
    expect(performance.now() - since).toBeLessThan(9000);
  });

  it('waits for handlers as long as it was told, for the end of connections 5 s more, and cuts them', async () => {
    const { served, time } = serveInVirtualTime();
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const peer = await openedPeer(served);
    // An end that nobody hears of: what was sent is not read.
    await sendAll(peer, [submit(SESSION, 1)]);
    let isClosed = false;
    const closed = served.server.close({ graceMs: 10_000 }).then(() => (isClosed = true));
    time.advance(9999);
    await settled();
    expect([isClosed, served.server.usage.operationsInFlight]).toEqual([false, 1]);
    time.advance(1);
    await closed;
    expect(served.limits).toEqual([]);
    expect(served.server.usage).toMatchObject({ connections: 0, sessions: 0, operationsInFlight: 0 });
    expect(time.pendingCount).toBe(0);
  });

  it('cuts a connection whose transport never ends', async () => {
    const { server, limits, time } = await stuckServer();
    let isClosed = false;
    const closed = server.close({ graceMs: 1000 }).then(() => (isClosed = true));
    time.advance(1000);
    await settled();
    time.advance(4999);
    await settled();
    expect([isClosed, limits, server.connectionCount]).toEqual([false, [], 1]);
    time.advance(1);
    await closed;
    expect(limits).toEqual([
      {
        limit: 'closeOvertimeMs',
        peer: 'stuck#1',
        sessionId: undefined,
        allowed: 6000,
        observed: 6000,
        consequence: 'connection-closed',
      },
    ]);
    expect(server.usage).toMatchObject({ connections: 0, sessions: 0 });
    expect(time.pendingCount).toBe(0);
  });

  it('is not kept by a peer that reads nothing, nor by a handler that goes on', async () => {
    const { server, limits } = watch({ listen: tcp({ port: 0 }), limits: { closeOvertimeMs: 200 } });
    server.sessions$.subscribe((session) =>
      session.respond((each) => {
        each.keepSlotUntil(never);
        return new Observable((subscriber) => {
          subscriber.next(new Uint8Array(12 * 1024 * 1024));
        });
      }),
    );
    const [address] = await server.listening();
    const socket = await RawSocket.connect(address!.port);
    socket.pause().write(bytesOf(open(SESSION), submit(SESSION, 1), ping(1)));
    await until(() => server.usage.queuedBytes > 0, 'bytes that nobody reads');
    const since = performance.now();
    await server.close({ graceMs: 100 });
    const tookMs = performance.now() - since;
    expect(tookMs).toBeGreaterThanOrEqual(290);
    expect(tookMs).toBeLessThan(600);
    expect(limits).toMatchObject([{ limit: 'closeOvertimeMs', allowed: 300 }]);
    socket.destroy();
  });
});
