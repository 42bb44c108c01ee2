import { interval, map, NEVER, take } from 'rxjs';
import type { ServerSession } from '../../src';
import type { SessionOptions } from '../../src/client/options';
import { accept, refuse } from '../../src/server/opening/policy';
import type { ServerOptions } from '../../src/server/options';
import { cancel, open, resumeToken, scriptedTokens, sessionClose, submit } from '../../src/testing';
import { MessageType } from '../../src/wire/message-type';
import { CloseReason } from '../../src/wire/messages/session-close';
import { ErrorMetadata, ErrorScope } from '../../src/wire/messages/error-message';
import {
  SessionErrorCode,
  SessionOpenAckMetadata,
  SessionStatus,
} from '../../src/wire/messages/session-open';
import type { Packet } from '../../src/wire/packet';
import { settled } from '../support/async';
import { Peer } from '../support/peer';
import { endServed, Served, told } from '../support/served';
import { VirtualTime } from '../support/virtual-time';

type Auth = NonNullable<SessionOptions['auth']>;

const both = ['preview3', 'preview4'] as const;

afterEach(endServed);

/** A server whose tokens say until when they are good, in milliseconds of the virtual clock, and its clients. */
function serve(options: Partial<ServerOptions> = {}) {
  const time = new VirtualTime();
  const asked: string[] = [];
  const served = new Served({
    scheduler: time,
    keepAlive: { idleMs: 0 },
    policy: ({ auth }) => {
      const token = new TextDecoder().decode(auth);
      asked.push(token);
      if (!(Number(token) > time.now())) return refuse('auth-failed', 'the token has expired');
      return accept({ token }, { owner: 'ada', expiresAt: Number(token) });
    },
    ...options,
  });
  const sessions: ServerSession[] = [];
  /** Each answers with sixty words, one each 100 ms. */
  let runs = 0;
  served.server.sessions$.subscribe((session) => {
    sessions.push(session);
    session.respond(() => {
      runs += 1;
      return interval(100, time).pipe(
        take(60),
        map((at) => `${at} `),
      );
    });
  });
  const connect = (revision: 'preview3' | 'preview4' = 'preview3') =>
    served.connect({ scheduler: time, keepAlive: { idleMs: 0 }, random: () => 0, revision });
  /** Lets time pass, with all that waits for promises meanwhile. */
  const pass = async (ms: number, step = 50): Promise<void> => {
    for (let at = 0; at < ms; at += step) {
      time.advance(step);
      await settled();
    }
  };
  return { served, time, asked, sessions, connect, pass, runs: () => runs };
}

const reconnect = { minDelayMs: 100, jitter: 0 };
const WORDS = [...Array.from({ length: 60 }, (_, at) => `${at} `), '|'];

describe('auth that runs out under an answer', () => {
  it.each(both)(
    'is shown anew over the same connection, and nothing is missed or run twice: %s',
    async (revision) => {
      const { served, time, asked, sessions, connect, pass, runs } = serve();
      const client = await connect(revision);
      const session = await client.openSession({ auth: async () => String(time.now() + 1000), reconnect });
      const texts = told(session.submit({}).text$);
      const states = told(session.state$);
      await pass(7000);
      expect(texts).toEqual(WORDS);
      expect([runs(), served.endpoint.transports.length]).toEqual([1, 1]);
      expect(asked.length).toBeGreaterThanOrEqual(7);
      expect(states.slice(0, 3)).toEqual(['open', 'reconnecting', 'resumed']);
      expect(sessions).toHaveLength(1);
      expect(sessions[0]?.context).toEqual({ token: asked.at(-1) });
      expect(new TextDecoder().decode(sessions[0]?.auth)).toBe(asked.at(-1));
      expect([served.failures, served.violations]).toEqual([[], []]);
    },
  );

  it.each(both)('leaves the other sessions of the connection alone: %s', async (revision) => {
    const { served, time, sessions, connect, pass } = serve();
    const client = await connect(revision);
    const lasting = await client.openSession({ auth: '1000000', reconnect });
    const brief = await client.openSession({ auth: () => String(time.now() + 1000), reconnect });
    const states = told(lasting.state$);
    const texts = [lasting, brief].map((session) => told(session.submit({}).text$));
    await pass(7000);
    expect(texts).toEqual([WORDS, WORDS]);
    expect(states).toEqual(['open']);
    expect(sessions).toHaveLength(2);
    expect(served.endpoint.transports).toHaveLength(1);
  });

  it('is asked for once by sessions whose time is over together', async () => {
    const { time, connect, pass, asked } = serve();
    const client = await connect();
    let asks = 0;
    const auth: Auth = async () => {
      asks += 1;
      await settled();
      return String(time.now() < 1000 ? 1000 : 1_000_000);
    };
    const sessions = [];
    for (let at = 0; at < 3; at += 1) sessions.push(await client.openSession({ auth, reconnect }));
    asks = 0;
    await pass(1100);
    expect(sessions.map(({ state }) => state)).toEqual(Array(3).fill(sessions[0]?.state));
    expect([asks, asked.slice(3)]).toEqual([1, ['1000000', '1000000', '1000000']]);
  });

  it('keeps what crosses with it: a submit, a cancel, and a close', async () => {
    const { served, time, connect, pass, runs } = serve();
    const client = await connect();
    const session = await client.openSession({ auth: () => String(time.now() + 1000), reconnect });
    const given = session.submit({}).subscribe();
    await pass(950);
    time.advance(50);
    // The server has let go of the session, and the client has not heard of it.
    const texts = told(session.submit({}).text$);
    given.unsubscribe();
    await pass(6500);
    expect(texts).toEqual(WORDS);
    expect(runs()).toBe(2);
    expect(served.server.usage.operationsInFlight).toBe(0);
    const rest = 1000 - (time.now() % 1000);
    await pass(rest - 50);
    time.advance(50);
    const closed = session.close();
    await pass(500);
    await closed;
    expect(served.server.sessionCount).toBe(0);
    expect(served.violations).toEqual([]);
  });

  it('is shown over another connection where this one is lost meanwhile', async () => {
    const { served, time, connect, pass } = serve();
    const client = await connect();
    const session = await client.openSession({ auth: () => String(time.now() + 1000), reconnect });
    const texts = told(session.submit({}).text$);
    await pass(950);
    time.advance(50);
    served.endpoint.cut();
    await pass(8000);
    expect(texts).toEqual(WORDS);
    expect(served.endpoint.transports).toHaveLength(2);
  });
});

