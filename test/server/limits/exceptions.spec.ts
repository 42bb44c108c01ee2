import { config, finalize, map, mergeMap, NEVER, Observable, of, timer } from 'rxjs';
import type { SubmitHandler } from '../../../operators/application/respond-to-submits';
import type { Server } from '../../../src/server/server';
import type { ServerSession } from '../../../src/server/session/session';
import type { Submit } from '../../../src/server/session/session-message';
import { MessageType } from '../../../src/wire/message-type';
import { SessionErrorCode } from '../../../src/wire/messages/session-open';
import { cancel, migrate, open, patch, ping, sessionClose, submit } from '../../../src/testing';
import { pause, until } from '../../support/until';
import { settled } from '../../support/async';
import { Peer } from '../../support/peer';
import { endServed, Served } from '../../support/served';
import { arrived, errorsOf, openedPeer, sendAll, SESSION } from './support';

/** What would be a secret of the application's. */
const SECRET = 'the-password';

function fail(): never {
  throw new Error(`${SECRET} ${'x'.repeat(1000)}`);
}

/** What would have ended the process. */
const fatal: unknown[] = [];
const note = (error: unknown): void => {
  fatal.push(error);
};

beforeAll(() => {
  process.on('unhandledRejection', note);
});

beforeEach(() => {
  fatal.length = 0;
  // Where RxJS would throw so that nothing can catch it.
  config.onUnhandledError = note;
});

afterEach(async () => {
  await endServed();
  await pause(10);
  config.onUnhandledError = null;
  expect(fatal).toEqual([]);
});

afterAll(() => {
  process.off('unhandledRejection', note);
});

async function stillServes(served: Served): Promise<void> {
  const peer = await openedPeer(served, open(900));
  await sendAll(peer, [ping(1)]);
  expect((await arrived(peer)).at(-1)?.header.messageType).toBe(MessageType.Pong);
  peer.destroy();
}

/** Nothing that a peer hears has the text. */
async function assertSecret(peer: Peer): Promise<void> {
  for (const { body } of await arrived(peer)) {
    expect(body.length).toBeLessThanOrEqual(256);
    expect(Buffer.from(body).toString()).not.toMatch(/the-password|\bat .*:\d+/);
  }
}

type StreamOfServer = 'sessions$' | 'violations$' | 'limits$' | 'failures$';

describe.each<[StreamOfServer, (peer: Peer) => Promise<void>]>([
  ['sessions$', async () => undefined],
  ['violations$', (peer) => sendAll(peer, [submit(77, 1)])],
  [
    'limits$',
    (peer) =>
      sendAll(
        peer,
        Array.from({ length: 11 }, (_, number) => ping(number)),
      ),
  ],
  ['failures$', (peer) => sendAll(peer, [submit(SESSION, 1)])],
])('a subscriber of %s', (name, provoke) => {
  const streamOf = (server: Server): Observable<unknown> => server[name];

  it.each<[string, (stream$: Observable<unknown>) => void]>([
    ['as a function', (stream$) => stream$.subscribe(fail)],
    ['as an observer', (stream$) => stream$.subscribe({ next: fail, complete: fail })],
    ['behind operators', (stream$) => stream$.pipe(map((value) => [value])).subscribe(fail)],
    ['in an operator', (stream$) => stream$.pipe(mergeMap(fail)).subscribe()],
    ['in its teardown', (stream$) => stream$.pipe(finalize(fail)).subscribe()],
  ])('that throws %s costs nobody else', async (_, subscribe) => {
    const served = new Served();
    if (name !== 'sessions$') {
      served.server.sessions$.subscribe((session) => {
        session.respond(fail);
      });
    }
    subscribe(streamOf(served.server));
    const peer = await openedPeer(served);
    await provoke(peer);
    await assertSecret(peer);
    if (name === 'failures$') expect(served.failures).toMatchObject([{ reach: 'operation' }]);
    await stillServes(served);
  });
});

/** Each stream of a session, and what it brings something. */
const STREAMS: Record<
  string,
  [(session: ServerSession) => Observable<unknown>, Parameters<typeof sendAll>[1]]
