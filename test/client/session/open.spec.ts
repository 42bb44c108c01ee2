import { SessionRejectedError } from '../../../src/client/errors';
import { acceptedOpen } from '../../../src/client/session/open';
import { encodeSessionExtension } from '../../../src/protocol/session/session-extension';
import {
  SessionAckFlag,
  SessionErrorCode,
  SessionFlag,
  SessionOpenAckMetadata,
  SessionOpenMetadata,
  SessionStatus,
} from '../../../src/wire/messages/session-open';
import { kindOf } from '../../protocol/support';

const open = SessionOpenMetadata.of({ requestedSessionId: 8, sessionFlags: SessionFlag.AllowResume });
const token = new Uint8Array(24).fill(9);
const extension = encodeSessionExtension({ lastOperationId: 5 });

function ack(fields: Partial<SessionOpenAckMetadata> = {}): SessionOpenAckMetadata {
  return SessionOpenAckMetadata.of({ sessionId: 8, sessionStatus: SessionStatus.Opened, ...fields });
}

const RESUMABLE = {
  resumeTokenBytes: 24,
  resumeWindowMs: 1000,
  sessionFlagsAck: SessionAckFlag.ResumeEnabled,
};

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

describe('an ack that accepts', () => {
  it('is taken apart', () => {
    const given = ack({ ...RESUMABLE, sessionExtensionBytes: extension.length });
    expect(acceptedOpen(open, { ack: given, body: joined(token, extension) })).toEqual({
      ack: given,
      resumeToken: token,
      extension: { lastOperationId: 5 },
    });
  });

  it('may bring no blocks', () => {
    expect(acceptedOpen(open, { ack: ack(), body: new Uint8Array(0) })).toEqual({
      ack: ack(),
      resumeToken: new Uint8Array(0),
      extension: undefined,
    });
  });

  it('may announce a token and bring none, as the reference does: there is nothing to come back with', () => {
    const answer = acceptedOpen(open, { ack: ack(RESUMABLE), body: new Uint8Array(0) });
    expect(answer.resumeToken).toHaveLength(0);
    expect(answer.extension).toBeUndefined();
  });

  it('keeps a token of its own, not a piece of what was received', () => {
    const body = joined(token);
    const { resumeToken } = acceptedOpen(open, { ack: ack(RESUMABLE), body });
    body.fill(0);
    expect(resumeToken).toEqual(token);
  });
});

describe('an ack that refuses', () => {
  it.each([
    [SessionStatus.Rejected, SessionErrorCode.ProfileUnsupported],
    [SessionStatus.RetryLater, 0],
  ] as const)('is an error: %i, %i', (sessionStatus, sessionErrorCode) => {
    const answer = { ack: ack({ sessionId: 0, sessionStatus, sessionErrorCode }), body: new Uint8Array(0) };
    expect(() => acceptedOpen(open, answer)).toThrow(
      new SessionRejectedError(sessionStatus, sessionErrorCode),
    );
  });
});

describe('an ack that does not fit its request', () => {
  it.each([
    ['a session without an id', ack({ sessionId: 0 }), open],
    ['a resume that was not asked for', ack({ ...RESUMABLE, sessionStatus: SessionStatus.Resumed }), open],
    ['a resume without a window', ack({ ...RESUMABLE, resumeWindowMs: 0 }), open],
    ['another session than was asked for', ack({ sessionId: 9 }), open],
    [
      'another session than was to be resumed',
      ack({ ...RESUMABLE, sessionId: 9, sessionStatus: SessionStatus.Resumed }),
      SessionOpenMetadata.of({ ...open, resumeTokenBytes: 24 }),
    ],
    ['a grant that was not asked for', ack(RESUMABLE), SessionOpenMetadata.of({ requestedSessionId: 8 })],
  ])('is refused: %s', (_, given, asked) => {
    const body = new Uint8Array(given.resumeTokenBytes);
    expect(kindOf(() => acceptedOpen(asked, { ack: given, body }))).toBe('InvalidProtocolCombination');
  });
});

it('an ack may be for any session where the server is to choose', () => {
  const asked = SessionOpenMetadata.of({ requestedSessionId: 0 });
  const given = ack({ sessionId: 0xffffffff });
  expect(acceptedOpen(asked, { ack: given, body: new Uint8Array(0) }).ack.sessionId).toBe(0xffffffff);
});
