import { firstValueFrom, NEVER } from 'rxjs';
import { accept, refuse, type SessionPolicy } from '../../../src/server/opening/policy';
import type { ServerOptions } from '../../../src/server/options';
import type { ServerSession } from '../../../src/server/session/session';
import {
  decodeSessionExtension,
  encodeSessionExtension,
  type SessionExtension,
} from '../../../src/protocol/session/session-extension';
import { open, patch, sessionClose, resumeToken, scriptedTokens } from '../../../src/testing';
import { monotonicScheduler } from '../../../src/transport/time/monotonic-scheduler';
import { MessageType } from '../../../src/wire/message-type';
import { CloseReason, SessionCloseMetadata } from '../../../src/wire/messages/session-close';
import {
  SessionErrorCode,
  SessionOpenAckMetadata,
  SessionStatus,
} from '../../../src/wire/messages/session-open';
import type { Packet } from '../../../src/wire/packet';
import { settled } from '../../support/async';
import { text } from '../../support/packets';
import { Peer } from '../../support/peer';
import { endServed, Served, told } from '../../support/served';
import { VirtualTime } from '../../support/virtual-time';

/** The auth of a client is its owner's name. */
const byName: SessionPolicy = ({ auth }) => {
  const owner = Buffer.from(auth).toString();
  return owner === '' ? true : accept({ user: owner }, { owner });
};

function serve(options: Partial<ServerOptions> = {}): Served {
  return new Served({ randomBytes: scriptedTokens(), keepAlive: { idleMs: 0 }, ...options });
}

/** What a peer of its own is answered, which then leaves. */
async function visit(served: Served, packet: Packet): Promise<SessionOpenAckMetadata> {
  const peer = await Peer.connect(served.endpoint);
  const answer = await peer.send(packet).next();
  await peer.close();
  await settled();
  return SessionOpenAckMetadata.decode(answer!.metadata);
}

const REFUSED = {
  sessionStatus: SessionStatus.Rejected,
  sessionErrorCode: SessionErrorCode.ResumeRejected,
};

afterEach(endServed);

describe('a session with an owner', () => {
  it('is taken up by its owner, with the token', async () => {
    const served = serve({ policy: byName });
    await visit(served, open(1).resumable().auth('ada'));
    expect(await visit(served, open(1).resuming(resumeToken(1)).auth('ada'))).toMatchObject({
      sessionStatus: SessionStatus.Resumed,
    });
  });

  it.each([
    ['another owner', 'bob'],
    ['nobody in particular', ''],
  ])('is not given to %s who has the token, as if the token were wrong', async (_, name) => {
    const served = serve({ policy: byName, limits: { maxTokenFailures: 0 } });
    await visit(served, open(1).resumable().auth('ada'));
    expect(await visit(served, open(1).resuming(resumeToken(1)).auth(name))).toMatchObject(REFUSED);
    // Of wrong tokens one is too many here: this was none.
    expect(served.limits).toEqual([]);
    expect(served.failures).toEqual([]);
    expect(await visit(served, open(1).resuming(resumeToken(1)).auth('ada'))).toMatchObject({
      sessionStatus: SessionStatus.Resumed,
    });
  });

  it('stays that owner’s, and its context is what the policy has said last', async () => {
    const served = serve({ policy: byName });
    const accepted = firstValueFrom(served.server.sessions$);
    await visit(served, open(1).resumable().auth('ada'));
    const session: ServerSession = await accepted;
    const before = session.context;
    expect(before).toEqual({ user: 'ada' });
    await visit(served, open(1).resuming(resumeToken(1)).auth('ada'));
    expect(session.context).toEqual({ user: 'ada' });
    expect(session.context).not.toBe(before);
    expect(await visit(served, open(1).resuming(resumeToken(2)).auth('bob'))).toMatchObject(REFUSED);
  });

  it('is not given to another owner by its id either', async () => {
    const served = serve({ policy: byName, resume: 'by-id' });
    const named = open(1).resumable().with({ resumeTokenBytes: 24 });
    await visit(served, open(1).resumable().auth('ada'));
    expect(await visit(served, named.auth('bob'))).toMatchObject(REFUSED);
    expect(await visit(served, named.auth('ada'))).toMatchObject({ sessionStatus: SessionStatus.Resumed });
  });

  it('has a policy that knows which session is to be resumed', async () => {
    const asked: (number | undefined)[] = [];
    const served = serve({
      policy: ({ resumes }) => {
        asked.push(resumes);
        return true;
      },
    });
    await visit(served, open(4).resumable());
    await visit(served, open(4).resuming(resumeToken(1)));
    expect(asked).toEqual([undefined, 4]);
  });

  it('is anybody’s with the token where no owner was given', async () => {
    const served = serve({ policy: byName });
    await visit(served, open(1).resumable());
    expect(await visit(served, open(1).resuming(resumeToken(1)).auth('bob'))).toMatchObject({
      sessionStatus: SessionStatus.Resumed,
    });
    expect(await visit(served, open(1).resuming(resumeToken(2)).auth('ada'))).toMatchObject({
      sessionStatus: SessionStatus.Resumed,
    });
  });
});