describe('a client that has nothing newer to show', () => {
  it('waits and asks again, up to the window, where auth is a function', async () => {
    const { served, connect, pass, asked } = serve({ resumeWindowMs: 10_000 });
    const session = await (await connect()).openSession({ auth: () => '1000', reconnect });
    const outcome = told(session.submit({}).text$);
    const states = told(session.state$);
    await pass(15_000);
    expect(asked.length).toBeGreaterThan(5);
    expect(states).toEqual(['open', 'reconnecting', 'expired', '|']);
    expect(session.ended).toMatchObject({ by: 'server', errorCode: SessionErrorCode.AuthFailed });
    expect(outcome.at(-1)).toMatchObject({ reason: 'connection-lost' });
    expect(served.server.sessionCount).toBe(0);
  });

  it('goes on once there is something', async () => {
    const { connect, time, pass } = serve();
    const auth: Auth = () => (time.now() < 3000 ? '1000' : '1000000');
    const session = await (await connect()).openSession({ auth, reconnect });
    const texts = told(session.submit({}).text$);
    await pass(2900);
    expect(texts.length).toBeLessThan(12);
    await pass(5000);
    expect(texts.join('')).toBe(WORDS.join(''));
  });

  it('has expired at once with a constant, with the text of the refusal', async () => {
    const { connect, pass } = serve();
    const session = await (await connect()).openSession({ auth: '1000', reconnect });
    const states = told(session.state$);
    await pass(1100);
    expect(states).toEqual(['open', 'reconnecting', 'expired', '|']);
    expect(session.ended).toMatchObject({
      by: 'server',
      errorCode: SessionErrorCode.AuthFailed,
      text: 'the token has expired',
      mayOpenAgain: false,
    });
  });

  it.each(both)('has its session closed as revoked where it does not reconnect: %s', async (revision) => {
    const { served, connect, pass } = serve();
    const client = await connect(revision);
    const session = await client.openSession({ auth: '1000' });
    const other = await client.openSession({ auth: '1000000' });
    const states = told(session.state$);
    const texts = told(other.submit({}).text$);
    await pass(7000);
    expect(states).toEqual(['open', 'closed', '|']);
    expect(session.ended).toMatchObject({ by: 'server', closeReason: CloseReason.AuthRevoked });
    expect(texts).toEqual(WORDS);
    expect(served.server.sessionCount).toBe(1);
  });
});

