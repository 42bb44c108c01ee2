import { accept, decodeText, refuse, type SessionPolicy } from '../../src';
import {
  cancel,
  drop,
  flow,
  flowUpdate,
  open,
  openAck,
  result,
  resumeToken,
  submit,
  toMarbles,
} from '../../src/testing';

// Everything that docs/testing.md shows runs here as it stands there; test/testing/docs.spec.ts compares.

it('streams an answer', () =>
  flow(({ serve, clientPeer, cold }) => {
    serve({ respond: () => cold('--a-b|', { a: 'Call', b: ' me' }) });
    const peer = clientPeer({ o: open(42), s: submit(42, 1, 'Who?') });
    const answer = { a: result(42, 1, 'Call').partial(), b: result(42, 1, ' me').partial() };
    peer.sends('  o-s------');
    peer.expects('A---a-bC--', { A: openAck(42), ...answer, C: result(42, 1) });
  }));

it('stops the model when the client cancels', () =>
  flow(({ serve, clientPeer, cold, expectSubscriptions }) => {
    const tokens$ = cold('--a-b-c|', { a: 'Call', b: ' me', c: ' Ishmael' });
    serve({ respond: () => tokens$ });
    const peer = clientPeer({ o: open(42), s: submit(42, 1, 'Who?'), c: cancel(42, 1), A: openAck(42) });
    peer.sends('  o-s----c-');
    peer.expects('A---a-b--', { a: result(42, 1, 'Call').partial(), b: result(42, 1, ' me').partial() });
    expectSubscriptions(tokens$.subscriptions).toBe('--^----!');
  }));

const one = { maxInFlightOperations: 1 };
const overrun = {
  o: open(42).with(one),
  A: openAck(42).with({ ...one, grantedOperationCredit: 1 }),
  s: submit(42, 1),
  t: submit(42, 2),
  u: submit(42, 3),
  H: [drop(42, 2), flowUpdate(42).hard(1)],
  G: [result(42, 1), flowUpdate(42).grant(1, 2)],
  U: result(42, 3),
};

it('stops a client that overruns its credit, and lets it go on', () =>
  flow(({ serve, clientPeer, cold, expectQuiescent }) => {
    serve({ respond: () => cold('-----|'), queue: { maxSubmits: 0 }, ...one });
    const peer = clientPeer(overrun);
    peer.sends('  o-s-t----u----');
    peer.expects('A---H--G------U');
    expectQuiescent();
  }));

const [first, second] = [resumeToken(1), resumeToken(2)];
const rest = result(42, 1, [' me', ' Ishmael']).partial();
const cutOff = {
  o: open(42).resumable().announced(),
  A: openAck(42).withToken(first).announced(),
  s: submit(42, 1, 'Who?'),
  a: result(42, 1, 'Call').partial(),
  r: open(42)
    .resuming(first)
    .announced({ receivedResults: 1, wantedOperations: [1] }),
  R: [openAck(42).resumed(second).announced(1), rest, result(42, 1)],
};

it('loses nothing when the connection is cut', () =>
  flow(({ serve, clientPeer, cold }) => {
    serve({ respond: () => cold('-a-b-c|', { a: 'Call', b: ' me', c: ' Ishmael' }) });
    const peer = clientPeer(cutOff);
    peer.sends('  os-#----r');
    peer.expects('A-a-----R');
  }));

it('loses nothing, seen from a client that comes back by itself', () =>
  flow(async ({ serve, openSession, endpoint, act, cold, expectObservable }) => {
    serve({ respond: () => cold('--0-1-2-3|') });
    const session = await openSession({ reconnect: { minDelayMs: 100 } });
    const tokens$ = session.submit({ body: 'count' }).pipe(decodeText());
    act('---x', { x: () => endpoint.cut() });
    expectObservable(tokens$).toBe('--0 100ms (r|)', { 0: '0', r: '123' });
  }));

it('emits what the server sends', () =>
  flow(async ({ serverPeer, openSession, expectObservable }) => {
    const server = serverPeer({ o: open().announced(), A: openAck(), s: submit(1, 1, 'Who?') });
    server.expects('o--s');
    server.sends('  ---A-p-C', { p: result(1, 1, 'Call').partial(), C: result(1, 1) });
    const tokens$ = (await openSession()).submit({ body: 'Who?' }).pipe(decodeText());
    expectObservable(tokens$).toBe('-----p-|', { p: 'Call' });
  }));

const policy: SessionPolicy = ({ auth }) =>
  new TextDecoder().decode(auth) === 'sesame' ? accept({ name: 'Ali' }) : refuse('auth-failed', 'say sesame');

it('lets in who says the word, and tells all others what it is', () =>
  flow(async ({ serve, client, cold, expectObservable }) => {
    serve({ policy, respond: () => cold('--a|', { a: 'Open' }) });
    const stranger = await client({ auth: 'rice' });
    await expect(stranger.openSession()).rejects.toMatchObject({ text: 'say sesame' });
    const session = await (await client({ auth: 'sesame' })).openSession();
    expectObservable(session.submit({ body: 'Who?' }).pipe(decodeText())).toBe('--a|', { a: 'Open' });
  }));

const lifeMs: Record<string, number> = { old: 5, new: 60_000 };
const expiring: SessionPolicy = ({ auth }) =>
  accept({}, { expiresAt: Date.now() + (lifeMs[new TextDecoder().decode(auth)] ?? 0) });

it('shows newer auth once its time is over, and misses nothing', () =>
  flow(async ({ serve, client, cold, expectObservable }) => {
    serve({ policy: expiring, respond: () => cold('-a-b-c-d|') });
    const tokens = ['old', 'new'];
    const session = await (await client({ auth: () => tokens.shift() ?? '', reconnect: {} })).openSession();
    expectObservable(session.submit({}).pipe(decodeText())).toBe('-a-b-c-d|');
    expectObservable(session.state$).toBe('o----(rR)', { o: 'open', r: 'reconnecting', R: 'resumed' });
  }));

it('answers as it did then', () =>
  flow(({ serve, replay, cold }) => {
    serve({ respond: () => cold('--a|', { a: 'Call' }) });
    replay(captured, { as: 'client' });
  }));

/** What a client saw, some other time. */
const captured = toMarbles([
  { kind: 'packet', direction: 'sent', at: 0, packet: open(42) },
  { kind: 'packet', direction: 'received', at: 3, packet: openAck(42) },
  { kind: 'packet', direction: 'sent', at: 4, packet: submit(42, 1) },
  { kind: 'packet', direction: 'received', at: 11, packet: result(42, 1, 'Call').partial() },
  { kind: 'packet', direction: 'received', at: 14, packet: result(42, 1) },
]);
