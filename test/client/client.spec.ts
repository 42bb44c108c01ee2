import * as net from 'node:net';
import { EMPTY, NEVER, Observable, of, Subject, throwError } from 'rxjs';
import { connect, type Client } from '../../src/client/client';
import { MigrationRefusedError } from '../../src/client/errors';
import { connectError, connectionError } from '../../src/transport/network-errors';
import { memory, memoryPair } from '../../src/transport/memory';
import type { ConnectEndpoint } from '../../src/transport/endpoint';
import { tcp } from '../../src/transport/tcp/tcp';
import type { Transport } from '../../src/transport/transport';
import { ErrorScope } from '../../src/wire/messages/error-message';
import { ErrorMetadata } from '../../src/wire/messages/error-message';
import { MessageType } from '../../src/wire/message-type';
import { packet, type Packet } from '../../src/wire/packet';
import { SessionOpenAckMetadata, SessionStatus } from '../../src/wire/messages/session-open';
import { settled } from '../support/async';
import { dropPacket, openAckPacket, pongPacket, resultPacket, text } from '../support/packets';
import { Peer } from '../support/peer';
import { endServed, Served, told } from '../support/served';
import { VirtualTime } from '../support/virtual-time';

afterEach(endServed);

const NOTHING = {
  links: 0,
  sessions: 0,
  operationsInFlight: 0,
  operationsWaiting: 0,
  acksAwaited: 0,
  queuedBytes: 0,
};

function endpointOf(connect$: Observable<Transport>): ConnectEndpoint {
  return { kind: 'memory', url: 'memory:test', connect: () => connect$ };
}

/** A client of a server that is played by hand. */
async function played(): Promise<{ readonly client: Client; readonly peer: Peer }> {
  const [left, right] = memoryPair();
  const client = await connect(endpointOf(of(left)));
  return { client, peer: new Peer(right) };
}

/** A transport whose packets are others. */
function withPackets(transport: Transport, packets$: Observable<Packet>): Transport {
  return Object.create(transport, { packets$: { value: packets$ } }) as Transport;
}

function accept(sessionId: number): Packet {
  return openAckPacket({
    sessionId,
    metadata: SessionOpenAckMetadata.of({ sessionId, grantedOperationCredit: 4, maxInFlightOperations: 4 }),
  });
}

function errorOf(sessionId: number, frameId: number, diagnostic: string): Packet {
  const metadata = ErrorMetadata.of({
    errorCode: 0x30001,
    errorScope: frameId === 0 ? ErrorScope.Connection : ErrorScope.Frame,
    relatedFrameId: frameId,
    diagnosticBytes: diagnostic.length,
  });
  return packet(
    { messageType: MessageType.Error, sessionId, frameId },
    ErrorMetadata.encode(metadata),
    text(diagnostic),
  );
}

describe('connect', () => {
  it('refuses an endpoint of another kind than it is configured for', async () => {
    await expect(connect(memory(), { transport: 'tcp' })).rejects.toMatchObject({
      name: 'RuntimeError',
      kind: 'unsupported-transport',
      reach: 'connection',
      origin: 'application',
      message: 'the client is configured for tcp and was given an endpoint of kind memory',
    });
  });

  it('says where nobody listens, and what to look at', async () => {
    const port = await freePort();
    await expect(connect(tcp({ port }))).rejects.toMatchObject({
      kind: 'io',
      reach: 'connection',
      message: `cannot connect to 127.0.0.1:${port}: nothing listens there; is the server running?`,
    });
    await expect(connect(memory())).rejects.toThrow('cannot connect to memory:: nothing listens there');
  });

  it('waits for an answer for ten seconds, or as long as it is told, and lets go then', async () => {
    for (const [options, ms] of [
      [{}, 10_000],
      [{ connectTimeoutMs: 250 }, 250],
    ] as const) {
      const time = new VirtualTime();
      let isLetGo = false;
      const silent$ = new Observable<Transport>(() => () => {
        isLetGo = true;
      });
      let outcome: unknown;
      connect(endpointOf(silent$), { ...options, scheduler: time }).catch((error: unknown) => {
        outcome = error;
      });
      time.advance(ms - 1);
      await settled();
      expect([outcome, isLetGo]).toEqual([undefined, false]);
      time.advance(1);
      await settled();
      expect(isLetGo).toBe(true);
      expect(outcome).toMatchObject({
        kind: 'io',
        reach: 'connection',
        origin: 'local',
        message: `cannot connect to memory:test: no answer within ${ms} ms`,
      });
      expect(time.pendingCount).toBe(0);
    }
  });

  it('passes on why the transport could not', async () => {
    const fault = connectError('there', new Error('no way'));
    await expect(connect(endpointOf(throwError(() => fault)))).rejects.toBe(fault);
  });

  it('fails where the transport gives none', async () => {
    await expect(connect(endpointOf(EMPTY))).rejects.toMatchObject({
      kind: 'io',
      message: 'the connection to memory:test has ended; connect again',
    });
  });

  it('knows its peer', async () => {
    const { client } = await played();
    expect(client).toMatchObject({
      peer: 'memory:right',
      transport: 'memory',
      usage: { ...NOTHING, links: 1 },
    });
    await client.close();
  });
});

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as net.AddressInfo;
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  return port;
}

