import { concatMap, defer, from, map, throwError } from 'rxjs';
import { OperationError, type Client, type ClientSession } from '../../src';
import { decodeTokens } from '../../src/protocol/content/token-decoder';
import type { SessionExtension } from '../../src/protocol/session/session-extension';
import { CloseStatus } from '../../src/wire/messages/session-close';
import { SessionErrorCode } from '../../src/wire/messages/session-open';
import {
  flow,
  open,
  openAck,
  patch,
  patchAck,
  result,
  resumeToken,
  sessionClose,
  sessionCloseAck,
  submit,
} from '../../src/testing';

const [one, two] = [resumeToken(1), resumeToken(2)];
/** How a client comes back that waits for nothing any more. */
function back(said: Partial<SessionExtension> = {}) {
  const nothing = { receivedResults: 0, wantedOperations: [], resumeAttempt: 1 };
  return open(1)
    .resuming(one)
    .announced({ ...nothing, ...said });
}
const o = open().resumable().announced();
const packets = {
  o,
  O: [o, submit(1, 1, 'hi')],
  A: openAck().withToken(one).announced(),
  r: back(),
  s: back({ wantedOperations: [1] }),
  t: back({ resumeAttempt: 2 }),
  v: back({ resumeAttempt: 3 }),
  R: openAck().resumed(two).announced(1),
  N: openAck(0).rejected(SessionErrorCode.ResumeRejected),
  c: sessionClose(1, 1),
  e: sessionClose(1),
  f: sessionClose(1).aborting(),
  a: sessionClose(1, 1).aborting(),
  d: sessionClose(1, 1).draining(50),
  g: sessionClose(1).draining(50),
  D: sessionCloseAck(1, 1).draining(),
  C: sessionCloseAck(1, 1),
  z: result(1, 1, 'z'),
};
/** Of a server whose sessions do not survive their connection. */
const fresh = { ...packets, o: open().announced(), A: openAck().announced() };
const tier = (effectiveQualityTier: number) => patchAck(1).with({ effectiveQualityTier });
const ofPatches = { ...fresh, p: patch(1), P: tier(7), Q: tier(9) };
const other = { x: open(7).announced(), X: openAck(7), b: sessionClose(7).aborting() };
const both = { ...packets, ...other };
const late: unknown = expect.objectContaining({
  kind: 'io',
  message: expect.stringContaining('within 10000 ms') as unknown,
});
const reconnect = { minDelayMs: 100 };
const closed = new OperationError('session-closed', 1, 1);
const states = { o: 'open', r: 'reconnecting', R: 'resumed', c: 'closed' };
const down$ = throwError(() => new Error('down'));
/** What a close resolves with: the server’s last word, or none. */
const words = { C: expect.objectContaining({ closeStatus: CloseStatus.Closed }) as unknown, u: undefined };

/** Somewhere in the script’s time, and what comes of it. */
const closing = (session: ClientSession, fields?: Parameters<ClientSession['close']>[0]) =>
  defer(() => session.close(fields));
const ends = ['5005ms (u|)', words] as const;
/** A client’s close. */
const ending = (client: Client) => defer(() => client.close());

describe('a session that is closed while it reconnects', () => {
  it('ends its operations at once, and the server hears of it over the next connection', () =>
    flow(async ({ serverPeer, openSession, expectObservable, expectQuiescent }) => {
      serverPeer(packets).sends('A--#---R-C').expects('O----r-c');
      const session = await openSession({ reconnect });
      expectObservable(session.submit({ body: 'hi' })).toBe('-----#', {}, closed);
      expectObservable(closing(session), '-----^').toBe('---------(C|)', words);
      expectObservable(session.state$).toBe('o--r---R-(c|)', states);
      expectQuiescent();
    }));

  it('lets them finish where they get time for it', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(packets).sends('A--#---R-D-z-C').expects('O----s-d');
      const session = await openSession({ reconnect });
      const answer$ = session.submit({ body: 'hi' }).pipe(concatMap(decodeTokens));
      expectObservable(answer$).toBe('-----------(z|)');
      expectObservable(closing(session, { drainTimeoutMs: 50 }), '-----^').toBe('-------------(C|)', words);
    }));

  it('is tried at once, then every half second, however long the wait was', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      const peer = serverPeer(packets);
      peer.sends('  A--#-# 499ms # 499ms R-C').expects('o----r 499ms t 499ms (ve)');
      const session = await openSession({ reconnect: { minDelayMs: 8000 } });
      expectObservable(closing(session), '-----^').toBe('- 1s ------(C|)', words);
    }));

  it('is closed where the server does not know it any more', () =>
    flow(async ({ serverPeer, openSession, expectObservable, expectQuiescent }) => {
      serverPeer(packets).sends('A--#---N').expects('o----r');
      const session = await openSession({ reconnect });
      expectObservable(closing(session), '-----^').toBe('-------(u|)', words);
      expectObservable(session.state$).toBe('o--r---(c|)', states);
      expectQuiescent();
    }));

  it('is closed after 5 s where nobody can be reached, also where it is closed twice', () =>
    flow(async ({ endpoint, serverPeer, openSession, act, expectObservable, expectQuiescent }) => {
      serverPeer(packets).sends('A--#').expects('o');
      const session = await openSession({ reconnect });
      act('---d', { d: () => Object.assign(endpoint, { connect: () => down$ }) });
      expectObservable(closing(session), '-----^').toBe('5005ms (u|)', words);
      expectObservable(closing(session), '------^').toBe('5005ms (u|)', words);
      expectQuiescent();
    }));
});

