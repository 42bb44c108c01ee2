import { SchemaRegistry } from '../../../src/protocol/capability/schema-registry';
import { TOKEN_DELTA } from '../../../src/protocol/content/token-delta';
import {
  checkOpen,
  judgeRecovery,
  openAck,
  wantsResume,
  type OpenVerdict,
} from '../../../src/server/opening/judge-open';
import { serverSettings, type ServerOptions } from '../../../src/server/options';
import { hashToken, type SessionTokens } from '../../../src/server/opening/resume-token';
import type { SessionCore } from '../../../src/server/session/session-core';
import { SessionRegistry } from '../../../src/server/opening/session-registry';
import { memory } from '../../../src/transport/memory';
import { Profile } from '../../../src/wire/messages/payload-kind';
import {
  PriorityClass,
  SessionAckFlag,
  SessionErrorCode,
  SessionFlag,
  SessionOpenAckMetadata,
  SessionOpenMetadata,
  SessionStatus,
} from '../../../src/wire/messages/session-open';

const token = new Uint8Array(24).fill(7);

function settings(options: Partial<ServerOptions> = {}) {
  return serverSettings({ listen: memory(), ...options });
}

function open(fields: Partial<SessionOpenMetadata> = {}): SessionOpenMetadata {
  return SessionOpenMetadata.of({
    profileId: Profile.Token,
    ...TOKEN_DELTA,
    maxInFlightOperations: 4,
    requestedSessionId: 1,
    ...fields,
  });
}

describe('the checks of a SESSION_OPEN', () => {
  const codeOf = (verdict: OpenVerdict | undefined): number =>
    verdict !== undefined && 'errorCode' in verdict ? verdict.errorCode : SessionErrorCode.None;

  it.each([
    ['nothing', {}, SessionErrorCode.None],
    ['the profile', { profileId: Profile.Tensor }, SessionErrorCode.ProfileUnsupported],
    ['the schema', { schemaId: 99 }, SessionErrorCode.SchemaUnsupported],
    ['its version', { schemaVersion: 99 }, SessionErrorCode.SchemaUnsupported],
    ['the operations in flight', { maxInFlightOperations: 5 }, SessionErrorCode.SessionLimitReached],
    [
      'the profile first',
      { profileId: 9, schemaId: 9, maxInFlightOperations: 9 },
      SessionErrorCode.ProfileUnsupported,
    ],
    ['the schema then', { schemaId: 9, maxInFlightOperations: 9 }, SessionErrorCode.SchemaUnsupported],
  ])('find fault with %s', (_, fields, code) => {
    expect(codeOf(checkOpen(open(fields), settings()))).toBe(code);
  });

  it('take no profile that preview3 does not assign, whoever supports it', () => {
    const supportedProfiles = [Profile.Token, 9];
    expect(codeOf(checkOpen(open({ profileId: 9 }), settings({ supportedProfiles })))).toBe(
      SessionErrorCode.ProfileUnsupported,
    );
  });

  it('ask the registry that the server was given', () => {
    expect(codeOf(checkOpen(open(), settings({ schemaRegistry: new SchemaRegistry() })))).toBe(
      SessionErrorCode.SchemaUnsupported,
    );
  });
});

function tokensOf(current: Uint8Array): SessionTokens {
  return { current: hashToken(current), previous: undefined, former: [] };
}

/** A session as recovery sees it. */
function core(
  sessionId: number,
  { before = open(), canResume = true, resumeTokenBytes = 24, tokens = tokensOf(token) } = {},
): SessionCore {
  const seen: Pick<SessionCore, 'sessionId' | 'open' | 'granted' | 'canResume'> & {
    readonly claim: Partial<SessionCore['claim']>;
  } = {
    sessionId,
    open: before,
    granted: SessionOpenAckMetadata.of({ resumeTokenBytes }),
    claim: { tokens },
    canResume: () => canResume,
  };
  return seen as SessionCore;
}

/** The same session, which does not wait for its client. */
function plain(session: SessionCore): SessionCore {
  return Object.assign(session, { claim: { tokens: undefined } });
}

function judge(
  fields: Partial<SessionOpenMetadata>,
  {
    options = {},
    sessions = [],
    proof = token,
  }: { options?: Partial<ServerOptions>; sessions?: readonly SessionCore[]; proof?: Uint8Array } = {},
): OpenVerdict {
  const given = settings(options);
  const registry = new SessionRegistry<SessionCore>();
  for (const session of sessions) registry.set(session);
  return judgeRecovery(open(fields), { token: proof, receivedResults: 0 }, given, registry);
}

const REFUSED = { status: SessionStatus.Rejected, errorCode: SessionErrorCode.ResumeRejected };
const RESUME = { requestedSessionId: 8, resumeTokenBytes: 24, sessionFlags: SessionFlag.AllowResume };

