import { endWith, ignoreElements, mergeMap, NEVER } from 'rxjs';
import type { ServerSession } from '../../src';
import { CloseReason, CloseStatus } from '../../src/wire/messages/session-close';
import { SessionErrorCode } from '../../src/wire/messages/session-open';
import { drop, flow, open, openAck, result, sessionClose, sessionCloseAck, submit } from '../../src/testing';
import { violation } from './support';

const { AuthFailed } = SessionErrorCode;
const foreign = 'server received submit for another session';
const packets = {
  o: open(42),
  A: openAck(42),
  s: submit(42, 1, 'hi'),
  t: submit(42, 2),
  S: result(42, 1),
  /** Closes of the client: without time to drain, with time, and an abort. */
  c: sessionClose(42, 1),
  d: sessionClose(42, 1).draining(50),
  x: sessionClose(42, 1).abort(),
  C: sessionCloseAck(42, 1),
  D: sessionCloseAck(42, 1).draining(),
  B: [result(42, 1), sessionCloseAck(42, 1)],
};
/** Another session. */
const other = { p: open(7), P: openAck(7), q: submit(7, 1), Q: result(7, 1) };
/** A session that has one operation in flight at most. */
const one = { maxInFlightOperations: 1 };
const narrow = { o: open(42).with(one), A: openAck(42).with({ ...one, grantedOperationCredit: 1 }) };
/** SESSION_CLOSE as a server sends it. */
const serverClose = (closeReason: CloseReason) => sessionClose(42, 1).with({ closeReason });
const shutdown = serverClose(CloseReason.ServerShutdown);
/** A client that knows of such closes, and its answers. */
const announced = {
  ...packets,
  o: open(42).announced(),
  A: openAck(42).announced(),
  X: serverClose(CloseReason.Normal).draining(50),
  e: sessionCloseAck(42, 1),
  f: sessionCloseAck(42, 1).draining(),
};

/** SESSION_CLOSE as the last word. */
const revoked = serverClose(CloseReason.AuthRevoked).abort().with({ sessionErrorCode: AuthFailed });
const aborted = serverClose(CloseReason.Normal).abort();
const drain = (session: ServerSession) => session.close({ drainTimeoutMs: 50 });
const unasked = violation(0, 'server received SESSION_CLOSE_ACK that it did not ask for');

describe('a close of the client', () => {
  it('of an idle session is acknowledged at once', () =>
    flow(({ serve, clientPeer, expectObservable, expectQuiescent }) => {
      const ends$ = serve().sessions$.pipe(mergeMap((each) => each.pipe(ignoreElements(), endWith('over'))));
      expectObservable(ends$).toBe('--x', { x: 'over' });
      clientPeer({ ...packets, c: sessionClose(42), C: sessionCloseAck(42) })
        .sends('o-c')
        .expects('A-C');
      expectQuiescent();
    }));

  it('drains what is in flight', () =>
    flow(({ serve, clientPeer, cold, expectQuiescent }) => {
      serve({ respond: () => cold('-----|') });
      const peer = clientPeer(packets);
      peer.sends('  os-d--');
      peer.expects('A--D--B');
      expectQuiescent();
    }));

  it('gives up what has not finished in time', () =>
    flow(({ serve, clientPeer, cold, expectSubscriptions }) => {
      const answer$ = cold('---------|');
      serve({ respond: () => answer$ });
      clientPeer({ ...packets, d: sessionClose(42, 1).draining(3) })
        .sends('os-d')
        .expects('A--D--C');
      expectSubscriptions(answer$.subscriptions).toBe('-^----!');
    }));

  it('gives up what has not started', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('-----|'), maxInFlightOperations: 1 });
      const D = [sessionCloseAck(42, 2).draining(), drop(42, 2)];
      const B = [packets.S, sessionCloseAck(42, 2)];
      clientPeer({ ...packets, ...narrow, D, B })
        .sends('ostd')
        .expects('A--D--B');
    }));

  it.each(['x', 'c'])('gives everything up where it aborts, or leaves no time: %s', (close) =>
    flow(({ serve, clientPeer, cold, expectQuiescent }) => {
      serve({ respond: () => cold('-----|') });
      clientPeer(packets).sends(`os-${close}`).expects('A--C');
      expectQuiescent();
    }),
  );

  it('lets no new operation in', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('-----|') });
      const E = violation(2, 'session 42 is not open');
      clientPeer({ ...packets, E })
        .sends('osdt')
        .expects('A-DE--B');
    }));

  it('leaves other sessions alone', () =>
    flow(({ serve, clientPeer }) => {
      serve({ respond: (each) => each.complete() });
      const peer = clientPeer({ ...packets, ...other, C: sessionCloseAck(42) });
      peer.sends('opcq').expects('APCQ');
    }));

  it('frees the id', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      clientPeer({ ...packets, C: sessionCloseAck(42) })
        .sends('oco')
        .expects('ACA');
    }));
});