describe('openSession', () => {
  it('takes sessions one after the other, as an ack does not say which open it answers', async () => {
    const { client, peer } = await played();
    const opening = [5, 6].map((requestedSessionId) => client.openSession({ requestedSessionId }));
    await settled();
    expect(peer.waiting).toBe(1);
    expect(client.usage).toMatchObject({ acksAwaited: 2, sessions: 0 });
    peer.send(accept(5));
    await settled();
    expect(peer.waiting).toBe(2);
    peer.send(accept(6));
    expect((await Promise.all(opening)).map(({ sessionId }) => sessionId)).toEqual([5, 6]);
    expect(client.usage).toMatchObject({ acksAwaited: 0, sessions: 2 });
    await client.close();
  });

  it.each([
    [SessionStatus.Rejected, 0x10001, 'the server refused the session: AuthFailed'],
    [SessionStatus.RetryLater, 0, 'the server cannot take the session now: None'],
  ] as const)(
    'rejects where the server says no (%i), and the connection goes on',
    async (status, code, message) => {
      const { client, peer } = await played();
      const opening = expect(client.openSession()).rejects.toMatchObject({
        status,
        errorCode: code,
        message,
      });
      peer.send(openAckPacket({ metadata: { sessionStatus: status, sessionErrorCode: code } }));
      await opening;
      const again = client.openSession();
      await settled();
      peer.send(accept(1));
      expect((await again).sessionId).toBe(1);
      await client.close();
    },
  );

  it('rejects where the ack does not fit, and the next open is answered', async () => {
    const { client, peer } = await played();
    const opening = client.openSession();
    const next = client.openSession({ requestedSessionId: 2 });
    peer.send(openAckPacket({ metadata: { sessionId: 0 } }), accept(2));
    await expect(opening).rejects.toMatchObject({ kind: 'InvalidProtocolCombination' });
    expect((await next).sessionId).toBe(2);
    await client.close();
  });

  it('rejects everybody who waits where the connection is lost in between', async () => {
    const { client, peer } = await played();
    const lost = { kind: 'io', message: 'the connection to memory:right has ended; connect again' };
    const opening = [1, 2].map((id) =>
      expect(client.openSession({ requestedSessionId: id })).rejects.toMatchObject(lost),
    );
    await settled();
    peer.destroy();
    await Promise.all(opening);
    await expect(client.openSession()).rejects.toMatchObject({ kind: 'io' });
    expect(client.usage).toEqual(NOTHING);
  });

  it('rejects where the client is closed meanwhile', async () => {
    const { client } = await played();
    const opening = expect(client.openSession()).rejects.toMatchObject({ kind: 'io' });
    await client.close();
    await opening;
  });
});

