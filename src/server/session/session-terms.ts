import type { FlowScope } from '../../wire/messages/flow-update';
import { CloseReason, InFlightPolicy } from '../../wire/messages/session-close';
import { SessionErrorCode } from '../../wire/messages/session-open';

/**
 * Whether a connection carries the session: `resumed` is attached again, `expired` is over because its
 * client did not come back in time, or could not be given all that it lacks.
 */
export type AttachmentState = 'attached' | 'detached' | 'resumed' | 'expired' | 'closed';

/** Whose credit is told: the connection's, the session's, or an operation's for those that depend on it. */
export type CreditTarget =
  | { readonly scope: typeof FlowScope.Connection | typeof FlowScope.Session }
  | { readonly scope: typeof FlowScope.Operation; readonly frameId: number };

/** How a server ends a session. */
export interface SessionEnding {
  readonly closeReason: CloseReason;
  readonly inFlightPolicy: InFlightPolicy;
  /** Milliseconds that operations in flight get, where they are drained. */
  readonly drainTimeoutMs: number;
  readonly sessionErrorCode: number;
}

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
