import { NEVER } from 'rxjs';
import { DEFAULT_SERVER_LIMITS, type ConnectionRateName } from '../../../src/server/limits/server-limits';
import { InFlightPolicy } from '../../../src/wire/messages/session-close';
import { SessionErrorCode } from '../../../src/wire/messages/session-open';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
import { MessageType } from '../../../src/wire/message-type';
import type { Packet } from '../../../src/wire/packet';
import {
  cacheInvalidate,
  cachePut,
  cacheReference,
  cancel,
  clientHello,
  drop,
  flowUpdate,
  inPreview4,
  migrate,
  open,
  patch,
  ping,
  pong,
  probe,
  sessionClose,
  sessionCloseAck,
  submit,
} from '../../../src/testing';
import { settled } from '../../support/async';
import { endServed } from '../../support/served';
import {
  arrived,
  errorsOf,
  FAREWELL,
  many,
  openedPeer,
  sendAll,
  serveInVirtualTime,
  SESSION,
  serve,
  serveReading,
  stillServes,
} from './support';

afterEach(endServed);

const OBJECT = { objectKind: CacheObjectKind.CameraBlock, key: 1 };

/** Of operation 1, which goes on and stops in turns. */
function hold(number: number): Packet {
  const update = flowUpdate(SESSION, 1);
  return number % 2 === 1 ? update.pause(number) : update.resume(0, number);
}

/** What counts once for each rate. */
const COUNTED: Record<ConnectionRateName, (number: number) => Packet | Packet[]> = {
  cancels: (number) => [submit(SESSION, number), cancel(SESSION, number)],
  // Of an object that is not cached.
  refusals: (number) => submit(SESSION, number).referring(1, cacheReference(OBJECT)),
  violations: (number) => drop(SESSION, number),
  opens: (number) => [open(1000 + number), sessionClose(1000 + number)],
  pings: (number) => ping(number),
  patches: () => patch(SESSION),
  migrations: () => migrate(SESSION),
  cachePuts: (number) => cachePut(SESSION, { ...OBJECT, key: number }, 'object'),
  flowUpdates: (number) => [...(number === 1 ? [submit(SESSION, 1)] : []), hold(number)],
  cacheInvalidates: (number) => cacheInvalidate(SESSION, { ...OBJECT, key: number }),
  pongs: (number) => pong(number),
  controls: (number) =>
    inPreview4(
      MessageType.Deadline,
      { sessionId: SESSION, frameId: 1 },
      { operationId: 1n, deadlineUnixMs: BigInt(number) },
    ),
  objects: (number) =>
    inPreview4(MessageType.ObjectDeclare, { sessionId: SESSION }, { objectId: BigInt(number) }),
  hellos: (number) => (number % 2 === 0 ? clientHello() : probe(number)),
};

/** Of the session that every peer here has. */
const OPENED = 1;

const OPEN = open(SESSION).announced({ holdsOperations: true });

const RATES = Object.keys(COUNTED) as ConnectionRateName[];

describe.each(RATES)('%s', (rate) => {
  const { burst: allowed, perSecond } = DEFAULT_SERVER_LIMITS[rate];
  const burst = rate === 'opens' ? allowed - OPENED : allowed;
  const counted = COUNTED[rate];

  it('may come in a burst, and again once that is made up for', async () => {
    const { served, time } = serve();
    const peer = await openedPeer(served, OPEN);
    await sendAll(peer, many(burst, counted));
    const needed = (1000 / perSecond) * 2;
    time.advance(needed + 1);
    await sendAll(
      peer,
      many(2, (number) => counted(burst + number)),
    );
    expect(served.limits).toEqual([]);
    expect(stillServes(served)).toBe(true);
  });

  it('end the connection with one too many, which is told first', async () => {
    const { served } = serve();
    const peer = await openedPeer(served, OPEN);
    const atTheEnd: number[] = [];
    served.server.limits$.subscribe(() => atTheEnd.push(served.server.connectionCount));
    await sendAll(peer, many(burst + 5, counted));
    const isOfSession = !['opens', 'pings', 'pongs', 'hellos'].includes(rate);
    expect(served.limits).toEqual([
      {
        limit: rate,
        peer: 'memory#1',
        sessionId: isOfSession ? SESSION : undefined,
        allowed,
        observed: allowed + 1,
        consequence: 'connection-closed',
      },
    ]);
    expect(atTheEnd).toEqual([1]);
    expect(errorsOf(await arrived(peer)).at(-1)).toEqual(FAREWELL);
    expect(await peer.ended()).toBeUndefined();
    expect(served.server.usage).toMatchObject({ connections: 0, sessions: 0, operationsInFlight: 0 });
    expect(served.failures).toEqual([]);
  });

  it('come as fast as they may for a minute', async () => {
    const { served, time } = serve();
    const peer = await openedPeer(served, OPEN);
    // A step in which a whole number of them falls due.
    const stepMs = 60_000 / Math.min(60, 60 * perSecond);
    for (let at = 0, number = 0; at < 60_000; at += stepMs) {
      time.advance(stepMs);
      const count = Math.floor((stepMs * perSecond) / 1000 + 1e-9);
      await sendAll(
        peer,
        many(count, () => counted((number += 1))),
      );
    }
    expect(served.limits).toEqual([]);
    expect(stillServes(served)).toBe(true);
  });

  it('of one connection cost no other', async () => {
    const { served } = serve();
    const other = await openedPeer(served, open(7));
    const peer = await openedPeer(served, OPEN);
    await sendAll(peer, many(burst + 1, counted));
    await arrived(other);
    await sendAll(other, [ping(1)]);
    expect((await other.next())?.header.messageType).toBe(MessageType.Pong);
    expect(served.server.connectionCount).toBe(1);
  });
});