> = {
  'the session': [(session) => session, [submit(SESSION, 1)]],
  submits$: [(session) => session.submits$, [submit(SESSION, 1)]],
  cancels$: [(session) => session.cancels$, [submit(SESSION, 1), cancel(SESSION, 1)]],
  patches$: [(session) => session.patches$, [patch(SESSION)]],
  migrations$: [(session) => session.migrations$, [migrate(SESSION)]],
  closes$: [(session) => session.closes$, [sessionClose(SESSION)]],
  state$: [(session) => session.state$, [sessionClose(SESSION)]],
  pressure$: [(session) => session.pressure$, [sessionClose(SESSION)]],
};

describe.each(Object.entries(STREAMS))('a subscriber of a session: %s', (name, [streamOf, packets]) => {
  it.each<[string, (stream$: Observable<unknown>) => void]>([
    ['as a function', (stream$) => stream$.subscribe(fail)],
    ['behind operators', (stream$) => stream$.pipe(map((value) => [value])).subscribe(fail)],
    ['in an operator', (stream$) => stream$.pipe(mergeMap(fail)).subscribe()],
    ['in its teardown', (stream$) => stream$.pipe(finalize(fail)).subscribe()],
  ])('that throws %s is told, and costs its session at most', async (_, subscribe) => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => {
      if (session.sessionId !== SESSION) return;
      if (!['submits$', 'the session'].includes(name)) session.respond(() => NEVER);
      subscribe(streamOf(session));
    });
    const peer = await openedPeer(served);
    await sendAll(peer, packets);
    await sendAll(peer, [sessionClose(SESSION)]);
    await until(() => served.failures.length > 0, 'a failure');
    expect(served.failures[0]).toMatchObject({ kind: 'internal', origin: 'application' });
    expect(served.failures[0]?.message).toContain(`session ${SESSION} failed: `);
    expect(served.server.sessionCount).toBe(0);
    await assertSecret(peer);
    await stillServes(served);
  });
});

describe('a subscriber of submits$ that throws', () => {
  it('costs the operation, whose client hears of it', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => {
      session.submits$.subscribe((each) => {
        if (each.frameId === 1) fail();
        session.sendResult(each.complete());
      });
    });
    const peer = await openedPeer(served);
    await sendAll(peer, [submit(SESSION, 1), submit(SESSION, 2)]);
    expect((await arrived(peer)).map(({ header }) => [header.frameId, header.messageType])).toEqual([
      [1, MessageType.ResultDrop],
      [2, MessageType.ResultPush],
    ]);
    expect(served.failures).toMatchObject([{ reach: 'operation' }]);
    expect(served.server.usage.operationsInFlight).toBe(0);
  });
});

describe('a subscriber of sessions$ that throws', () => {
  it('costs its session where it does not serve it, and not where it does', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => {
      if (session.sessionId === 2) session.respond((each) => each.complete());
      fail();
    });
    const peer = await openedPeer(served, open(1));
    expect((await peer.next())?.header).toMatchObject({
      messageType: MessageType.SessionClose,
      sessionId: 1,
    });
    await sendAll(peer, [open(2), submit(2, 1)]);
    expect((await arrived(peer)).at(-1)?.header).toMatchObject({ messageType: MessageType.ResultPush });
    expect(served.failures).toMatchObject([{ reach: 'session' }, { reach: 'session' }]);
    expect(served.server.sessionCount).toBe(1);
  });
});

const throwing$ = (source$: Observable<string>): Observable<string> =>
  new Observable((subscriber) => {
    const subscription = source$.subscribe(subscriber);
    return () => {
      subscription.unsubscribe();
      fail();
    };
  });

/** Ways of a handler to fail, and how many parts it has given before. */
const HANDLERS: Record<string, SubmitHandler<Submit>> = {
  throws: fail,
  'rejects later': async () => {
    await settled();
    return fail();
  },
  'errors later': () => timer(1).pipe(map(fail)),
  'throws in its teardown, completed': () => throwing$(timer(1).pipe(map(() => 'a'))),
  'throws where its end is watched': (each) => {
    each.ended$.subscribe(fail);
    each.state$.subscribe(fail);
    return timer(1).pipe(map(() => 'a'));
  },
  'returns nothing': (() => undefined) as unknown as SubmitHandler<Submit>,
};

