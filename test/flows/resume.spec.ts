import { SessionErrorCode } from '../../src/wire/messages/session-open';
import {
  cancel,
  drop,
  flow,
  flowUpdate,
  open,
  openAck,
  ping,
  pong,
  result,
  resumeToken,
  sessionClose,
  sessionCloseAck,
  submit,
} from '../../src/testing';

const [one, two, three] = [resumeToken(1), resumeToken(2), resumeToken(3)];
const operations = {
  s: submit(42, 1, 'hi'),
  t: submit(42, 2),
  u: submit(42, 3),
  p: result(42, 1, 'p').partial(),
  q: result(42, 1, 'q').partial(),
  S: result(42, 1),
  T: result(42, 2),
  c: cancel(42, 1),
};
const { p, q, S } = operations;
/** No texts, which would be one result where their client is away. */
const bytes = { a: Buffer.from('a'), b: Buffer.from('b'), c: Buffer.from('c') };
/** A client that cannot say what it has. */
const plain = {
  ...operations,
  o: open(42).resumable(),
  A: openAck(42).withToken(one),
  r: open(42).resuming(one),
  R: openAck(42).resumed(two),
  x: open(42).resuming(two),
  X: openAck(42).resumed(three),
  N: openAck(0).rejected(SessionErrorCode.ResumeRejected),
};
/** One of this project. */
const announced = { ...operations, o: plain.o.announced(), A: plain.A.announced() };
/** How it comes back with so many results, and what it is welcomed with. */
const back = (receivedResults: number, ...wantedOperations: readonly number[]) =>
  plain.r.announced({ receivedResults, wantedOperations });
const welcome = (lastOperationId: number) => plain.R.announced(lastOperationId);

const done: string[] = [];
const only = { tailMs: 0 };
const closing = { d: sessionClose(42, 1).draining(50), D: sessionCloseAck(42, 1).draining() };
const answer = ['--a--b--|', { a: 'p', b: 'q' }] as const;
/** A window that is over soon. */
const brief = { resumeWindowMs: 4 };
const one4 = { ...plain, A: plain.A.with(brief), N: plain.N.with(brief) };
/** A session that has one operation in flight at most. */
const narrow = { maxInFlightOperations: 1 };
const thin = {
  o: plain.o.with(narrow),
  A: plain.A.with({ ...narrow, grantedOperationCredit: 1 }),
  r: plain.r.with(narrow),
  R: plain.R.with({ ...narrow, grantedOperationCredit: 1 }),
  H: [drop(42, 2), flowUpdate(42).hard(1)],
  I: [drop(42, 3), flowUpdate(42).hard(2)],
  G: [S, flowUpdate(42).grant(1, 3)],
};