describe('a close of the server', () => {
  it('tells an announced client, and waits for it', () =>
    flow(({ serve, session, clientPeer, cold, act, expectQuiescent }) => {
      serve({ respond: () => cold('-----|') });
      act('--c', { c: () => void session(42).close({ drainTimeoutMs: 50 }) });
      clientPeer(announced).sends('os-f---e').expects('A-X---S-');
      expectQuiescent();
    }));

  it('lets a client that does not know of it finish, and drops what it still submits', () =>
    flow(({ serve, session, clientPeer, cold, act }) => {
      serve({ respond: () => cold('-----|') });
      act('--c', { c: () => void session(42).close({ drainTimeoutMs: 50 }) });
      const F = violation(2, foreign);
      clientPeer({ ...packets, D: drop(42, 2), F })
        .sends('os-t---t')
        .expects('A--D--SF');
    }));

  it('aborts where an announced client does not answer in time', () =>
    flow(({ serve, session, clientPeer, cold, act, expectQuiescent }) => {
      serve({ respond: () => cold('-----|') });
      act('--c', { c: () => void session(42).close({ drainTimeoutMs: 2 }) });
      clientPeer({ ...announced, X: announced.X.draining(2) })
        .sends('os')
        .expects('A-X');
      expectQuiescent();
    }));

  it('revokes a session at once', () =>
    flow(({ serve, session, clientPeer, cold, act }) => {
      serve({ respond: () => cold('-----|') });
      act('--r', { r: () => void session(42).revoke() });
      const X = serverClose(CloseReason.AuthRevoked).abort();
      clientPeer({ ...packets, X: X.with({ sessionErrorCode: AuthFailed }) })
        .sends('os')
        .expects('A-X');
    }));

  it.each([
    ['it is revoked', 'A-X--R', (of: ServerSession) => of.revoke(), revoked],
    ['it gets less time', 'A-X-----R', (of: ServerSession) => of.close({ drainTimeoutMs: 3 }), aborted],
  ])('tells a client that drains where %s meanwhile', (_, hears, cut, R) =>
    flow(({ serve, session, clientPeer, act, expectQuiescent }) => {
      serve({ respond: () => NEVER });
      act('--c--r', { c: () => void drain(session(42)), r: () => void cut(session(42)) });
      const peer = clientPeer({ ...announced, R });
      peer.sends('os-f').expects(hears);
      expectQuiescent();
    }),
  );

  it('hears both answers of a client that was told so before it had answered', () =>
    flow(({ serve, session, clientPeer, act, expectQuiescent }) => {
      serve({ respond: () => NEVER });
      act('--cr', { c: () => void drain(session(42)), r: () => void session(42).revoke() });
      clientPeer({ ...announced, R: revoked, F: violation(2, foreign) })
        .sends('os--fet')
        .expects('A-XR--F');
      expectQuiescent();
    }));

  it('comes to a session that is idle for too long: neither packets nor work', () =>
    flow(({ serve, clientPeer, cold, expectQuiescent }) => {
      serve({ respond: () => cold('- 99ms |'), idleTimeoutMs: 50 });
      const X = serverClose(CloseReason.IdleTimeout).abort();
      clientPeer({ ...packets, X })
        .sends('o 29ms s')
        .expects('A 129ms S 49ms X');
      expectQuiescent();
    }));

  it('comes to all sessions of a server that closes, with a grace for what is in flight', () =>
    flow(({ serve, clientPeer, cold, act }) => {
      const server = serve({ respond: () => cold('-----|') });
      act('--c', { c: () => void server.close({ graceMs: 50 }) });
      clientPeer({ ...announced, X: shutdown.draining(50) })
        .sends('os-----e')
        .expects('A-X---S|');
      clientPeer(other).sends('pq').expects('P-----Q|');
    }));

  it('comes at once where a server closes without grace', () =>
    flow(({ serve, clientPeer, cold, act }) => {
      const server = serve({ respond: () => cold('-----|') });
      act('--c', { c: () => void server.close({ graceMs: 0 }) });
      const X = serverClose(CloseReason.ServerShutdown).abort();
      clientPeer({ ...announced, X })
        .sends('os')
        .expects('A-(X|)');
    }));

  it('is needed before it is answered', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      const E = violation(0, 'server received SESSION_CLOSE_ACK that it did not ask for');
      clientPeer({ ...announced, E })
        .sends('oe')
        .expects('AE');
    }));

  it.each(Object.values(CloseStatus))('is not what a client answers its own with: status %i', (closeStatus) =>
    flow(({ serve, clientPeer, cold, expectQuiescent }) => {
      serve({ respond: () => cold('-----|') });
      const e = sessionCloseAck(42).with({ closeStatus });
      const peer = clientPeer({ ...packets, e, E: unasked, F: violation(2, 'session 42 is not open') });
      peer.sends('osdet').expects('A-DEF-B');
      expectQuiescent();
    }),
  );

  it('may cross with one of the client, which then has the last word of the server', () =>
    flow(({ serve, session, clientPeer, cold, act, expectQuiescent }) => {
      serve({ respond: () => cold('-----|') });
      act('--c', { c: () => void session(42).close({ drainTimeoutMs: 50 }) });
      clientPeer(announced).sends('os-d').expects('A-XD--B');
      expectQuiescent();
    }));
});
