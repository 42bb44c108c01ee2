import { concatMap, last, map, NEVER, takeUntil, timer } from 'rxjs';
import { OperationError, SessionRejectedError, type ClientSession } from '../../src';
import { decodeTokens } from '../../src/protocol/content/token-decoder';
import { CacheErrorCode, CacheObjectKind } from '../../src/wire/messages/cache';
import { CloseReason, CloseStatus } from '../../src/wire/messages/session-close';
import { SessionErrorCode } from '../../src/wire/messages/session-open';
import { PatchRejectReason } from '../../src/wire/messages/session-patch';
import {
  cacheAck,
  cachePut,
  cancel,
  close,
  drop,
  error,
  flow,
  hint,
  open,
  openAck,
  patch,
  patchAck,
  ping,
  pong,
  result,
  sessionClose,
  sessionCloseAck,
  submit,
} from '../../src/testing';
import { pause } from '../support/until';
import { run, utf8 } from './support';

const name = { objectKind: CacheObjectKind.PromptSegment, key: 5 };
const put = { cacheNamespace: 1, cacheKeyLo: 5, objectKind: name.objectKind, ttlMs: 60_000 };
const unexpected = 'unexpected-message';
const malformedClose = close().withMetadata(new Uint8Array(1));
const packets = {
  o: open().announced(),
  A: openAck(),
  O: [open().announced(), submit(1, 1, 'hi')],
  p: result(1, 1, 'p').partial(),
  q: result(1, 1, 'q').partial(),
  C: result(1, 1),
  c: cancel(1, 1),
  a: patch(1, { patchMask: 1 }),
  b: patch(1, { patchMask: 2 }),
  P: patchAck(1),
  Q: patchAck(1).rejected(PatchRejectReason.RateLimited, 2),
  k: cachePut(1, name, 'x'),
  K: cacheAck(1, name),
  /** Another session. */
  x: open(7).announced(),
  X: openAck(7),
  /** A close of either side, and its answers. */
  y: sessionClose(1, 1).draining(50),
  Y: sessionClose(1).draining(4).with({ closeReason: CloseReason.ServerShutdown }),
  Z: sessionClose(1).aborting().with({ closeReason: CloseReason.AuthRevoked }),
  D: sessionCloseAck(1, 1).draining(),
  E: sessionCloseAck(1, 1),
  F: sessionClose(1, 1).aborting(),
};
/** Why it ended, once it has. */
const reasonOf = (session: ClientSession) =>
  session.state$.pipe(
    last(),
    map(() => session.ended?.closeReason),
  );
const cancelled = new OperationError('cancelled', 1, 1);
const closed = new OperationError('session-closed', 1, 1);
const closedFor = (closeReason: CloseReason): OperationError => {
  const sessionEnd = { by: 'server', closeReason, errorCode: 0, text: '', mayOpenAgain: true } as const;
  return new OperationError('session-closed', 1, 1, { sessionEnd });
};
const [shutDown, revoked] = [CloseReason.ServerShutdown, CloseReason.AuthRevoked].map(closedFor);
const missing = new OperationError('refused', 1, 1, { errorCode: CacheErrorCode.Miss, text: 'not cached' });