describe('the text of a refusal', () => {
  function told9({ metadata, body }: Packet): SessionExtension | undefined {
    const { resumeTokenBytes } = SessionOpenAckMetadata.decode(metadata);
    return decodeSessionExtension(body.subarray(resumeTokenBytes));
  }

  async function answerTo(served: Served, packet: Packet): Promise<Packet> {
    const peer = await Peer.connect(served.endpoint);
    const answer = await peer.send(packet).next();
    await peer.close();
    return answer!;
  }

  it('reaches a client of this project', async () => {
    const served = serve({ policy: () => refuse('auth-failed', 'the token has expired') });
    await expect(served.open()).rejects.toMatchObject({
      errorCode: SessionErrorCode.AuthFailed,
      text: 'the token has expired',
      message: 'the server refused the session: AuthFailed: the token has expired',
    });
    expect(served.failures).toEqual([]);
  });

  it('is not sent to who has not said that it takes one', async () => {
    const served = serve({ policy: () => refuse('auth-failed', 'the token has expired') });
    const block = encodeSessionExtension({});
    const older = open(1).with({ sessionExtensionBytes: block.length }).withBody(block);
    for (const asking of [open(1), older]) {
      expect((await answerTo(served, asking)).body).toHaveLength(0);
    }
    const answer = await answerTo(served, open(1).announced());
    expect(told9(answer)).toEqual({ refusalText: 'the token has expired' });
  });

  it('is cut at a character, so that it has 256 bytes at most', async () => {
    const served = serve({ policy: () => refuse(7, `x${'é'.repeat(200)}`) });
    await expect(served.open()).rejects.toMatchObject({ errorCode: 7, text: `x${'é'.repeat(127)}` });
  });

  it('is empty where the server says nothing', async () => {
    const served = serve({ policy: () => false });
    await expect(served.open()).rejects.toMatchObject({
      text: '',
      message: 'the server refused the session: AuthFailed',
    });
  });
});

describe('an acceptance that runs out', () => {
  const NOON = Date.UTC(2030, 0, 1, 12);
  let time: VirtualTime;
  /** How far the clock was set on. */
  let step: number;

  beforeEach(() => {
    time = new VirtualTime();
    step = 0;
  });

  /** The time of day goes on with the timers. */
  function expiring(policy: SessionPolicy): Served {
    return serve({ policy, scheduler: time, wallClock: { now: () => NOON + time.now() + step } });
  }

  it('closes its session then, as revoked, where its client shows nothing anew', async () => {
    const served = expiring(() => accept(undefined, { expiresAt: NOON + 3_600_000 }));
    const peer = await Peer.connect(served.endpoint);
    await peer.send(open(1).resumable().announced({ renewsAuth: undefined })).next();
    time.advance(3_599_999);
    await settled();
    expect(peer.waiting).toBe(0);
    time.advance(1);
    const closed = (await peer.next())!;
    expect(closed.header.messageType).toBe(MessageType.SessionClose);
    expect(SessionCloseMetadata.decode(closed.metadata)).toMatchObject({
      closeReason: CloseReason.AuthRevoked,
      sessionErrorCode: SessionErrorCode.AuthFailed,
    });
    expect(served.server.sessionCount).toBe(0);
    // The connection and its other sessions go on.
    expect((await peer.send(open(2)).next())?.header.messageType).toBe(MessageType.SessionOpenAck);
  });

  it('ends a session whose client is away, too', async () => {
    const served = expiring(() => accept(undefined, { expiresAt: new Date(NOON + 1000) }));
    const session = firstValueFrom(served.server.sessions$);
    await visit(served, open(1).resumable());
    const states = told((await session).state$);
    time.advance(1000);
    expect(states).toEqual(['reconnecting', 'closed', '|']);
  });

  it('runs on where the client comes back with a later one, and never where it has none', async () => {
    const given = [NOON + 1000, NOON + 5000, undefined];
    const served = expiring(() => {
      const expiresAt = given.shift();
      return expiresAt === undefined ? true : accept(undefined, { expiresAt });
    });
    await visit(served, open(1).resumable());
    await visit(served, open(1).resuming(resumeToken(1)));
    time.advance(4999);
    expect(served.server.sessionCount).toBe(1);
    await visit(served, open(1).resuming(resumeToken(2)));
    time.advance(60_000);
    expect(served.server.sessionCount).toBe(1);
  });

  it('is told where it is given in seconds', async () => {
    const seconds = NOON / 1000 + 3600;
    const served = expiring(() => accept(undefined, { expiresAt: seconds }));
    await expect(served.open()).rejects.toMatchObject({ errorCode: SessionErrorCode.AuthFailed });
    expect(served.failures).toMatchObject([
      {
        cause: new RangeError(
          `it accepts until ${seconds}, which is ${new Date(seconds).toISOString()}: expiresAt is a Date or milliseconds since 1970, and these look like seconds, as the exp of a JWT has them; multiply by 1000`,
        ),
      },
    ]);
  });

  it.each([
    ['a time of today that is over', NOON - 1],
    ['seconds that are over', NOON / 1000 - 1],
  ])('is no fault of the policy where it is %s', async (_, expiresAt) => {
    const served = expiring(() => accept(undefined, { expiresAt }));
    await expect(served.open()).rejects.toMatchObject({ errorCode: SessionErrorCode.AuthFailed });
    expect(served.failures).toEqual([]);
  });

  it('is a date also where the scheduler that is given has none', async () => {
    const served = serve({
      policy: () => accept(undefined, { expiresAt: Date.now() - 1000 }),
      scheduler: monotonicScheduler,
    });
    await expect(served.open()).rejects.toMatchObject({ errorCode: SessionErrorCode.AuthFailed });
  });

  it('refuses where it is over already', async () => {
    const served = expiring(() => accept(undefined, { expiresAt: NOON }));
    await expect(served.open()).rejects.toMatchObject({
      errorCode: SessionErrorCode.AuthFailed,
      text: `the time that the policy has given was over at ${new Date(NOON).toISOString()}`,
    });
  });

  it('says when, so that seconds in the place of milliseconds show', async () => {
    const seconds = expiring(() => accept(undefined, { expiresAt: NOON / 1000 }));
    await expect(seconds.open()).rejects.toMatchObject({
      text: expect.stringMatching(/ at 1970-01-\d\dT/) as string,
    });
    const never = expiring(() => accept(undefined, { expiresAt: -Infinity }));
    await expect(never.open()).rejects.toMatchObject({
      text: expect.stringMatching(/ at -Infinity$/) as string,
    });
  });

  it('is noticed within a minute where the clock is set on', async () => {
    const served = expiring(() => accept(undefined, { expiresAt: NOON + 86_400_000 }));
    await visit(served, open(1).resumable());
    step = 86_400_000;
    time.advance(60_000);
    expect(served.server.sessionCount).toBe(0);
  });

  it('leaves no timer behind', async () => {
    const served = expiring(() => accept(undefined, { expiresAt: NOON + 86_400_000 }));
    const peer = await Peer.connect(served.endpoint);
    await peer.send(open(1)).next();
    peer.send(sessionClose(1));
    await settled();
    await peer.close();
    await settled();
    expect(time.pendingCount).toBe(0);
  });
});

