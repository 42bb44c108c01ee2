import { breaksRule } from '../../wire/errors';
import {
  SessionAckFlag,
  SessionErrorCode,
  SessionFlag,
  SessionStatus,
  type SessionOpenAckMetadata,
  type SessionOpenMetadata,
} from '../../wire/messages/session-open';

/**
 * The meaning of a SESSION_OPEN_ACK for recovery (protocol sections 9 and 10):
 *
 * ```
 *                          opened, resume_enabled
 *                      +---------------------------> resume-enabled ---+
 *                      |   opened                                      | connection lost:
 *  SESSION_OPEN -------+---------------------------> fresh             | SESSION_OPEN with
 *       ^              |   resumed                                     | the token, within
 *       |              +---------------------------> resumed ----------+ the window
 *       |              |   rejected, resume_rejected                   |
 *       |              +---------------------------> resume-rejected   |
 *       +--------------------------------------------------------------+
 * ```
 *
 * Any other refusal is `fresh`, too: it says nothing of recovery.
 */
export type RecoveryOutcome =
  | { readonly kind: 'fresh' }
  /** The session can be resumed for so many milliseconds after its connection is lost. */
  | { readonly kind: 'resume-enabled'; readonly resumeWindowMs: number }
  | { readonly kind: 'resumed'; readonly resumeWindowMs: number }
  | { readonly kind: 'resume-rejected' };

/** Whether a SESSION_OPEN asks to resume: it announces a token. */
export function isResumeAttempt({
  resumeTokenBytes,
}: Pick<SessionOpenMetadata, 'resumeTokenBytes'>): boolean {
  return resumeTokenBytes > 0;
}

/**
 * Checks that a SESSION_OPEN with a token allows resume and names a session. Throws an `NnrpError`,
 * `InvalidProtocolCombination`: there is no ack for it, the connection ends (protocol section 9).
 */
export function checkRecoveryRequest(open: SessionOpenMetadata): void {
  if (!isResumeAttempt(open)) return;
  if ((open.sessionFlags & SessionFlag.AllowResume) === 0) {
    breaksRule('resume token requires allow_resume session flag');
  }
  if (open.requestedSessionId === 0) breaksRule('resume token must be bound to a requested session id');
}

/**
 * Checks an ack against its request and says what it means for recovery (protocol section 10). Throws
 * an `NnrpError`, `InvalidProtocolCombination`.
 */
export function checkRecoveryAck(open: SessionOpenMetadata, ack: SessionOpenAckMetadata): RecoveryOutcome {
  const { resumeWindowMs } = ack;
  const isEnabled = (ack.sessionFlagsAck & SessionAckFlag.ResumeEnabled) !== 0;
  if (isEnabled && (resumeWindowMs === 0 || ack.resumeTokenBytes === 0)) {
    breaksRule('resume_enabled ack requires non-zero resume window and token bytes');
  }
  switch (ack.sessionStatus) {
    case SessionStatus.Opened:
      return isEnabled ? { kind: 'resume-enabled', resumeWindowMs } : { kind: 'fresh' };
    case SessionStatus.Resumed:
      if (!isResumeAttempt(open)) breaksRule('resumed ack requires a resume token in the request');
      if (ack.sessionErrorCode !== SessionErrorCode.None) {
        breaksRule('resumed ack must not carry a session error');
      }
      if (!isEnabled) breaksRule('resumed ack must keep resume_enabled set');
      return { kind: 'resumed', resumeWindowMs };
    case SessionStatus.Rejected:
      if (ack.sessionErrorCode === SessionErrorCode.ResumeRejected) return { kind: 'resume-rejected' };
      return { kind: 'fresh' };
    case SessionStatus.RetryLater:
      return { kind: 'fresh' };
  }
}

/** Bit n of what is asked is bit n of what is granted; the ack's `priority_downgraded` takes away. */
const GRANTS =
  SessionAckFlag.ResumeEnabled |
  SessionAckFlag.BackgroundResultsEnabled |
  SessionAckFlag.CacheLeasesEnabled |
  SessionAckFlag.SchemaOverrideEnabled;

/**
 * Checks that an ack's flags confirm or downgrade what was asked for and add nothing (protocol section
 * 4). Throws an `NnrpError`, `InvalidProtocolCombination`.
 */
export function checkFlagsDowngradeOnly(
  { sessionFlags }: Pick<SessionOpenMetadata, 'sessionFlags'>,
  { sessionFlagsAck }: Pick<SessionOpenAckMetadata, 'sessionFlagsAck'>,
): void {
  if ((sessionFlagsAck & GRANTS & ~sessionFlags) !== 0) {
    breaksRule('session_flags_ack must not grant what session_flags did not ask for');
  }
}