describe('a close whose connection is lost before its answer', () => {
  it('is said again over the next', () =>
    flow(async ({ serverPeer, openSession, expectObservable, expectQuiescent }) => {
      serverPeer(packets).sends('A---# 99ms R-C').expects('o--e- 99ms (re)');
      const session = await openSession({ reconnect });
      expectObservable(closing(session), '---^').toBe('106ms (C|)', words);
      expectQuiescent();
    }));

  it('is done where the server knows the session no more', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(packets).sends('A---# 99ms N').expects('o--e- 99ms r');
      const session = await openSession({ reconnect });
      expectObservable(closing(session), '---^').toBe('104ms (u|)', words);
    }));
});

describe('an answer that does not come', () => {
  it('ends a close after 5 s and the time to drain in, and is late then', () =>
    flow(async ({ serverPeer, openSession, expectObservable, expectQuiescent }) => {
      serverPeer(fresh).sends('A 5999ms C').expects('o--g');
      const session = await openSession();
      expectObservable(closing(session, { drainTimeoutMs: 50 }), '---^').toBe('5053ms (u|)', words);
      expectObservable(closing(session), '6s ^').toBe('6s (u|)', words);
      expectQuiescent();
    }));

  it('costs its request after 10 s, and is not taken for that of the next', () =>
    flow(async ({ serverPeer, openSession, expectObservable, expectQuiescent }) => {
      serverPeer(ofPatches).sends('A 10003ms PQ').expects('o--p 10s p');
      const session = await openSession();
      const tier$ = defer(() => session.patch({})).pipe(map(({ metadata }) => metadata.effectiveQualityTier));
      expectObservable(tier$, '---^').toBe('10003ms #', {}, late);
      expectObservable(tier$, '10004ms ^').toBe('10005ms (q|)', { q: 9 });
      expectQuiescent();
    }));
});

describe('a client that is closed', () => {
  it('tells the server of every session that it has', () =>
    flow(async ({ client, serverPeer, act, expectObservable }) => {
      serverPeer(both).sends('AX').expects('(Ox)---(ab|)');
      const connected = await client();
      const session = await connected.openSession({ reconnect });
      expectObservable(session.submit({ body: 'hi' })).toBe('-------#', {}, closed);
      act('-------c', { c: () => void connected.close() });
      await connected.openSession({ requestedSessionId: 7 });
    }));

  it('tells of those that reconnect over the next connection', () =>
    flow(async ({ client, serverPeer, act, expectObservable, expectQuiescent }) => {
      serverPeer(packets).sends('A--#---R-C').expects('o----r-f-|');
      const connected = await client();
      const session = await connected.openSession({ reconnect });
      expectObservable(session.state$).toBe('o--r---R-(c|)', states);
      act('-----c', { c: () => void connected.close() });
      expectQuiescent();
    }));

  it('waits for a session that is on its way, and tells the server of that, too', () =>
    flow(async ({ client, serverPeer, expectObservable, expectQuiescent }) => {
      serverPeer(packets).sends('---A').expects('o--(f|)');
      const connected = await client();
      const opening$ = from(connected.openSession({ reconnect }));
      expectObservable(opening$).toBe('---#', {}, expect.objectContaining({ kind: 'io' }));
      expectObservable(ending(connected), '-^').toBe('---(u|)', words);
      expectQuiescent();
    }));

  it('is closed after 5 s all the same, also where it is closed twice', () =>
    flow(async ({ client, endpoint, serverPeer, expectObservable, expectQuiescent }) => {
      serverPeer(packets).sends('A--#').expects('o');
      const connected = await client();
      await connected.openSession({ reconnect });
      Object.assign(endpoint, { connect: () => down$ });
      for (const window of ['-----^', '------^']) expectObservable(ending(connected), window).toBe(...ends);
      expectQuiescent();
    }));
});