describe('a peer that is asked to show its auth anew', () => {
  async function asking(options: Partial<ServerOptions> = {}) {
    const stage = serve({ randomBytes: scriptedTokens(), ...options });
    const peer = await Peer.connect(stage.served.endpoint);
    await peer.send(open(1).resumable().announced().auth('1000')).next();
    await stage.pass(1000);
    const word = (await peer.next())!;
    return { ...stage, peer, word };
  }

  const statusOf = ({ metadata }: Packet): number => SessionOpenAckMetadata.decode(metadata).sessionStatus;

  it('is told so, and that it is not fatal', async () => {
    const { word } = await asking();
    expect(word.header).toMatchObject({ messageType: MessageType.Error, sessionId: 1, frameId: 0 });
    expect(ErrorMetadata.decode(word.metadata)).toMatchObject({
      errorCode: SessionErrorCode.AuthFailed,
      errorScope: ErrorScope.Session,
      isFatal: false,
      relatedSessionId: 1,
      relatedFrameId: 0,
      diagnosticBytes: word.body.length,
    });
    expect(new TextDecoder().decode(word.body)).toContain('resume the session with newer auth');
  });

  it('may have sent anything before it knew: none of it is a fault, and none is served', async () => {
    const { served, peer, runs } = await asking({ limits: { violations: { burst: 1, perSecond: 0 } } });
    for (let frame = 1; frame < 100; frame += 1) peer.send(submit(1, frame), cancel(1, frame));
    peer.send(sessionClose(1));
    await settled();
    expect([peer.waiting, runs(), served.violations, served.server.sessionCount]).toEqual([0, 0, [], 1]);
    const back = open(1).resuming(resumeToken(1)).announced({ receivedResults: 0 }).auth('9000');
    expect(statusOf((await peer.send(back).next())!)).toBe(SessionStatus.Resumed);
  });

  it('has no session there any more where it never does', async () => {
    const { served, sessions, pass } = await asking({ resumeWindowMs: 5000 });
    const states = told(sessions[0]!.state$);
    await pass(4950);
    expect(served.server.sessionCount).toBe(1);
    await pass(100);
    expect(states).toEqual(['reconnecting', 'expired', '|']);
    expect(served.server.sessionCount).toBe(0);
  });

  it('does not get it with auth that is as old', async () => {
    const { served, peer } = await asking();
    const back = open(1).resuming(resumeToken(1)).announced({ receivedResults: 0 }).auth('1000');
    expect(statusOf((await peer.send(back).next())!)).toBe(SessionStatus.Rejected);
    expect(served.server.sessionCount).toBe(1);
  });

  it('finds it where it was away as its time ran out', async () => {
    const { served, time, pass } = serve({ randomBytes: scriptedTokens() });
    const peer = await Peer.connect(served.endpoint);
    await peer.send(open(1).resumable().announced().auth('1000')).next();
    await peer.close();
    await pass(3000);
    expect(served.server.sessionCount).toBe(1);
    const again = await Peer.connect(served.endpoint);
    const back = open(1).resuming(resumeToken(1)).announced({ receivedResults: 0 });
    expect(statusOf((await again.send(back.auth('1000')).next())!)).toBe(SessionStatus.Rejected);
    const taken = back.auth(String(time.now() + 1000));
    expect(statusOf((await again.send(taken).next())!)).toBe(SessionStatus.Resumed);
  });

  it('holds no more than a client that is away: its results wait in bounds', async () => {
    const outbox = { maxBytes: 4096 };
    const { served, pass, sessions } = serve({ randomBytes: scriptedTokens(), outbox });
    const peer = await Peer.connect(served.endpoint);
    await peer.send(open(1).resumable().announced().auth('500')).next();
    peer.send(submit(1, 1), submit(1, 2));
    await pass(7000);
    expect(served.server.usage.outboxBytes).toBeLessThanOrEqual(4096);
    expect(sessions).toHaveLength(1);
  });
});

it('a session knows what its client has shown, and what that has told', async () => {
  const served = new Served({ policy: () => accept({ name: 'ada' }) });
  const { server } = await served.session({ auth: 'secret' });
  server.respond(() => NEVER);
  expect(server.context).toEqual({ name: 'ada' });
  expect(new TextDecoder().decode(server.auth)).toBe('secret');
  expect(server.identity).toBeUndefined();
});

describe('a policy that throws as a client comes back', () => {
  it.each(both)('costs it no session, also with auth that is constant: %s', async (revision) => {
    let isDown = false;
    const { served, connect, pass, runs } = serve({
      policy: () => {
        if (isDown) throw new Error('the database is down');
        return true;
      },
    });
    const client = await connect(revision);
    const session = await client.openSession({ auth: 'constant', reconnect });
    const texts = told(session.submit({}).text$);
    await pass(1000);
    isDown = true;
    served.endpoint.transports.at(-1)?.destroy();
    await pass(2000);
    isDown = false;
    await pass(20_000);
    // What came while it was away is joined.
    expect(texts.join('')).toBe(WORDS.join(''));
    expect(runs()).toBe(1);
    expect(served.failures.length).toBeGreaterThan(1);
  });
});