describe('a session', () => {
  async function session() {
    const stage = await played();
    const opening = stage.client.openSession({ requestedSessionId: 42 });
    stage.peer.send(accept(42));
    return { ...stage, session: await opening };
  }

  it.each([
    ['dropped', dropPacket({ frameId: 1 }), 'operation 1 of session 42 has no result: the server dropped it'],
    [
      'refused',
      errorOf(42, 1, 'not cached'),
      'operation 1 of session 42 has no result: the server refused it: not cached',
    ],
  ])('says why there is no result: %s', async (reason, answer, message) => {
    const { client, peer, session: open } = await session();
    const seen = told(open.submit({ body: 'x' }));
    peer.send(answer);
    await settled();
    expect(seen).toMatchObject([{ name: 'OperationError', reason, sessionId: 42, frameId: 1, message }]);
    await client.close();
  });

  it('says that it was cancelled', async () => {
    const { client, session: open } = await session();
    const seen = told(open.submit({ body: 'x' }));
    open.cancel(1);
    expect(seen).toMatchObject([{ reason: 'cancelled' }]);
    await client.close();
  });

  it('says that its session is closed', async () => {
    const { client, session: open } = await session();
    const seen = told(open.submit({ body: 'x' }));
    await client.close();
    expect(seen).toMatchObject([{ reason: 'session-closed' }]);
    expect(told(open.submit({}))).toMatchObject([{ reason: 'session-closed', frameId: 0 }]);
    await expect(open.patch({})).rejects.toMatchObject({
      kind: 'io',
      reach: 'session',
      message: 'session 42 cannot answer: it is closed',
    });
  });

  it('says that its connection is lost, to whoever waits for anything', async () => {
    const { client, peer, session: open } = await session();
    const seen = told(open.submit({ body: 'x' }));
    const lost = { kind: 'io', message: 'session 42 cannot answer: its connection is lost' };
    const waiting = [open.patch({}), open.close()].map((each) => expect(each).rejects.toMatchObject(lost));
    expect(client.usage).toMatchObject({ operationsInFlight: 1, acksAwaited: 2 });
    await settled();
    peer.destroy();
    await Promise.all(waiting);
    expect(seen).toMatchObject([{ reason: 'connection-lost' }]);
    expect(client.usage).toEqual(NOTHING);
  });

  it('runs out of frame ids, and says what to do', async () => {
    const { client, session: open } = await session();
    const submissions: unknown = Reflect.get(open, 'submissions');
    expect(submissions).toHaveProperty('nextFrameId', 1);
    Reflect.set(submissions as object, 'nextFrameId', 0x1_0000_0000);
    expect(told(open.submit({}))).toMatchObject([
      { kind: 'frame-id-overflow', message: 'session 42 has used all of its frame ids; open another' },
    ]);
    await client.close();
  });

  it('refuses fields that the protocol forbids, and sends nothing', async () => {
    const { client, peer, session: open } = await session();
    await peer.next();
    expect(told(open.submit({ metadata: { tileCount: 1 } }))).toMatchObject([
      { kind: 'InvalidProtocolCombination' },
    ]);
    await settled();
    expect(peer.waiting).toBe(0);
    await client.close();
  });
});

describe('what a server does wrong', () => {
  it('is told, costs its packet, and nothing else', async () => {
    const { client, peer } = await played();
    const violations = told(client.violations$);
    peer.send(accept(9), resultPacket({ sessionId: 77, frameId: 1 }), {
      ...pongPacket(),
      header: { ...pongPacket().header, messageType: MessageType.ClientHello },
    });
    await settled();
    expect(violations).toMatchObject([
      {
        kind: 'unexpected-message',
        reach: 'packet',
        origin: 'peer',
        message: 'client received SESSION_OPEN_ACK that it did not ask for',
      },
      { kind: 'unexpected-message', message: 'client received result for another session' },
      { kind: 'unexpected-message', message: 'client received unexpected CLIENT_HELLO' },
    ]);
    const opening = client.openSession();
    peer.send(accept(1));
    expect((await opening).sessionId).toBe(1);
    await client.close();
  });

  it('is told where it is an ERROR of no operation', async () => {
    const { client, peer } = await played();
    const errors = told(client.errors$);
    peer.send(errorOf(0, 0, 'go away'));
    await settled();
    expect(errors).toMatchObject([{ messageType: MessageType.Error, body: text('go away') }]);
    await client.close();
  });

  it('is a fault of the protocol with its cause', async () => {
    const { client, peer } = await played();
    const violations = told(client.violations$);
    const opening = client.openSession();
    peer.send(accept(1));
    await opening;
    peer.send(packet({ messageType: MessageType.ResultDrop, sessionId: 1, frameId: 1 }, Uint8Array.of(1)));
    await settled();
    expect(violations).toMatchObject([
      { kind: 'protocol', cause: { kind: 'InvalidProtocolCombination' }, reach: 'packet' },
    ]);
    await client.close();
  });
});

