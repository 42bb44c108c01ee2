import { concatMap, throwError, type Observable } from 'rxjs';
import { MigrationRefusedError, OperationError } from '../../src';
import { decodeTokens, type TypedBody } from '../../src/protocol/content/token-decoder';
import type { SessionExtension } from '../../src/protocol/session/session-extension';
import { SessionErrorCode } from '../../src/wire/messages/session-open';
import {
  flow,
  flowUpdate,
  migrate,
  migrateAck,
  open,
  openAck,
  result,
  resumeToken,
  submit,
} from '../../src/testing';
import { run } from './support';

const [one, two, three] = [resumeToken(1), resumeToken(2), resumeToken(3)];
/** How a client comes back: after no result, for operation 1, for the first time, unless it says else. */
function back(token: Uint8Array, said: Partial<SessionExtension> = {}) {
  return open(1)
    .resuming(token)
    .announced({ receivedResults: 0, wantedOperations: [1], resumeAttempt: 1, ...said });
}
/** How a server that has received operations up to one takes it back. */
const welcome = (token: Uint8Array, lastOperationId: number) =>
  openAck().resumed(token).announced(lastOperationId);

const o = open().resumable().announced();
const packets = {
  o,
  O: [o, submit(1, 1, 'hi')],
  A: openAck().withToken(one).announced(),
  s: submit(1, 1, 'hi'),
  p: result(1, 1, 'p').partial(),
  q: result(1, 1, 'q').partial(),
  C: result(1, 1),
  r: back(one),
  t: back(one, { resumeAttempt: 2 }),
  R: welcome(two, 1),
  L: openAck(0).retryLater(),
  N: openAck(0).rejected(SessionErrorCode.ResumeRejected),
  F: openAck(9).resumed(two).announced(1),
  P: flowUpdate(1).pause(1),
};
/** One of a client that waits for nothing, and of a server that has received nothing. */
const nothing = { wantedOperations: [] };
const idle = {
  ...packets,
  r: back(one, nothing),
  t: back(one, { ...nothing, resumeAttempt: 2 }),
  u: back(one, { ...nothing, resumeAttempt: 3 }),
  R: welcome(two, 0),
};
const other = { x: open(7).announced(), X: openAck(7) };
const partly = { ...packets, r: back(one, { receivedResults: 1 }) };
/** It is cut again and again, and each time a result has come. */
const cutAgain = {
  ...packets,
  t: back(two, { receivedResults: 1, resumeAttempt: 2 }),
  u: back(three, { receivedResults: 2, resumeAttempt: 3 }),
  S: welcome(three, 1),
  T: welcome(one, 1),
};
const again = back(two, { receivedResults: 1, resumeAttempt: 2 });
/** It would go on for ever. */
const only = { tailMs: 0 };
const reconnect = { minDelayMs: 4 };
const down$ = throwError(() => new Error('down'));
const lostFor = (text: string): OperationError => {
  const sessionEnd = {
    by: 'client',
    closeReason: undefined,
    errorCode: 0,
    text,
    mayOpenAgain: true,
  } as const;
  return new OperationError('connection-lost', 1, 1, { sessionEnd });
};
const states = { o: 'open', r: 'reconnecting', R: 'resumed', x: 'expired', c: 'closed' };

function tokens(results$: Observable<TypedBody>): Observable<string> {
  return results$.pipe(concatMap(decodeTokens));
}