describe('a client', () => {
  it('opens a session with its defaults, and announces itself', () =>
    flow(async ({ openSession, serverPeer, expectQuiescent }) => {
      serverPeer(packets).sends('--A').expects('o');
      expect(await openSession()).toMatchObject({ sessionId: 1, state: 'open' });
      expectQuiescent();
    }));

  it('rejects where the server does', () =>
    flow(async ({ openSession, serverPeer }) => {
      serverPeer({ ...packets, R: openAck(0).rejected(SessionErrorCode.AuthFailed) }).sends('R');
      await expect(openSession()).rejects.toThrow(SessionRejectedError);
    }));

  it('opens one session after the other, as acks do not say whose they are', () =>
    flow(async ({ client, serverPeer }) => {
      serverPeer(packets).sends('--A--X').expects('o-x');
      const connected = await client();
      const opened = [undefined, 7].map((id) => connected.openSession(id ? { requestedSessionId: id } : {}));
      expect(await Promise.all(opened)).toMatchObject([{ sessionId: 1 }, { sessionId: 7 }]);
    }));

  it('emits the parts of an answer as they come, and completes', () =>
    flow(async ({ openSession, serverPeer, expectObservable, expectQuiescent }) => {
      serverPeer(packets).sends('A--p-qC').expects('O');
      const answer$ = (await openSession()).submit({ body: 'hi' });
      expectObservable(answer$.pipe(concatMap(decodeTokens))).toBe('---p-q|');
      expectQuiescent();
    }));

  it('cancels when it is unsubscribed', () =>
    flow(async ({ openSession, serverPeer, expectQuiescent }) => {
      serverPeer(packets).sends('A--p').expects('O---c');
      const answer$ = (await openSession()).submit({ body: 'hi' });
      run(answer$.pipe(takeUntil(timer(4))));
      expectQuiescent();
    }));

  it('ignores what still comes after a cancel', () =>
    flow(async ({ client, serverPeer, expectObservable }) => {
      serverPeer(packets).sends('A--p-qC').expects('O---c');
      const connected = await client();
      expectObservable(connected.violations$).toBe('');
      const session = await connected.openSession();
      run(session.submit({ body: 'hi' }).pipe(takeUntil(timer(4))));
    }));

  it.each([
    ['a drop', drop(1, 1), new OperationError('dropped', 1, 1)],
    ['an ERROR', error({ sessionId: 1, frameId: 1 }, CacheErrorCode.Miss, 'not cached'), missing],
    ['the end of the session', sessionClose(1).abort(), closedFor(CloseReason.ClientShutdown)],
    ['the end of the connection', close(), new OperationError('connection-lost', 1, 1)],
  ])('fails an operation for %s', (_, F, failure) =>
    flow(async ({ openSession, serverPeer, expectObservable }) => {
      serverPeer({ ...packets, F }).sends('A--p-F');
      const answer$ = (await openSession()).submit({ body: 'hi' });
      expectObservable(answer$.pipe(map(() => 'p'))).toBe('---p-#', {}, failure);
    }),
  );

  it('answers PING', () =>
    flow(async ({ client, serverPeer }) => {
      serverPeer({ P: ping(3), p: pong(3) })
        .sends('--P')
        .expects('--p');
      await client();
    }));

  it.each([
    [
      'an operation that it never submitted',
      9,
      1,
      'client received RESULT_PUSH of operation 9, which it never submitted',
    ],
    ['another session', 1, 8, 'client received result for another session'],
  ])('refuses a result of %s', (_, frameId, sessionId, told) =>
    flow(async ({ client, serverPeer, expectObservable }) => {
      serverPeer({ ...packets, F: result(sessionId, frameId) }).sends('A-F');
      const connected = await client();
      await connected.openSession();
      expectObservable(connected.violations$.pipe(map(({ message }) => message))).toBe('--x', { x: told });
    }),
  );

  it('does not take a CLOSE with metadata for one', () =>
    flow(async ({ client, serverPeer, expectObservable }) => {
      serverPeer({ ...packets, F: malformedClose })
        .sends('A-F')
        .expects('o');
      const connected = await client();
      await connected.openSession();
      expectObservable(connected.violations$.pipe(map(({ kind }) => kind))).toBe('--x', { x: unexpected });
    }));

  it('shows hints', () =>
    flow(async ({ openSession, serverPeer, expectObservable }) => {
      serverPeer({ ...packets, H: hint(1, 1, { retryAfterMs: 5 }) }).sends('A--H');
      const { hints$ } = await openSession();
      expectObservable(hints$.pipe(map(({ metadata }) => metadata.retryAfterMs))).toBe('---h', { h: 5 });
    }));

  it('does not wait for a server that does not answer for ever', () =>
    flow(async ({ client, newEndpoint }) => {
      const endpoint = Object.assign(newEndpoint(), { connect: () => NEVER });
      await expect(client({ endpoint, connectTimeoutMs: 5 })).rejects.toThrow('no answer within 5 ms');
    }));

  it('rejects where the connection ends before the ack', () =>
    flow(async ({ openSession, serverPeer }) => {
      serverPeer(packets).sends('--#').expects('o');
      await expect(openSession()).rejects.toThrow('the connection to memory: failed: it was cut');
    }));

  it('cancels an operation by its id', () =>
    flow(async ({ openSession, serverPeer, expectObservable, act }) => {
      serverPeer(packets).sends('A--p').expects('O---c');
      const session = await openSession();
      expectObservable(session.submit({ body: 'hi' }).pipe(map(() => 'p'))).toBe('---p#', {}, cancelled);
      act('----c', { c: () => session.cancel(1) });
    }));
});

