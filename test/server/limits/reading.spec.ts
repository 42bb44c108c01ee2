import { firstValueFrom, NEVER, Subject } from 'rxjs';
import type { Answer } from '../../../operators/application/respond-to-submits';
import type { LimitTripped } from '../../../src/server/limits/limit-tripped';
import { QueuedTotals } from '../../../src/server/limits/queued-totals';
import type { ServerOptions } from '../../../src/server/options';
import { createServer, type Server } from '../../../src/server/server';
import { cancel, open, patch, ping, submit } from '../../../src/testing';
import { tcp } from '../../../src/transport/tcp/tcp';
import { webSocket } from '../../../src/transport/web-socket/web-socket';
import { encodePacket } from '../../../src/wire/encode-packet';
import { MessageType } from '../../../src/wire/message-type';
import { settled } from '../../support/async';
import { bestOf } from '../../support/best-of';
import { bytesOf } from '../../support/packets';
import { Peer } from '../../support/peer';
import { RawSocket } from '../../support/raw-socket';
import { endServed } from '../../support/served';
import { pause, until } from '../../support/until';
import { arrived, many, openedPeer, sendAll, serveInVirtualTime, SESSION } from './support';

const unlimited = { burst: Infinity, perSecond: 0 };
const servers: Server[] = [];