describe.each(Object.entries(HANDLERS))('a handler that %s', (_, handler) => {
  it('costs its operation, and is told', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => {
      session.respond((each, index) => (each.frameId === 1 ? handler(each, index) : 'fine'));
    });
    const peer = await openedPeer(served);
    await sendAll(peer, [submit(SESSION, 1), submit(SESSION, 2)]);
    await until(() => served.failures.length > 0, 'a failure');
    await until(() => served.server.usage.operationsInFlight === 0, 'the end of both');
    const packets = await arrived(peer);
    expect(packets.filter(({ header }) => header.frameId === 2)).toHaveLength(2);
    expect(errorsOf(packets)).toEqual([]);
    expect(served.failures[0]).toMatchObject({ reach: 'operation', origin: 'application' });
    await stillServes(served);
  });
});

describe('a handler whose teardown throws', () => {
  it('once it has answered at once, costs nothing', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => session.respond(() => throwing$(of('a'))));
    const peer = await openedPeer(served);
    await sendAll(peer, [submit(SESSION, 1), submit(SESSION, 2)]);
    expect((await arrived(peer)).map(({ header }) => header.frameId)).toEqual([1, 1, 2, 2]);
    expect(served.server.usage.operationsInFlight).toBe(0);
  });

  it.each<[string, (peer: Peer, served: Served) => Promise<unknown>]>([
    ['a cancel', (peer) => sendAll(peer, [cancel(SESSION, 1), cancel(SESSION, 2)])],
    ['a close', (peer) => sendAll(peer, [sessionClose(SESSION)])],
    ['a disconnect', async (peer) => peer.destroy()],
    ['the end of the server', (_, served) => served.server.close({ graceMs: 0 })],
  ])('does so at %s: every other ends all the same', async (_, end) => {
    const served = new Served();
    const stopped: number[] = [];
    served.server.sessions$.subscribe((session) => {
      session.respond((each) => throwing$(NEVER.pipe(finalize(() => stopped.push(each.frameId)))));
    });
    const peer = await openedPeer(served);
    await sendAll(peer, [submit(SESSION, 1), submit(SESSION, 2)]);
    await end(peer, served);
    await settled();
    expect(stopped).toEqual([1, 2]);
    expect(served.server.usage.operationsInFlight).toBe(0);
    expect(served.failures).toHaveLength(2);
    await served.server.close();
    expect(served.server.usage).toMatchObject({ connections: 0, sessions: 0 });
  });
});

describe('a policy whose teardown throws', () => {
  it.each<[string, () => Observable<number>, number | undefined]>([
    ['after its verdict', () => timer(1).pipe(finalize(fail)), SessionErrorCode.None],
    ['as the connection ends', () => NEVER.pipe(finalize(fail)), undefined],
  ])('%s costs nothing, and is told', async (_, policy, code) => {
    const served = new Served({ policy });
    const peer = await Peer.connect(served.endpoint);
    await sendAll(peer, [open(SESSION)]);
    if (code === undefined) peer.destroy();
    await until(() => served.failures.length > 0, 'a failure');
    expect(served.failures).toMatchObject([{ kind: 'internal', reach: 'session', origin: 'application' }]);
    expect(served.server.usage).toMatchObject(
      code === undefined ? { connections: 0, sessions: 0 } : { connections: 1, sessions: 1 },
    );
  });
});

describe('code of the application that throws as a packet is judged', () => {
  it('is a failure, not a violation, and the peer hears none of it', async () => {
    const served = new Served({
      schemaRegistry: { get: fail },
    });
    const peer = await Peer.connect(served.endpoint);
    await sendAll(peer, [open(SESSION)]);
    const [answer] = await arrived(peer);
    expect(Buffer.from(answer!.body).toString()).toBe('the server failed');
    expect(served.violations).toEqual([]);
    expect(served.failures).toMatchObject([{ kind: 'internal' }]);
    expect(served.server.connectionCount).toBe(1);
  });

  it('is a failure where tokens are made', async () => {
    const served = new Served({ randomBytes: fail });
    const peer = await Peer.connect(served.endpoint);
    await sendAll(peer, [open(SESSION).resumable()]);
    expect(served.failures).toHaveLength(1);
    await assertSecret(peer);
    await stillServes(served);
  });
});