describe('a session whose connection is cut', () => {
  it('goes on where it was: handlers run on, and what is missing comes again', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold(...answer) });
      const peer = clientPeer({ ...announced, r: back(0, 1), R: [welcome(1), p, q] });
      peer.sends('  os--#--r');
      peer.expects('A--p---R-S');
    }));

  it('sends a client that says what it has nothing twice', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold(...answer) });
      const peer = clientPeer({ ...announced, r: back(1, 1), R: [welcome(1), q] });
      peer.sends('  os--#--r');
      peer.expects('A--p---R-S');
    }));

  it('sends a client that cannot say what it has only what was never sent', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold(...answer) });
      const peer = clientPeer({ ...plain, R: [plain.R, q] });
      peer.sends('  os--#--r');
      peer.expects('A--p---R-S');
    }));

  it('sends even the end of an answer later', () =>
    flow(({ serve, clientPeer, cold, expectQuiescent }) => {
      serve({ respond: () => cold('--a|', { a: 'p' }) });
      const peer = clientPeer({ ...plain, R: [plain.R, p, S] });
      peer.sends('  os#----rd', { d: sessionClose(42) });
      peer.expects('A------RD', { D: sessionCloseAck(42, 1) });
      expectQuiescent();
    }));

  it('cancels what the client does not want any more', () =>
    flow(({ serve, clientPeer, cold, expectSubscriptions }) => {
      const answer$ = cold('-------|');
      serve({ respond: () => answer$ });
      clientPeer({ ...announced, r: back(0, 2), R: welcome(2) })
        .sends('ost#--r')
        .expects('A-----R--T');
      expectSubscriptions(answer$.subscriptions).toBe(['-^----!', '--^------!']);
    }));

  it('takes submits and cancels again once it is resumed', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('-----|') });
      clientPeer(plain).sends('os#rct').expects('A--R------T');
    }));

  it('may be cut and resumed again and again, each time with another token', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('---------|') });
      clientPeer(plain).sends('os#r-#-x').expects('A--R---X--S');
    }));

  it('is taken over from a connection that the server still holds open', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('-------|') });
      clientPeer(plain).sends('os').expects('A');
      clientPeer(plain).sends('---r').expects('---R----S');
    }));

  it('expires when its client does not come back in time', () =>
    flow(({ serve, clientPeer, cold, expectSubscriptions }) => {
      const answer$ = cold('---------|');
      serve({ respond: () => answer$, ...brief });
      clientPeer(one4).sends('os#----r').expects('A------N');
      expectSubscriptions(answer$.subscriptions).toBe('-^----!');
    }));

  it('ends what has most waiting when there is no room for more, and goes on', () =>
    flow(({ serve, clientPeer, cold, expectSubscriptions }) => {
      const [answer$, outbox] = [cold('--abc--|', bytes), { maxResults: 3 }];
      serve({ respond: (each) => (each.frameId === 1 ? answer$ : each.complete()), outbox });
      const peer = clientPeer({ ...plain, R: [plain.R, drop(42, 1)] });
      peer.sends('  os#----rt');
      peer.expects('A------RT');
      expectSubscriptions(answer$.subscriptions).toBe('-^---!');
    }));

  it('expires when even that leaves no room: what was sent may lack its client', () =>
    flow(({ serve, clientPeer, cold, expectSubscriptions }) => {
      const answer$ = cold('-(pq)c-|', { p: 'p', q: 'q', c: 'c' });
      serve({ respond: () => answer$, outbox: { maxResults: 2 } });
      const peer = clientPeer({ ...announced, B: [p, ping(1), q], r: back(2, 1), N: plain.N });
      peer.sends('  os-#---r');
      peer.expects('A-B----N');
      expectSubscriptions(answer$.subscriptions).toBe('-^----!');
    }));

  it('may fill its queue again: the client is stopped again', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('---------|'), ...narrow, queue: { maxSubmits: 0 } });
      const peer = clientPeer({ ...plain, ...thin });
      peer.sends('  ost#ru');
      peer.expects('A-H-RI----G');
    }));

  it('ends at once where it was closing, as nobody could say when it is over', () =>
    flow(({ serve, clientPeer, cold, expectSubscriptions }) => {
      const answer$ = cold('---------|');
      serve({ respond: () => answer$ });
      clientPeer({ ...plain, ...closing })
        .sends('os-d#r')
        .expects('A--D-N');
      expectSubscriptions(answer$.subscriptions).toBe('-^--!');
    }));

  it('ends where the application closes it meanwhile', () =>
    flow(({ serve, session, clientPeer, cold, act, expectQuiescent }) => {
      serve({ respond: () => cold('---------|') });
      act('---c', { c: () => void session(42).close({ drainTimeoutMs: 50 }) });
      clientPeer(plain).sends('os#-r').expects('A---N');
      expectQuiescent();
    }));

  it('ends with its server, which does not wait for it', () =>
    flow(({ serve, clientPeer, act, expectQuiescent }) => {
      const server = serve();
      act('---c', { c: () => void server.close({ graceMs: 1000 }).then(() => done.push('closed')) });
      clientPeer(plain).sends('o#--').expects('A');
      act('----x', { x: () => expect(done).toEqual(['closed']) });
      expectQuiescent();
    }));

  it('waits for a client that was dropped for being quiet', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold(' 18ms |'), keepAlive: { idleMs: 10, timeoutMs: 5 } });
      const peer = clientPeer({ ...announced, P: ping(1), r: back(0, 1), R: welcome(1) });
      peer.sends('  os---------------r');
      peer.expects('A----------P----|R-S');
    }, only));
});

describe('a resume', () => {
  it.each([
    ['a wrong token', open(42).resuming(resumeToken(9))],
    ['a token of another length', open(42).resuming(resumeToken(1, 23))],
    ['no such session', open(7).resuming(one)],
  ])('with %s is refused', (_, r) =>
    flow(({ serve, clientPeer }) => {
      serve();
      clientPeer({ ...plain, r })
        .sends('o#-r')
        .expects('A--N');
    }),
  );

  it('of a session that was not to be resumable is refused', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      clientPeer({ ...plain, o: open(42), A: openAck(42) })
        .sends('o#-r')
        .expects('A--N');
    }));

  it('is refused where resuming is off', () =>
    flow(({ serve, clientPeer }) => {
      serve({ resume: 'off' });
      clientPeer({ ...plain, A: openAck(42) })
        .sends('o#-r')
        .expects('A--N');
    }));

  it('leaves the token before valid until the client is heard with the new one', () =>
    flow(({ serve, clientPeer }) => {
      serve({ respond: (each) => each.complete() });
      clientPeer(plain).sends('o#r#r-s-#r').expects('A-R-X-S--N');
    }));

  it('leaves the new token valid all the time', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      clientPeer(plain).sends('o#r#x').expects('A-R-X');
    }));

  it('frees the id for a fresh open only once the session is over', () =>
    flow(({ serve, clientPeer }) => {
      serve(brief);
      const inUse = openAck(0).rejected(SessionErrorCode.SessionLimitReached).with(brief);
      const fresh = { f: open(42), F: openAck(42).with(brief), U: inUse };
      clientPeer({ ...one4, ...fresh })
        .sends('o#-f---f')
        .expects('A--U---F');
    }));

  it('counts what a PONG has proved as received', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('--(ab|)', { a: 'p', b: 'q' }), outbox: { maxResults: 4 } });
      const proof = { B: [p, ping(1), q, S], f: pong(1), r: back(3), R: welcome(1) };
      clientPeer({ ...announced, ...proof })
        .sends('os---f-#-r')
        .expects('A--B-----R');
    }));
});

describe('by id, as the reference resumes', () => {
  it('lets whoever names a resumable session take it over, without a byte of token', () =>
    flow(({ serve, clientPeer }) => {
      serve({ resume: 'by-id' });
      const [A, r] = [plain.A.withBody(''), plain.r.withBody('')];
      clientPeer({ o: plain.o, A, r, R: A.resumed(two).withBody('') })
        .sends('o#-r')
        .expects('A--R');
    }));
});
