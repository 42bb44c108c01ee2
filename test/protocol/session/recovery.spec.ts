import {
  checkFlagsDowngradeOnly,
  checkRecoveryAck,
  checkRecoveryRequest,
  isResumeAttempt,
} from '../../../src/protocol/session/recovery';
import {
  SessionAckFlag,
  SessionErrorCode,
  SessionFlag,
  SessionOpenAckMetadata,
  SessionOpenMetadata,
  SessionStatus,
} from '../../../src/wire/messages/session-open';
import { brokenRule, faultOf } from '../support';

const { Opened, Resumed, Rejected, RetryLater } = SessionStatus;

const open = (fields: Partial<SessionOpenMetadata> = {}): SessionOpenMetadata =>
  SessionOpenMetadata.of({
    requestedSessionId: 42,
    sessionFlags: SessionFlag.AllowResume,
    resumeTokenBytes: 16,
    ...fields,
  });

const ack = (fields: Partial<SessionOpenAckMetadata> = {}): SessionOpenAckMetadata =>
  SessionOpenAckMetadata.of({
    sessionId: 42,
    sessionFlagsAck: SessionAckFlag.ResumeEnabled,
    resumeWindowMs: 10_000,
    resumeTokenBytes: 24,
    ...fields,
  });

const plain = { sessionFlagsAck: 0, resumeWindowMs: 0, resumeTokenBytes: 0 };

describe('a SESSION_OPEN that resumes', () => {
  it('allows resume and names its session', () => {
    expect(() => checkRecoveryRequest(open())).not.toThrow();
    expect(isResumeAttempt(open())).toBe(true);
  });

  it('must allow resume', () => {
    expect(faultOf(() => checkRecoveryRequest(open({ sessionFlags: 0x0e })))).toEqual(
      brokenRule('resume token requires allow_resume session flag'),
    );
  });

  it('must name its session', () => {
    expect(faultOf(() => checkRecoveryRequest(open({ requestedSessionId: 0 })))).toEqual(
      brokenRule('resume token must be bound to a requested session id'),
    );
  });

  it('must allow resume before it must name its session', () => {
    expect(
      faultOf(() => checkRecoveryRequest(open({ requestedSessionId: 0, sessionFlags: 0 }))),
    ).toMatchObject({ rule: 'resume token requires allow_resume session flag' });
  });

  it('is none without a token, and free to do either', () => {
    const fresh = open({ resumeTokenBytes: 0, requestedSessionId: 0, sessionFlags: 0 });
    expect(isResumeAttempt(fresh)).toBe(false);
    expect(() => checkRecoveryRequest(fresh)).not.toThrow();
  });
});

describe('a SESSION_OPEN_ACK', () => {
  it.each([
    ['resume-enabled', open(), ack(), { kind: 'resume-enabled', resumeWindowMs: 10_000 }],
    ['resumed', open(), ack({ sessionStatus: Resumed }), { kind: 'resumed', resumeWindowMs: 10_000 }],
    [
      'resume-rejected',
      open(),
      ack({
        ...plain,
        sessionId: 0,
        sessionStatus: Rejected,
        sessionErrorCode: SessionErrorCode.ResumeRejected,
      }),
      { kind: 'resume-rejected' },
    ],
    ['fresh when opened without resume', open({ resumeTokenBytes: 0 }), ack(plain), { kind: 'fresh' }],
    [
      'fresh when refused for another reason',
      open(),
      ack({ ...plain, sessionStatus: Rejected, sessionErrorCode: SessionErrorCode.SessionLimitReached }),
      { kind: 'fresh' },
    ],
    [
      'fresh when told to come later',
      open(),
      ack({ ...plain, sessionStatus: RetryLater, sessionErrorCode: SessionErrorCode.ResumeRejected }),
      { kind: 'fresh' },
    ],
  ])('means %s', (_, request, answer, outcome) => {
    expect(checkRecoveryAck(request, answer)).toEqual(outcome);
  });

  describe.each([Opened, Resumed, Rejected, RetryLater])(
    'with status %i and resume_enabled',
    (sessionStatus) => {
      it.each([
        ['a window', { resumeWindowMs: 0 }],
        ['token bytes', { resumeTokenBytes: 0 }],
      ])('needs %s', (_, fields) => {
        expect(faultOf(() => checkRecoveryAck(open(), ack({ sessionStatus, ...fields })))).toEqual(
          brokenRule('resume_enabled ack requires non-zero resume window and token bytes'),
        );
      });
    },
  );

  it.each([
    [
      'a token in the request',
      open({ resumeTokenBytes: 0 }),
      {},
      'resumed ack requires a resume token in the request',
    ],
    [
      'no error',
      open(),
      { sessionErrorCode: SessionErrorCode.ResumeRejected },
      'resumed ack must not carry a session error',
    ],
    ['resume_enabled', open(), { sessionFlagsAck: 0 }, 'resumed ack must keep resume_enabled set'],
  ])('that says resumed needs %s', (_, request, fields, rule) => {
    expect(faultOf(() => checkRecoveryAck(request, ack({ sessionStatus: Resumed, ...fields })))).toEqual(
      brokenRule(rule),
    );
  });
});

describe('the flags of a SESSION_OPEN_ACK', () => {
  it('may confirm or downgrade what was asked for, and never add to it', () => {
    for (let sessionFlags = 0; sessionFlags <= 0x0f; sessionFlags++) {
      for (let sessionFlagsAck = 0; sessionFlagsAck <= 0x1f; sessionFlagsAck++) {
        const check = () => checkFlagsDowngradeOnly({ sessionFlags }, { sessionFlagsAck });
        const added = [0, 1, 2, 3].some((bit) => {
          const isSet = (flags: number) => Math.floor(flags / 2 ** bit) % 2 === 1;
          return isSet(sessionFlagsAck) && !isSet(sessionFlags);
        });
        if (!added) expect(check).not.toThrow();
        else {
          expect(faultOf(check)).toEqual(
            brokenRule('session_flags_ack must not grant what session_flags did not ask for'),
          );
        }
      }
    }
  });

  it('may lower the priority without being asked', () => {
    const sessionFlagsAck = SessionAckFlag.PriorityDowngraded;
    expect(() => checkFlagsDowngradeOnly({ sessionFlags: 0 }, { sessionFlagsAck })).not.toThrow();
  });
});