describe('a limit that was met', () => {
  const pings = { burst: 10, perSecond: 1 };

  it('is the last that the peer is heard of', async () => {
    const { served } = serve({ limits: { pings } });
    const peer = await openedPeer(served);
    const submits: number[] = [];
    served.server.sessions$.subscribe();
    await sendAll(peer, [...many(2000, (number) => ping(number)), submit(SESSION, 1)]);
    const packets = await arrived(peer);
    expect(packets.filter(({ header }) => header.messageType === MessageType.Pong)).toHaveLength(10);
    expect(packets).toHaveLength(11);
    expect(served.limits).toHaveLength(1);
    expect(submits).toEqual([]);
  });

  it('leaves a session that may be resumed waiting for its client', async () => {
    const { served } = serve({ limits: { pings } });
    const peer = await openedPeer(served, open(SESSION).resumable());
    await sendAll(
      peer,
      many(11, (number) => ping(number)),
    );
    expect(served.server.usage).toMatchObject({ connections: 0, sessions: 1 });
  });

  it('is not told where it is not there', async () => {
    const unlimited = { burst: Infinity, perSecond: 0 };
    const { served } = serveReading({ limits: { pings: unlimited } });
    const peer = await openedPeer(served);
    await sendAll(
      peer,
      many(1000, (number) => ping(number)),
    );
    expect(await arrived(peer)).toHaveLength(1000);
    expect(served.limits).toEqual([]);
  });
});

describe('pongs', () => {
  it('that answer a PING of the server are its own doing', async () => {
    const { served, time } = serveInVirtualTime({
      keepAlive: { idleMs: 1000, timeoutMs: 500 },
      limits: { pongs: { burst: 0, perSecond: 0 } },
    });
    const peer = await openedPeer(served, open(SESSION).announced());
    for (let asked = 1; asked <= 50; asked++) {
      time.advance(1000);
      await settled();
      await sendAll(peer, [pong(asked)]);
    }
    expect(served.limits).toEqual([]);
    expect(served.server.connectionCount).toBe(1);
  });
});

describe('acks of a close', () => {
  it('may come late, once for each session', async () => {
    const { served } = serveReading();
    served.server.sessions$.subscribe((session) => {
      if (session.sessionId !== SESSION) void session.close();
    });
    const peer = await openedPeer(served);
    await sendAll(
      peer,
      many(20, (number) => open(1000 + number)),
    );
    await sendAll(
      peer,
      many(20, (number) => sessionCloseAck(1000 + number)),
    );
    expect([served.limits, served.violations]).toEqual([[], []]);
    await sendAll(
      peer,
      many(120, () => sessionCloseAck(1001)),
    );
    expect(served.limits).toMatchObject([{ limit: 'refusals' }]);
  });
});