describe('the end of a client', () => {
  it('completes its streams, once, however often it is closed', async () => {
    const { client, peer } = await played();
    const streams = [client.ended$, client.violations$, client.errors$].map((stream$) =>
      told(stream$ as Observable<unknown>),
    );
    await Promise.all([client.close(), client.close()]);
    await client.close();
    expect(streams).toEqual([['|'], ['|'], ['|']]);
    expect(await peer.ended()).toBeUndefined();
    expect(client.usage).toEqual(NOTHING);
  });

  it('comes where the server leaves in good order', async () => {
    const { client, peer } = await played();
    const ended = told(client.ended$);
    await peer.close();
    await settled();
    expect(ended).toEqual(['|']);
  });

  it('is an error where the connection fails', async () => {
    const [left] = memoryPair();
    const packets$ = new Subject<Packet>();
    const client = await connect(endpointOf(of(withPackets(left, packets$))));
    const ended = told(client.ended$);
    const opening = client.openSession();
    const fault = connectionError('there', new Error('cable'));
    packets$.error(fault);
    await expect(opening).rejects.toBe(fault);
    expect(ended).toEqual([fault]);
    expect(fault.message).toBe('the connection to there failed: cable');
    expect(client.usage).toEqual(NOTHING);
  });

  it.each([
    ['in good order', EMPTY],
    ['with an error', throwError(() => connectionError('there', new Error('cable')))],
  ])('may come before its beginning: the transport has ended already, %s', async (_, packets$) => {
    const [left] = memoryPair();
    await expect(connect(endpointOf(of(withPackets(left, packets$))))).rejects.toMatchObject({
      kind: 'io',
      message: 'the connection to memory:right has ended; connect again',
    });
  });

  it('waits for sessions that wait for another connection', async () => {
    const served = new Served();
    const time = new VirtualTime();
    const client = await served.connect({ scheduler: time, random: () => 0 });
    const ended = told(client.ended$);
    const session = await client.openSession({ reconnect: {} });
    served.endpoint.cut();
    await settled();
    expect(ended).toEqual([]);
    expect(client.usage).toMatchObject({ links: 0, sessions: 1 });
    await expect(session.patch({})).rejects.toThrow('session 1 cannot answer: its connection is lost');
    await client.close();
    expect(ended).toEqual(['|']);
    expect(time.pendingCount).toBe(0);
  });

  it('comes where nobody takes its sessions back in their window', async () => {
    const served = new Served({ resumeWindowMs: 2000 });
    const time = new VirtualTime();
    const client = await served.connect({ scheduler: time, random: () => 0 });
    const ended = told(client.ended$);
    const session = await client.openSession({ reconnect: {} });
    const states = told(session.state$);
    const seen = told(session.submit({}));
    await served.server.close();
    await settled();
    // The server has ended the session itself: there is nothing to come back to.
    expect(states.at(-1)).toBe('|');
    expect(seen).toHaveLength(1);
    time.advance(10_000);
    await settled();
    expect(ended).toEqual(['|']);
    expect(client.usage).toEqual(NOTHING);
  });

  it('does not keep a connection that is made after it', async () => {
    const served = new Served();
    const time = new VirtualTime();
    const [late] = memoryPair();
    let emit: (() => void) | undefined;
    let isFirst = true;
    const endpoint: ConnectEndpoint = {
      kind: 'memory',
      url: 'memory:',
      connect: () => {
        if (isFirst) {
          isFirst = false;
          return served.endpoint.connect();
        }
        return new Observable((subscriber) => {
          emit = () => {
            subscriber.next(late);
            subscriber.complete();
          };
        });
      },
    };
    const client = await connect(endpoint, { scheduler: time, random: () => 0 });
    await client.openSession({ reconnect: {} });
    served.endpoint.cut();
    await settled();
    time.advance(100);
    expect(emit).toBeDefined();
    await client.close();
    emit?.();
    await settled();
    expect(client.usage).toEqual(NOTHING);
    expect(told(late.packets$)).toEqual(['|']);
  });
});

describe('moving a session', () => {
  it('is refused by a server that cannot take it back: the session stays', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const client = await served.connect();
    const session = await client.openSession();
    await expect(session.moveTo(tcp({ port: 1 }))).rejects.toThrow(MigrationRefusedError);
    await expect(session.moveTo(tcp({ port: 1 }))).rejects.toThrow(
      'the server refused to move session 1: accept code 3',
    );
    expect(session.state).toBe('open');
  });
});