describe('the requests of a client', () => {
  it('are answered in order', () =>
    flow(async ({ openSession, serverPeer }) => {
      serverPeer(packets).sends('A--P-Q').expects('(oab)');
      const session = await openSession();
      const answers = await Promise.all([1, 2].map((patchMask) => session.patch({ patchMask })));
      expect(answers.map(({ metadata }) => metadata.ackStatus)).toEqual([0, 2]);
    }));

  it('may cache objects', () =>
    flow(async ({ openSession, serverPeer, expectQuiescent }) => {
      serverPeer({ ...packets, a: cachePut(1, name, 'x'), K: cacheAck(1, name) })
        .sends('A--K')
        .expects('(oa)');
      expect(await (await openSession()).cachePut(put, utf8('x'))).toMatchObject({ acceptedTtlMs: 30_000 });
      expectQuiescent();
    }));

  it('are refused where the connection ends first', () =>
    flow(async ({ openSession, serverPeer }) => {
      serverPeer(packets).sends('A--#');
      await expect((await openSession()).patch({ patchMask: 1 })).rejects.toThrow('its connection is lost');
    }));
});

describe('the end of a client’s session', () => {
  it('comes with the server’s last word', () =>
    flow(async ({ openSession, serverPeer }) => {
      serverPeer({ ...packets, P: [...packets.O, packets.y] })
        .sends('A-D-C-E')
        .expects('P');
      const session = await openSession();
      run(session.submit({ body: 'hi' }));
      expect(await session.close({ drainTimeoutMs: 50 })).toMatchObject({ closeStatus: CloseStatus.Closed });
    }));

  it('lets operations finish where the server drains', () =>
    flow(async ({ openSession, serverPeer, expectObservable, expectQuiescent }) => {
      serverPeer(packets).sends('A-----Y--C').expects('O-----D--E');
      const answer$ = (await openSession()).submit({ body: 'hi' });
      expectObservable(answer$.pipe(map(() => 'r'))).toBe('---------(r|)');
      expectQuiescent();
    }));

  it('gives up what has not finished when the server’s time to drain is over', () =>
    flow(async ({ openSession, serverPeer, expectObservable, expectQuiescent }) => {
      serverPeer(packets).sends('A-----Y').expects('O-----D---E');
      expectObservable((await openSession()).submit({ body: 'hi' })).toBe('----------#', {}, shutDown);
      expectQuiescent();
    }));

  it('comes sooner where the server cuts its time to drain short', () =>
    flow(async ({ openSession, serverPeer, expectObservable, expectQuiescent }) => {
      serverPeer(packets).sends('A-----Y--Z').expects('O-----D--E');
      const session = await openSession();
      expectObservable(session.submit({ body: 'hi' })).toBe('---------#', {}, revoked);
      expectObservable(reasonOf(session)).toBe('---------(r|)', { r: CloseReason.AuthRevoked });
      expectQuiescent();
    }));

  it('comes with the client’s', () =>
    flow(async ({ client, serverPeer, expectObservable }) => {
      serverPeer(packets).sends('A').expects('O--(F|)');
      const connected = await client();
      expectObservable((await connected.openSession()).submit({ body: 'hi' })).toBe('---#', {}, closed);
      await pause(3);
      await connected.close();
    }));
});
