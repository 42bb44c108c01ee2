import { concat, defer, ignoreElements, map, of, throwError, type Observable } from 'rxjs';
import { OperationError, type ClientSession, type SessionEnd } from '../../src';
import { EndCode } from '../../src/protocol/operation/end-code';
import { TAKEN_OVER } from '../../src/protocol/session/taken-over';
import { CloseReason } from '../../src/wire/messages/session-close';
import type { Packet } from '../../src/wire/packet';
import { SessionErrorCode } from '../../src/wire/messages/session-open';
import {
  error,
  flow,
  open,
  openAck,
  result,
  resumeToken,
  sessionClose,
  sessionCloseAck,
  submit,
} from '../../src/testing';

const [one, two] = [resumeToken(1), resumeToken(2)];
/** It asks for no id, and has room for one operation. */
const o = open(0).resumable().announced();
const granted = { resumeWindowMs: 20, maxInFlightOperations: 1, grantedOperationCredit: 1 };
const told = { receivedResults: 0, wantedOperations: [], resumeAttempt: 1 };
const packets = {
  o,
  O: [o, submit(4, 1, 'a')],
  A: openAck(4).withToken(one).announced().with(granted),
  a: result(4, 1, 'a'),
  r: open(4).resuming(one).announced(told),
  R: open(4)
    .resuming(one)
    .announced({ ...told, wantedOperations: [1] }),
  N: openAck(0).rejected(SessionErrorCode.ResumeRejected),
  L: openAck(0).retryLater(),
  U: openAck(0).rejected(SessionErrorCode.AuthFailed),
  P: openAck(0).rejected(SessionErrorCode.ProfileUnsupported),
  B: openAck(9).withToken(two).announced().with(granted),
  s: submit(9, 2, 'b'),
  S: result(9, 2, 'b'),
  z: sessionClose(4).with({
    closeReason: CloseReason.ServerShutdown,
    drainTimeoutMs: 20,
    lastOperationId: 1n,
  }),
  Z: sessionClose(4).with({ closeReason: CloseReason.IdleTimeout, drainTimeoutMs: 20 }),
  y: sessionCloseAck(4, 1).draining(),
  x: sessionCloseAck(4, 1),
  X: sessionCloseAck(4),
};
const taken = { ...packets, T: sessionClose(4).with({ sessionErrorCode: TAKEN_OVER }) };
const wanted = { reconnect: { minDelayMs: 4, jitter: 0 } };
const states = { o: 'open', r: 'reconnecting', R: 'resumed', n: 'reopened', x: 'expired', c: 'closed' };
const patient = { ...wanted, reconnect: { ...wanted.reconnect, giveUpMs: 50 } };
const lost = new OperationError('connection-lost', 4, 1);
const notRun = new OperationError('connection-lost', 4, 0);
const closed = new OperationError('session-closed', 4, 1);
const takenFrom = (frameId: number): OperationError => new OperationError('taken-over', 4, frameId);
const results = {
  a: expect.objectContaining({ frameId: 1 }) as unknown,
  b: expect.objectContaining({ frameId: 2 }) as unknown,
};
const refusals = [
  ['U', SessionErrorCode.AuthFailed, false],
  ['P', SessionErrorCode.ProfileUnsupported, true],
] as const;
const endOf = (session: ClientSession): Observable<SessionEnd | undefined> =>
  concat(
    session.state$.pipe(ignoreElements()),
    defer(() => of(session.ended)),
  );
const down$ = throwError(() => new Error('down'));
/** It would go on for ever. */
const only = { tailMs: 0 };

describe('a session that its server does not have any more', () => {
  it('is opened anew: what was in flight has ended, what waited for credit is sent', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(packets).sends('A--#---N---B-S').expects('O------(Ro)s');
      const session = await openSession(wanted);
      expectObservable(session.submit({ body: 'a' })).toBe('-------#', {}, lost);
      expectObservable(session.submit({ body: 'b' })).toBe('-------------(b|)', results);
      expectObservable(session.state$).toBe('o--r-------n', states);
    }, only));

  it('is the same object, with another id and other grants', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(packets).sends('A--#---N--B').expects('o------(ro)');
      const session = await openSession(wanted);
      const ids$ = session.state$.pipe(map(() => [session.sessionId, session.granted.sessionId]));
      expectObservable(ids$).toBe('4--4------9', { 4: [4, 4], 9: [9, 9] });
    }, only));

  it('is tried again where no other can be had yet', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(packets).sends('A--#---(NL)--------B').expects('o------(ro)----o');
      expectObservable((await openSession(wanted)).state$).toBe('o--r---------------n', states);
    }, only));

  it.each(refusals)('has expired where no other can be had at all: %s', (no, errorCode, mayOpenAgain) =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(packets).sends(`A--#---N--${no}`).expects('o------(ro)');
      const session = await openSession(wanted);
      const e = expect.objectContaining({ by: 'server', errorCode, mayOpenAgain }) as unknown;
      expectObservable(endOf(session)).toBe('----------(e|)', { e });
    }),
  );

  it('is given up after `giveUpMs` without a server, and what was in flight after the resume window', () =>
    flow(async ({ endpoint, serverPeer, openSession, expectObservable, act }) => {
      serverPeer(packets).sends('A--#').expects('O');
      act('---d', { d: () => Object.assign(endpoint, { connect: () => down$ }) });
      const session = await openSession(patient);
      expectObservable(session.submit({ body: 'a' })).toBe('23ms #', {}, lost);
      expectObservable(session.submit({ body: 'b' })).toBe('53ms #', {}, notRun);
      expectObservable(session.state$).toBe('o--r 49ms (x|)', states);
    }));

  it('is closed at once by who does not want another', () =>
    flow(async ({ serverPeer, openSession, expectObservable, act, expectQuiescent }) => {
      serverPeer(packets).sends('A--#---(NL)').expects('o------(ro)');
      const session = await openSession(wanted);
      act('---------c', { c: () => void session.close() });
      expectObservable(session.state$).toBe('o--r-----(c|)', states);
      expectQuiescent();
    }));
});