describe('a client whose connection is cut', () => {
  it('connects again, says what it has, and goes on', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(partly).sends('A-p#---Rq-C').expects('O------r');
      const session = await openSession({ reconnect });
      expectObservable(tokens(session.submit({ body: 'hi' }))).toBe('--p-----q-|');
      expectObservable(session.state$).toBe('o--r---R', states);
    }));

  it('does so at a clean end as well', () =>
    flow(async ({ serverPeer, openSession, expectObservable, expectQuiescent }) => {
      serverPeer(packets).sends('A--|---R-C').expects('O------r');
      const session = await openSession({ reconnect });
      expectObservable(tokens(session.submit({ body: 'hi' }))).toBe('---------|');
      expectQuiescent();
    }));

  it('sends a submit again that the server has not received', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer({ ...packets, R: welcome(two, 0) })
        .sends('A--#---R-C')
        .expects('O------(rs)');
      const session = await openSession({ reconnect });
      expectObservable(tokens(session.submit({ body: 'hi' }))).toBe('---------|');
    }));

  it('submits what was asked for meanwhile', () =>
    flow(async ({ serverPeer, openSession, act, expectQuiescent }) => {
      serverPeer(idle).sends('A--#---R-C').expects('o------(rs)');
      const session = await openSession({ reconnect });
      act('-----s', { s: () => run(session.submit({ body: 'hi' })) });
      expectQuiescent();
    }));

  it('says what it does not want any more', () =>
    flow(async ({ serverPeer, openSession, act, expectQuiescent }) => {
      serverPeer({ ...idle, R: packets.R })
        .sends('A--#---R')
        .expects('O------r');
      const asked = (await openSession({ reconnect })).submit({ body: 'hi' }).subscribe();
      act('-----u', { u: () => asked.unsubscribe() });
      expectQuiescent();
    }));

  it('comes back with the newest token', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      const peer = serverPeer({ ...packets, t: again, T: welcome(three, 1) });
      peer.sends('A--#---Rp#---TC').expects('O------r-----t');
      const session = await openSession({ reconnect });
      expectObservable(tokens(session.submit({ body: 'hi' }))).toBe('--------p-----|');
    }));

  it.each(['#', 'L'])('tries again with the token it has, where it is cut again or put off: %s', (again) =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(packets).sends(`A--#---${again}-------RC`).expects('O------r-------t');
      const session = await openSession({ reconnect });
      expectObservable(tokens(session.submit({ body: 'hi' }))).toBe('----------------|');
    }),
  );

  it('waits twice as long with every attempt, up to a limit', () =>
    flow(async ({ serverPeer, openSession }) => {
      const peer = serverPeer(idle);
      peer.sends('  A--#---#-------#-----------(L#)');
      peer.expects('o------r-------t-----------u');
      await openSession({ reconnect: { minDelayMs: 4, maxDelayMs: 12 } });
    }, only));

  it('waits longer each time it is taken up and cut right after, also where it got what had gathered', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      const peer = serverPeer(cutAgain);
      peer.sends('  A--#---(Rp#)---(Sq#)-----------(TC)');
      peer.expects('O------r-------t---------------u');
      const session = await openSession({ reconnect });
      expectObservable(tokens(session.submit({ body: 'hi' }))).toBe('-------p-------q---------------|');
    }));

  it('waits short again where an answer came and the link lived half as long as it was waited for', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      const peer = serverPeer(cutAgain);
      peer.sends('A--#---R--p-#---SC').expects('O------r--------t');
      const session = await openSession({ reconnect });
      expectObservable(tokens(session.submit({ body: 'hi' }))).toBe('----------p------|');
    }));

  it.each([
    [29_990, 8],
    [29_998, 4],
  ])('waits short again where the link lived for 30 s, whatever came: %i ms and a little', (ms, wait) =>
    flow(async ({ serverPeer, openSession }) => {
      const peer = serverPeer({ ...idle, t: back(two, { ...nothing, resumeAttempt: 2 }) });
      peer.sends(`A--#---R ${ms}ms --# ${wait - 1}ms R`).expects(`o------r ${ms}ms --- ${wait - 1}ms t`);
      await openSession({ reconnect });
    }, only),
  );

  it.each([
    ['N', 'the server refused the session: ResumeRejected'],
    ['F', 'SESSION_OPEN_ACK must be for the session that was asked for: that is 1, not 9'],
  ])('gives the session up where the server refuses it, or takes another back: %s', (no, why) =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(packets).sends(`A--#---${no}`).expects('O------r');
      const session = await openSession({ reconnect: { ...reconnect, reopen: false } });
      expectObservable(session.submit({ body: 'hi' })).toBe('-------#', {}, lostFor(why));
      expectObservable(session.state$).toBe('o--r---(x|)', states);
    }),
  );

  it('gives the session up once no server can know it any more', () =>
    flow(async ({ endpoint, serverPeer, openSession, expectObservable, act }) => {
      const peer = serverPeer({ ...packets, A: packets.A.with({ resumeWindowMs: 20 }) });
      peer.sends('A--#').expects('o');
      act('---d', { d: () => Object.assign(endpoint, { connect: () => down$ }) });
      const session = await openSession({ reconnect: { ...reconnect, reopen: false } });
      expectObservable(session.state$).toBe('o--r 19ms (x|)', states);
    }));

  it('has new credit with the ack', () =>
    flow(async ({ serverPeer, openSession, act, expectQuiescent }) => {
      serverPeer(idle).sends('AP-#---R-C').expects('o------(rs)');
      const session = await openSession({ reconnect });
      act('--s', { s: () => run(session.submit({ body: 'hi' })) });
      expectQuiescent();
    }));

  it('keeps apart sessions that come back from those that do not', () =>
    flow(async ({ serverPeer, client, expectObservable }) => {
      const peer = serverPeer({ ...idle, ...other });
      peer.sends('AX-#---R').expects('(ox)---r');
      const connected = await client();
      expectObservable((await connected.openSession({ reconnect })).state$).toBe('o--r---R', states);
      const { state$ } = await connected.openSession({ requestedSessionId: 7 });
      expectObservable(state$).toBe('-o-(c|)', states);
    }));
});

describe('a client that moves a session', () => {
  const moving = {
    ...partly,
    m: migrate(1, 1, { clientMigrateTsUs: 3000n }),
    M: migrateAck(1, 1).with({ graceWindowMs: 5 }),
    x: migrate(1),
    X: migrateAck(1).refused(3),
  };

  it('asks, resumes on the other transport, and lets the old connection go', () =>
    flow(async ({ newEndpoint, serverPeer, openSession, expectObservable, act }) => {
      const [endpoint, quic] = [newEndpoint('tcp'), newEndpoint('quic')];
      serverPeer(moving, { endpoint }).sends('A-p--M').expects('O--m-------|');
      serverPeer(moving, { endpoint: quic }).sends('------R-q-C').expects('-----r');
      const session = await openSession({ endpoint, reconnect });
      expectObservable(tokens(session.submit({ body: 'hi' }))).toBe('--p-----q-|');
      act('---m', { m: () => void session.moveTo(quic) });
    }));

  it('stays where it is where the server refuses', () =>
    flow(async ({ newEndpoint, serverPeer, openSession }) => {
      const [endpoint, quic] = [newEndpoint('tcp'), newEndpoint('quic')];
      serverPeer(moving, { endpoint }).sends('A-X').expects('(ox)');
      const session = await openSession({ endpoint, reconnect });
      await expect(session.moveTo(quic)).rejects.toThrow(MigrationRefusedError);
    }));
});
