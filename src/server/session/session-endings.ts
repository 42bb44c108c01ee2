import { CloseReason, InFlightPolicy } from '../../wire/messages/session-close';
import { SessionErrorCode } from '../../wire/messages/session-open';
import type { SessionEnding } from './session-terms';

export const NORMAL_ENDING: SessionEnding = {
  closeReason: CloseReason.Normal,
  inFlightPolicy: InFlightPolicy.Drain,
  drainTimeoutMs: 0,
  sessionErrorCode: SessionErrorCode.None,
};

/** The client may not have the session any more. */
export const REVOKED_ENDING: SessionEnding = {
  closeReason: CloseReason.AuthRevoked,
  inFlightPolicy: InFlightPolicy.Abort,
  drainTimeoutMs: 0,
  sessionErrorCode: SessionErrorCode.AuthFailed,
};

/** Nobody has used the session for too long. */
export const IDLE_ENDING: SessionEnding = {
  closeReason: CloseReason.IdleTimeout,
  inFlightPolicy: InFlightPolicy.Abort,
  drainTimeoutMs: 0,
  sessionErrorCode: SessionErrorCode.None,
};
