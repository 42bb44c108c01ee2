import type { FlowScope } from '../../wire/messages/flow-update';
import type { CloseReason, InFlightPolicy } from '../../wire/messages/session-close';

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
