import { delay, of, throwError } from 'rxjs';
import { SessionErrorCode } from '../../src/wire/messages/session-open';
import {
  clientHello,
  flow,
  open,
  openAck,
  ping,
  pong,
  result,
  resumeToken,
  serverHelloAck,
  submit,
} from '../../src/testing';
import { violation } from './support';

const [o, A] = [open(42), openAck(42)];
const [p, B] = [open(7), openAck(7)];
const refused = (code: number) => openAck(0).rejected(code);

describe('opening a session', () => {
  it('is answered with what was asked for and what is granted', () =>
    flow(({ serve, clientPeer, expectQuiescent }) => {
      serve();
      clientPeer({ o, A }).sends('-o').expects('-A');
      expectQuiescent();
    }));

  it('grants what the server is configured for', () =>
    flow(({ serve, clientPeer }) => {
      const granted = { grantedOperationCredit: 7, leaseTtlMs: 11, resumeWindowMs: 13 };
      serve(granted);
      clientPeer({ o, A: A.with(granted) })
        .sends('o')
        .expects('A');
    }));

  it('chooses an id for a client that asks for none', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      clientPeer({ o: open(0), A: openAck(1), B: openAck(2) })
        .sends('oo')
        .expects('AB');
    }));

  it('may follow a hello', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      clientPeer({ h: clientHello(), o, H: serverHelloAck(), A }).sends('h-o').expects('H-A');
    }));

  it('ends the connection after a hello that has no profile in common', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      const E = violation(0, 'server has no profile in common with the client', 0).fatal();
      clientPeer({ h: clientHello({ supportedProfileBitmap: 1 }), E })
        .sends('h')
        .expects('(E|)');
    }));

  it('carries many sessions on one connection', () =>
    flow(({ serve, clientPeer }) => {
      serve({ respond: (asked) => asked.complete() });
      const peer = clientPeer({ o, A, p, B, s: submit(42, 1), t: submit(7, 1) });
      peer.sends('  op--st');
      peer.expects('AB--ST', { S: result(42, 1), T: result(7, 1) });
    }));
});

describe('refusing a session', () => {
  const { ProfileUnsupported, SchemaUnsupported, SessionLimitReached } = SessionErrorCode;

  it.each([
    ['another profile', { profileId: 1 }, { acceptedProfileId: 1 }, ProfileUnsupported],
    ['an unknown schema', { schemaId: 9 }, { schemaId: 9 }, SchemaUnsupported],
    ['another version', { schemaVersion: 4 }, { schemaVersion: 4 }, SchemaUnsupported],
    ['too many in flight', { maxInFlightOperations: 5 }, {}, SessionLimitReached],
  ])('happens for %s', (_, asked, echoed, code) =>
    flow(({ serve, clientPeer }) => {
      serve();
      clientPeer({ o: o.with(asked), R: refused(code).with(echoed) })
        .sends('o')
        .expects('R');
    }),
  );

  it('is the policy’s to decide, which sees the auth block', () =>
    flow(({ serve, clientPeer }) => {
      serve({ policy: ({ auth }) => (auth.length > 0 ? 0 : 0x77) });
      clientPeer({ o, a: o.auth('secret'), R: refused(0x77), A })
        .sends('o-a')
        .expects('R-A');
    }));

  it('waits for a policy that takes time, and for one that is a promise', () =>
    flow(({ serve, clientPeer }) => {
      const slow = of(0).pipe(delay(3));
      serve({ policy: ({ open: asked }) => (asked.requestedSessionId === 42 ? slow : Promise.resolve(0)) });
      clientPeer({ o, p, A, B }).sends('op').expects('-B-A');
    }));

  it('happens where the policy fails', () =>
    flow(({ serve, clientPeer }) => {
      serve({ policy: () => throwError(() => new Error('the database is down')) });
      clientPeer({ o, R: refused(SessionErrorCode.AuthFailed) })
        .sends('o')
        .expects('R');
    }));

  it('happens for an id that is in use, on any connection', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      const R = refused(SessionLimitReached);
      clientPeer({ o, A, R }).sends('oo').expects('AR');
      clientPeer({ o, R }).sends('-o').expects('-R');
    }));

  it('ends the connection of a token without leave to resume, and answers nothing', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      const unasked = o.resuming(resumeToken(1)).with({ sessionFlags: 0 });
      clientPeer({ o: unasked }).sends('o').expects('|');
    }));

  it('ends the connection of a token for no session', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      clientPeer({ o: open(0).resuming(resumeToken(1)) })
        .sends('o')
        .expects('|');
    }));

  it('says that blocks are not as long as announced', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      const E = violation(0, 'the packet declares 9 bytes and has 3', 0);
      clientPeer({ o: o.auth('abc').with({ authBytes: 9 }), E })
        .sends('o')
        .expects('E');
    }));

  it('asks to come again later once the server closes', () =>
    flow(({ serve, clientPeer, act }) => {
      const server = serve({ respond: (asked) => asked.complete() });
      act('--c', { c: () => void server.close({ graceMs: 5 }) });
      clientPeer({ a: p.announced() }).sends('a');
      clientPeer({ q: ping(), o, Q: pong(), L: openAck(0).retryLater() })
        .sends('q--o')
        .expects('Q--L---|');
    }));

  it('does not happen twice for one id while a policy takes its time', () =>
    flow(({ serve, clientPeer }) => {
      serve({ policy: () => of(0).pipe(delay(3)) });
      clientPeer({ o, A, R: refused(SessionLimitReached) })
        .sends('oo')
        .expects('---AR');
    }));

  it('is not needed where the client is gone before the policy has decided', () =>
    flow(({ serve, clientPeer, act, expectQuiescent }) => {
      const server = serve({ policy: () => of(0).pipe(delay(3)) });
      clientPeer({ o }).sends('o#').expects('');
      act('----x', { x: () => expect(server.usage).toMatchObject({ connections: 0, sessions: 0 }) });
      expectQuiescent();
    }));
});

describe('a client that announces itself', () => {
  it('is told that the server understands it', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      clientPeer({ o: o.announced(), A: A.announced() }).sends('o').expects('A');
    }));
});

describe('a client that asks to be resumed', () => {
  it('gets a token, announced or not', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      const T = A.withToken(resumeToken(1)).announced();
      clientPeer({ o: o.resumable().announced(), T }).sends('o').expects('T');
      clientPeer({ p: p.resumable(), U: B.withToken(resumeToken(2)) })
        .sends('-p')
        .expects('-U');
    }));
});