describe('recovery', () => {
  it('opens the session that is asked for, or one that is free', () => {
    expect(judge({ requestedSessionId: 8 })).toEqual({ status: SessionStatus.Opened, sessionId: 8 });
    expect(judge({ requestedSessionId: 0 }, { sessions: [core(1), core(2)] })).toEqual({
      status: SessionStatus.Opened,
      sessionId: 3,
    });
  });

  it('gives nobody an id that is in use', () => {
    expect(judge({ requestedSessionId: 8 }, { sessions: [core(8)] })).toEqual({
      status: SessionStatus.Rejected,
      errorCode: SessionErrorCode.SessionLimitReached,
      text: 'session id 8 is in use, ask for another or, with 0, for any',
    });
  });

  it('resumes who has the token', () => {
    const session = core(8);
    expect(judge(RESUME, { sessions: [session] })).toEqual({
      status: SessionStatus.Resumed,
      sessionId: 8,
      core: session,
      tokens: tokensOf(token),
      used: 'current',
    });
  });

  it.each<[string, Parameters<typeof judge>[1]]>([
    ['no token', { sessions: [core(8)], proof: new Uint8Array(0) }],
    ['an unknown session', {}],
    ['a session that cannot go on without a gap', { sessions: [core(8, { canResume: false })] }],
    ['another profile', { sessions: [core(8, { before: open({ profileId: Profile.Tensor }) })] }],
    ['another schema', { sessions: [core(8, { before: open({ schemaId: 77 }) })] }],
    ['another version of it', { sessions: [core(8, { before: open({ schemaVersion: 77 }) })] }],
    ['a session that is not resumable', { sessions: [plain(core(8))] }],
  ])('gives one and the same answer to %s', (_, stage) => {
    expect(judge(RESUME, stage)).toEqual(REFUSED);
  });

  it('tells a wrong token of a session that is there from all of these, which are no guesses', () => {
    const guess = { ...REFUSED, isWrongToken: true };
    expect(judge(RESUME, { sessions: [core(8)], proof: new Uint8Array(24) })).toEqual(guess);
    // The token of another session.
    const sessions = [core(9), core(8, { tokens: tokensOf(new Uint8Array(24)) })];
    expect(judge(RESUME, { sessions })).toEqual(guess);
  });

  it('by id lets in whoever names a session that was granted it', () => {
    const options = { resume: 'by-id' } as const;
    expect(judge(RESUME, { options, sessions: [core(8)], proof: new Uint8Array(0) })).toEqual({
      status: SessionStatus.Resumed,
      sessionId: 8,
      core: undefined,
    });
    expect(judge(RESUME, { options, sessions: [core(8, { resumeTokenBytes: 0 })] })).toEqual(REFUSED);
    expect(judge(RESUME, { options })).toEqual(REFUSED);
    expect(judge({ requestedSessionId: 0 }, { options, sessions: [core(1)] })).toMatchObject({
      sessionId: 1,
    });
  });
});

describe('the answer', () => {
  const asked = open({
    requestedSessionId: 8,
    priorityClass: PriorityClass.Background,
    sessionFlags: SessionFlag.AllowResume,
  });
  const NO_BLOCKS = { resumeTokenBytes: 0, sessionExtensionBytes: 0 };

  it('grants: what was asked for, echoed, and what the server has', () => {
    const ack = openAck(asked, { status: SessionStatus.Opened, sessionId: 8 }, settings(), {
      resumeTokenBytes: 24,
      sessionExtensionBytes: 16,
    });
    expect(ack).toEqual(
      SessionOpenAckMetadata.of({
        sessionId: 8,
        acceptedProfileId: Profile.Token,
        acceptedPriorityClass: PriorityClass.Background,
        sessionStatus: SessionStatus.Opened,
        ...TOKEN_DELTA,
        grantedOperationCredit: 4,
        maxInFlightOperations: 4,
        leaseTtlMs: 30_000,
        resumeWindowMs: 120_000,
        resumeTokenBytes: 24,
        sessionExtensionBytes: 16,
        serverSessionTag: 8n,
        sessionFlagsAck: SessionAckFlag.ResumeEnabled,
      }),
    );
  });

  it('grants no resume without a token', () => {
    const ack = openAck(asked, { status: SessionStatus.Opened, sessionId: 8 }, settings(), NO_BLOCKS);
    expect(ack.sessionFlagsAck).toBe(0);
  });

  it.each([
    [SessionStatus.Rejected, SessionErrorCode.AuthFailed],
    [SessionStatus.Rejected, 0xc0ffee],
    [SessionStatus.RetryLater, 0],
  ] as const)('refuses with status %i and code %i, and names no session', (status, errorCode) => {
    const ack = openAck(asked, { status, errorCode }, settings(), NO_BLOCKS);
    expect(ack).toMatchObject({
      sessionId: 0,
      serverSessionTag: 0n,
      sessionStatus: status,
      sessionErrorCode: errorCode,
    });
  });

  it('knows who wants to come back', () => {
    expect(wantsResume(asked, settings())).toBe(true);
    expect(wantsResume(asked, settings({ resumeWindowMs: 0 }))).toBe(false);
    expect(wantsResume(open({ sessionFlags: SessionFlag.AllowCacheLeases }), settings())).toBe(false);
  });
});