const given = openAck(4).resumed(two).announced(1).with(granted);
const roomy = { maxInFlightOperations: 4, grantedOperationCredit: 4 };
const unbegun = (frameId: number): Packet => error({ sessionId: 4, frameId }, EndCode.Draining).ofFrame();
/** Four are submitted: the first runs, two wait, and the fourth is on its way. */
const four = {
  ...packets,
  O: [o, ...[...'abcd'].map((body, at) => submit(4, at + 1, body))],
  A: packets.A.with(roomy),
  z: packets.z.with({ lastOperationId: 3n }),
  u: unbegun(3),
  v: [unbegun(2), unbegun(4)],
  B: packets.B.with(roomy),
  s: [...'bcd'].map((body, at) => submit(9, at + 5, body)),
  S: [5, 6, 7].map((frameId) => result(9, frameId, 'done')),
  y: sessionCloseAck(4, 4).draining(),
  x: sessionCloseAck(4, 4),
};
const ends = [
  ['a', 1, '---------(e|)'],
  ['b', 5, '--------------------(e|)'],
  ['c', 6, '--------------------(e|)'],
  ['d', 7, '--------------------(e|)'],
] as const;
const dependent = { dependencyFrameId: 1 };
const others = {
  ...packets,
  O: [o, submit(4, 1, 'a'), submit(4, 2, 'b'), submit(4, 3, 'c').with(dependent)],
  A: packets.A.with(roomy),
  v: unbegun(3),
  B: packets.B.with(roomy),
  y: sessionCloseAck(4, 3).draining(),
  x: sessionCloseAck(4, 3),
};

describe('a session whose server shuts down', () => {
  it('may finish, takes no more there, and is opened anew over another connection', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(packets).sends('A--z---a-------B--S').expects('O--y---(x|)o---s');
      const session = await openSession(wanted);
      expectObservable(session.submit({ body: 'a' })).toBe('-------(a|)', results);
      expectObservable(session.submit({ body: 'b' }), '-----^').toBe('------------------(b|)', results);
      expectObservable(session.state$).toBe('o------r-------n', states);
    }, only));

  it('is asked for where the connection is lost while it drains, and opened anew where it is not given back', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(packets).sends('A--z-#---N---B').expects('O--y-----(Ro)');
      const session = await openSession(wanted);
      expectObservable(session.submit({ body: 'a' })).toBe('---------#', {}, closed);
      expectObservable(session.state$).toBe('o----r-------n', states);
    }, only));

  it('goes on where it is given back to drain, and then is opened anew', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      const peer = serverPeer({ ...packets, M: [given, packets.z] });
      peer.sends('A--z-#---M---a-------B--S').expects('O--y-----(Ry)(x|)o---s');
      const session = await openSession(wanted);
      expectObservable(session.submit({ body: 'a' })).toBe('-------------(a|)', results);
      expectObservable(session.submit({ body: 'b' }), '-------^').toBe('23ms -(b|)', results);
      expectObservable(session.state$).toBe('o----r---R---r-------n', states);
    }, only));

  it('begins there what it has not begun here, in the order of before', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(four).sends('A--z-u-v-a-------B--S').expects('O--y-----(x|)o---s');
      const session = await openSession(wanted);
      for (const [body, frameId, end] of ends)
        expectObservable(session.submit({ body })).toBe(end, { e: expect.objectContaining({ frameId }) });
    }, only));

  it('does not begin there what nobody wants any more, nor what names an operation of this one', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(others).sends('A--z---v-a-------B').expects('O--y-----(x|)o');
      const session = await openSession(wanted);
      expectObservable(session.submit({ body: 'a' }), '^').toBe('---------(a|)', results);
      expectObservable(session.submit({ body: 'b' }), '^----!').toBe('------');
      const of1$ = session.submit({ body: 'c', metadata: dependent });
      expectObservable(of1$, '^').toBe('-------#', {}, expect.objectContaining({ reason: 'draining' }));
    }, only));

  it('is had by another client meanwhile, and opened anew by none', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(taken).sends('A--z---T').expects('O--y');
      const session = await openSession(wanted);
      expectObservable(session.submit({ body: 'a' })).toBe('-------#', {}, takenFrom(1));
      expectObservable(session.submit({ body: 'b' })).toBe('-------#', {}, takenFrom(0));
      expectObservable(session.state$).toBe('o------(c|)', states);
    }));

  it('goes on sending where another server has it, which stays', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      const peer = serverPeer({ ...packets, M: given, b: result(4, 2, 'b'), s: submit(4, 2, 'b') });
      peer.sends('A--z-#---M---a---b').expects('O--y-----R---s');
      const session = await openSession(wanted);
      expectObservable(session.submit({ body: 'a' })).toBe('-------------(a|)', results);
      expectObservable(session.submit({ body: 'b' }), '-----------^').toBe('-----------------(b|)', results);
      expectObservable(session.state$).toBe('o----r---R', states);
    }, only));

  it.each([
    ['is closed where that is not wanted', 'z', { minDelayMs: 4, reopen: false }],
    ['is closed where the server does not want it, though it goes on', 'Z', wanted.reconnect],
  ])('%s', (_, close, reconnect) =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(packets).sends(`A--${close}`).expects('o--X');
      expectObservable((await openSession({ ...wanted, reconnect })).state$).toBe('o--(c|)', states);
    }),
  );
});