afterEach(async () => {
  await endServed();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

describe('submits that wait, of all sessions together', () => {
  const BODY = new Uint8Array(1000);

  /** Sessions with one slot each. */
  function serve() {
    const answers: Subject<Answer>[] = [];
    const context = serveInVirtualTime({ maxInFlightOperations: 4, limits: { maxQueuedBytes: 8000 } });
    context.served.server.sessions$.subscribe((session) =>
      session.respond(() => {
        const answer$ = new Subject<Answer>();
        answers.push(answer$);
        return answer$;
      }),
    );
    return { ...context, answers };
  }

  it('stop the reading of who brings more than there is room for, until a quarter of it is free', async () => {
    const { served, answers } = serve();
    const peer = await openedPeer(served, open(1));
    const other = await openedPeer(served, open(2));
    await sendAll(
      peer,
      many(8, (number) => submit(1, number, BODY)),
    );
    await sendAll(
      other,
      many(8, (number) => submit(2, number, BODY)),
    );
    expect(served.server.usage).toMatchObject({ operationsInFlight: 8, operationsQueued: 8 });
    expect(served.limits).toEqual([]);
    await sendAll(peer, [submit(1, 9, BODY), ping(1)]);
    expect(served.limits).toEqual([
      {
        limit: 'maxQueuedBytes',
        peer: 'memory#1',
        sessionId: undefined,
        allowed: 8000,
        observed: 9000,
        consequence: 'reading-paused',
      },
    ]);
    // Nothing more is heard of it, and all of the other, which brings nothing that has to wait.
    expect(await arrived(peer)).toEqual([]);
    await sendAll(other, [ping(1)]);
    expect(await arrived(other)).toHaveLength(1);
    for (let ended = 0; ended < 2; ended++) answers[ended]?.complete();
    await settled();
    expect(await arrived(peer)).toHaveLength(2);
    answers[2]?.complete();
    await settled();
    // 6,000 bytes wait: the last result, and the answer to the PING.
    expect(await arrived(peer)).toHaveLength(2);
    expect(served.server.usage).toMatchObject({ operationsInFlight: 8, operationsQueued: 6 });
    expect(served.limits).toHaveLength(1);
  });

  it('are free again with their session, and with the connection that was not read', async () => {
    const { served } = serve();
    const peer = await openedPeer(served, open(1));
    await sendAll(
      peer,
      many(13, (number) => submit(1, number, BODY)),
    );
    expect(served.limits).toHaveLength(1);
    const other = await openedPeer(served, open(2));
    await sendAll(other, [...many(5, (number) => submit(2, number, BODY)), ping(1)]);
    expect(served.limits).toMatchObject([{ peer: 'memory#1' }, { peer: 'memory#2' }]);
    peer.destroy();
    await settled();
    expect(await arrived(other)).toHaveLength(1);
    expect(served.server.usage).toMatchObject({ operationsInFlight: 4, operationsQueued: 1 });
    other.destroy();
    await settled();
    expect(served.server.usage).toMatchObject({ operationsInFlight: 0, operationsQueued: 0 });
    const late = await openedPeer(served, open(3));
    await sendAll(
      late,
      many(12, (number) => submit(3, number, BODY)),
    );
    expect(served.limits).toHaveLength(2);
  });

  it('do not make a peer seem dead that is not read', async () => {
    const { served, time } = serveInVirtualTime({
      limits: { maxQueuedBytes: 0 },
      keepAlive: { idleMs: 1000, timeoutMs: 500 },
    });
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const peer = await openedPeer(served, open(1).announced());
    await sendAll(
      peer,
      many(5, (number) => submit(1, number, BODY)),
    );
    expect(served.limits).toMatchObject([{ limit: 'maxQueuedBytes' }]);
    time.advance(10_000);
    expect(served.server.connectionCount).toBe(1);
  });

  it('are told to nobody twice', () => {
    const told: string[] = [];
    const totals = new QueuedTotals(100);
    const reader = {
      hold: () => told.push('hold'),
      release: () => told.push('release'),
    };
    totals.change(101);
    totals.meet(reader);
    totals.meet(reader);
    totals.change(-25);
    expect(told).toEqual(['hold']);
    totals.change(-1);
    totals.change(-1);
    expect(told).toEqual(['hold', 'release']);
    totals.change(100);
    totals.meet(reader);
    totals.forget(reader);
    totals.change(-100);
    expect(told).toEqual(['hold', 'release', 'hold']);
  });
});

describe('answers that wait for a peer that does not read', () => {
  it('stop its reading, until it takes them', async () => {
    const { served, time } = serveInVirtualTime({ limits: { pings: unlimited } });
    const peer = await openedPeer(served);
    // As long as nobody reads, memory holds what was sent.
    const reading = peer.transport;
    peer.transport.pause?.();
    await sendAll(
      peer,
      many(300, (number) => ping(number)),
    );
    time.advance(1);
    expect(served.limits).toEqual([
      {
        limit: 'maxQueuedReplies',
        peer: 'memory#1',
        sessionId: undefined,
        allowed: 100,
        observed: 100,
        consequence: 'reading-paused',
      },
    ]);
    time.advance(1000);
    expect(peer.waiting).toBe(0);
    reading.resume?.();
    await settled();
    expect(await arrived(peer)).toHaveLength(100);
    time.advance(20);
    await settled();
    time.advance(20);
    await settled();
    time.advance(20);
    expect(await arrived(peer)).toHaveLength(200);
    expect(served.limits).toHaveLength(1);
  });

  it('are no reason to tell where the peer takes them', async () => {
    const { served, time } = serveInVirtualTime({ limits: { pings: unlimited } });
    const peer = await openedPeer(served);
    for (let round = 0; round < 20; round++) {
      await sendAll(
        peer,
        many(100, (number) => ping(number)),
      );
      time.advance(1);
      await settled();
    }
    expect(await arrived(peer)).toHaveLength(2000);
    expect(served.limits).toEqual([]);
  });

  it('are bounded over a real socket: the sender is stopped', async () => {
    const limits: LimitTripped[] = [];
    const options: Partial<ServerOptions> = { limits: { patches: unlimited } };
    const server = createServer({ listen: tcp({ port: 0 }), ...options });
    servers.push(server);
    server.limits$.subscribe((tripped) => limits.push(tripped));
    const [address] = await server.listening();
    const socket = await RawSocket.connect(address!.port);
    socket.write(bytesOf(open(SESSION)));
    await until(() => socket.receivedLength > 0, 'the session');
    socket.pause();
    const request = Buffer.concat(Array.from({ length: 1000 }, () => encodePacket(patch(SESSION))));
    // Several times what the system's buffers hold.
    for (let round = 0; round < 300; round++) socket.write(request);
    await until(() => limits.length > 0, 'the limit', 10_000);
    expect(limits).toMatchObject([{ limit: 'maxQueuedReplies', consequence: 'reading-paused' }]);
    await pause(100);
    const { queuedBytes } = server.usage;
    expect(queuedBytes).toBeGreaterThan(0);
    // One read of 64 KiB may bring as many requests more as fit into it.
    expect(queuedBytes).toBeLessThan(512 * 1024);
    await pause(100);
    expect(server.usage.queuedBytes).toBe(queuedBytes);
    socket.read();
    const answered = 40 + 56 + 300_000 * (40 + 48);
    await until(() => socket.receivedLength === answered, 'every answer', 60_000);
    expect(server.usage.queuedBytes).toBe(0);
    expect(limits.every(({ limit }) => limit === 'maxQueuedReplies')).toBe(true);
    socket.destroy();
  }, 90_000);
});

describe.each([
  ['TCP', tcp],
  ['WebSocket', webSocket],
] as const)('a stream that never runs dry, over %s', (_, endpoint) => {
  /** Milliseconds until the handler of a saturated stream is unsubscribed. */
  async function heardAfter(): Promise<number> {
    const limits: LimitTripped[] = [];
    const server = createServer({ listen: endpoint({ port: 0 }), limits: { patches: unlimited } });
    servers.push(server);
    server.limits$.subscribe((tripped) => limits.push(tripped));
    let endedAt = 0;
    const part = new Uint8Array(16 * 1024);
    server.sessions$.subscribe((session) => {
      session.patches$.subscribe((request) => {
        request.ack();
      });
      session.respond(async function* () {
        try {
          for (;;) yield await Promise.resolve(part);
        } finally {
          endedAt = performance.now();
        }
      });
    });
    const [address] = await server.listening();
    const transport = await firstValueFrom(endpoint({ port: address!.port }).connect());
    const peer = new Peer(transport);
    peer.send(open(SESSION), submit(SESSION, 1));
    // A peer that reads, and more slowly than the handler makes.
    const slow = setInterval(() => {
      transport.resume?.();
      setTimeout(() => transport.pause?.(), 1);
    }, 20);
    await until(() => server.usage.queuedBytes > 512 * 1024, 'the pressure');
    for (let number = 0; number < 400; number += 10) {
      peer.send(...many(10, () => patch(SESSION)));
      await pause(10);
    }
    const before = server.usage.queuedBytes;
    const cancelledAt = performance.now();
    peer.send(cancel(SESSION, 1));
    await until(() => endedAt > 0, 'the end of the handler');
    expect(before).toBeGreaterThan(0);
    expect(limits).toEqual([]);
    clearInterval(slow);
    transport.resume?.();
    await peer.close();
    return endedAt - cancelledAt;
  }

  it('keeps no cancel from being heard, however many requests were answered', async () => {
    const harm = { harm: (ms: number) => ms, isGood: (ms: number) => ms < 100 };
    expect(await bestOf(4, heardAfter, harm)).toBeLessThan(100);
  });
});

describe.each([
  ['TCP', tcp],
  ['WebSocket', webSocket],
] as const)('reading from %s', (_, endpoint) => {
  it('is paused, and goes on without a loss', async () => {
    const server = createServer({ listen: endpoint({ port: 0 }), limits: { maxQueuedBytes: 400_000 } });
    servers.push(server);
    const answers: Subject<Answer>[] = [];
    const limits: LimitTripped[] = [];
    server.limits$.subscribe((tripped) => limits.push(tripped));
    server.sessions$.subscribe((session) =>
      session.respond(() => {
        const answer$ = new Subject<Answer>();
        answers.push(answer$);
        return answer$;
      }),
    );
    const [address] = await server.listening();
    const transport = await firstValueFrom(endpoint({ port: address!.port }).connect());
    const peer = new Peer(transport);
    peer.send(open(SESSION));
    await peer.next();
    const body = new Uint8Array(100_000);
    peer.send(...many(40, (number) => submit(SESSION, number, body)), ping(1));
    await until(() => limits.length > 0, 'the limit');
    await pause(100);
    // What had been read already came all the same; far from all has been read.
    const { operationsQueued } = server.usage;
    expect(operationsQueued).toBeGreaterThan(4);
    expect(operationsQueued).toBeLessThan(12);
    expect(peer.waiting).toBe(0);
    for (let ended = 0; ended < 40; ended++) {
      await until(() => answers.length > ended, 'the next submit');
      answers[ended]?.complete();
    }
    await until(() => peer.waiting === 41, 'every answer');
    const types = (await arrived(peer)).map(({ header }) => header.messageType);
    expect(types.filter((type) => type === MessageType.ResultPush)).toHaveLength(40);
    expect(types).toContain(MessageType.Pong);
    expect(limits.every(({ consequence }) => consequence === 'reading-paused')).toBe(true);
    await peer.close();
  });
});