describe('refusals', () => {
  const ONE_SLOT = { maxInFlightOperations: 4, queue: { maxSubmits: 4 } };

  it('are what submits beyond the queue meet', async () => {
    const { served } = serveReading(ONE_SLOT);
    let started = 0;
    served.server.sessions$.subscribe((session) =>
      session.respond(() => {
        started += 1;
        return NEVER;
      }),
    );
    const peer = await openedPeer(served);
    await sendAll(
      peer,
      many(2000, (number) => submit(SESSION, number)),
    );
    const drops = (await arrived(peer)).filter(({ header }) => header.messageType === MessageType.ResultDrop);
    expect(drops.length).toBeLessThanOrEqual(200);
    expect(drops.length).toBeGreaterThanOrEqual(100);
    expect(started).toBe(4);
    expect(served.limits).toMatchObject([{ limit: 'refusals', sessionId: SESSION, observed: 101 }]);
    expect(served.violations).toEqual([]);
    expect(served.server.usage).toMatchObject({ connections: 0, operationsInFlight: 0, operationsQueued: 0 });
  });

  it('are what refused opens count as', async () => {
    const { served } = serveReading({ policy: () => SessionErrorCode.AuthFailed });
    const peer = await openedPeer(served, open(1));
    const opens = await sendAll(
      peer,
      many(200, () => open(1)),
    );
    expect(opens).toBeUndefined();
    // Before there is a session, what is sent is the tighter limit.
    expect(served.limits).toMatchObject([{ limit: 'maxOpeningBytesOut' }]);

    const { served: lenient } = serveReading({
      policy: () => SessionErrorCode.AuthFailed,
      limits: { maxOpeningBytesOut: Infinity },
    });
    await sendAll(
      await openedPeer(lenient, open(1)),
      many(200, () => open(1)),
    );
    expect(lenient.limits).toMatchObject([{ limit: 'refusals', sessionId: undefined, observed: 101 }]);
  });

  it('are what comes late for a session that this side has ended, not violations', async () => {
    const { served, time } = serveReading();
    served.server.sessions$.subscribe((session) => {
      if (session.sessionId === SESSION) void session.close();
    });
    const peer = await openedPeer(served, open(7));
    await sendAll(peer, [open(SESSION)]);
    time.advance(1);
    await sendAll(
      peer,
      many(100, (number) => submit(SESSION, number)),
    );
    expect(served.violations).toHaveLength(100);
    expect(served.limits).toEqual([]);
    await sendAll(peer, [submit(SESSION, 101)]);
    expect(served.limits).toMatchObject([{ limit: 'refusals' }]);
  });

  it('are not what crosses with the end of a session, as far as the client had credit', async () => {
    const { served } = serveReading({ grantedOperationCredit: 3 });
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const peer = await openedPeer(served, open(SESSION).announced());
    await sendAll(peer, [submit(SESSION, 1)]);
    void served.server.close({ graceMs: 1000 });
    await settled();
    await arrived(peer);
    await sendAll(
      peer,
      many(3, (number) => submit(SESSION, 1 + number)),
    );
    expect(await arrived(peer)).toHaveLength(3);
    await sendAll(
      peer,
      many(100, (number) => submit(SESSION, 4 + number)),
    );
    expect(served.limits).toEqual([]);
    await sendAll(peer, [submit(SESSION, 105)]);
    expect(served.limits).toMatchObject([{ limit: 'refusals', observed: 101 }]);
  });
});

describe('opens', () => {
  it.each([
    [64, 10, {}],
    [500, 2, { limits: { maxSessionsPerConnection: 500 } }],
  ])(
    'are those of a gateway that comes back with all its %d sessions, and three times on one connection',
    async (count, attempts, options) => {
      const { served } = serveReading(options);
      served.server.sessions$.subscribe();
      const ids = Array.from({ length: count }, (_, index) => 1 + index);
      for (let attempt = 0; attempt < attempts; attempt++) {
        const peer = await openedPeer(served, open(1));
        for (let round = 0; round < 3; round++) {
          await sendAll(
            peer,
            ids.slice(round === 0 ? 1 : 0).map((id) => open(id)),
          );
          expect(served.server.sessionCount).toBe(count);
          if (round === 2) break;
          await sendAll(
            peer,
            ids.map((id) => sessionClose(id)),
          );
          expect(served.server.sessionCount).toBe(0);
        }
        peer.destroy();
        await settled();
      }
      expect(served.limits).toEqual([]);
    },
  );

  it('are counted before the policy is asked', async () => {
    const policy = jest.fn(() => SessionErrorCode.None);
    const { served } = serveReading({ policy });
    const peer = await openedPeer(served);
    await sendAll(
      peer,
      many(5000, (number) => [open(1000 + number), sessionClose(1000 + number)]),
    );
    expect(policy).toHaveBeenCalledTimes(200);
    expect(served.limits).toMatchObject([{ limit: 'opens', sessionId: undefined, observed: 201 }]);
    expect(served.server.usage).toMatchObject({ connections: 0, sessions: 0 });
  });
});

describe('what is no violation', () => {
  it('is a cancel that crosses with the result, and now and then a PONG that nobody asked for', async () => {
    const { served } = serveReading();
    served.server.sessions$.subscribe((session) => session.respond((each) => each.complete()));
    const peer = await openedPeer(served);
    for (let number = 1; number <= 200; number++) {
      await sendAll(peer, [submit(SESSION, number), cancel(SESSION, number)]);
    }
    await sendAll(peer, many(10, pong));
    expect([served.limits, served.violations]).toEqual([[], []]);
  });

  it('is a close with what waits for it', async () => {
    const { served } = serveReading();
    const { server } = await served.session({ allowResume: false });
    await server.close({ inFlightPolicy: InFlightPolicy.Abort });
    expect([served.limits, served.violations]).toEqual([[], []]);
  });
});