describe('a source of tokens that fails', () => {
  it.each<[string, unknown, string]>([
    ['gives too few', () => new Uint8Array(3), 'gave 3'],
    ['gives none', () => undefined, 'gave undefined'],
    ['gives a promise', () => Promise.reject(new Error('later')), 'gave an object (Promise)'],
    [
      'throws',
      () => {
        throw new Error('no entropy');
      },
      'no entropy',
    ],
  ])('because it %s has the system’s in its place, and is reported', async (_, randomBytes, words) => {
    const served = serve({ randomBytes: randomBytes as () => Uint8Array });
    const peer = await Peer.connect(served.endpoint);
    const opened = (await peer.send(open(1).resumable()).next())!;
    const token = opened.body.slice(0, 24);
    expect(new Set(token).size).toBeGreaterThan(2);
    expect(served.failures).toMatchObject([{ kind: 'internal', origin: 'application' }]);
    expect(served.failures[0]?.message).toContain('randomBytes failed for a SESSION_OPEN of session 1');
    expect(served.failures[0]?.message).toContain(words);
    await peer.close();
    await settled();
    expect(await visit(served, open(1).resuming(token))).toMatchObject({
      sessionStatus: SessionStatus.Resumed,
    });
  });
});

describe('a policy that never answers', () => {
  it('has the client told to come later, on a connection that has a session', async () => {
    const time = new VirtualTime();
    const served = serve({
      scheduler: time,
      policy: ({ open: { requestedSessionId } }) => (requestedSessionId === 1 ? true : NEVER),
    });
    const peer = await Peer.connect(served.endpoint);
    await peer.send(open(1)).next();
    peer.send(open(2));
    await settled();
    time.advance(5000);
    const { metadata } = (await peer.next())!;
    expect(SessionOpenAckMetadata.decode(metadata).sessionStatus).toBe(SessionStatus.RetryLater);
    expect(served.failures).toMatchObject([
      {
        message: expect.stringMatching(
          /^the policy failed for a SESSION_OPEN of session 2 from \S+: it has not answered within 5000 ms$/,
        ) as string,
      },
    ]);
    expect((await peer.send(patch(1)).next())?.header.messageType).toBe(MessageType.SessionPatchAck);
  });
});

it('a client that is told a code by a plain policy hears it', async () => {
  const served = serve({ policy: () => SessionErrorCode.PriorityRejected });
  await expect(served.open({ auth: text('x') })).rejects.toMatchObject({
    errorCode: SessionErrorCode.PriorityRejected,
  });
});
