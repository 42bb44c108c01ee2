import { TAKEN_OVER } from '../../protocol/session/taken-over';
import { NnrpError } from '../../wire/errors';
import type { FlowScope } from '../../wire/messages/flow-update';
import { CloseReason, InFlightPolicy } from '../../wire/messages/session-close';
import { SessionErrorCode } from '../../wire/messages/session-open';

/** The credit that is told: the connection's, the session's, or an operation's for those that depend on it. */
export type CreditTarget =
  | { readonly scope: typeof FlowScope.Connection | typeof FlowScope.Session }
  | { readonly scope: typeof FlowScope.Operation; readonly frameId: number };

/**
 * How far a session is in coming to its end in good order, whoever asks for it; see `messages/close.ts`.
 *
 *          this side asks                      SESSION_CLOSE_ACK, or time over
 *   open ─────────────────▶ asked ──────────────────────────────────────────────▶ over
 *    │ │   the same, of a client                 idle, or time over              ▲ ▲
 *    │ │   that cannot be told                                                   │ │
 *    │ └──────────────────▶ drains ──────────────────────────────────────────────┘ │
 *    │     SESSION_CLOSE                         idle, or time over, and acked     │
 *    └────────────────────▶ answers ───────────────────────────────────────────────┘
 */
export type ClosePhase = 'open' | 'asked' | 'drains' | 'answers' | 'over';

/**
 * The cost to its connection of a packet that was no fault, counted once its session has done with it:
 * it may be once too often.
 *
 * - `refused`: a request was well-formed, and is not served
 * - `cancelled-early`: the client has taken back so many operations that had only just come, or nothing, which
 *   counts as one
 * - `queued`: a submit has to wait for a slot
 */
export type Toll =
  { readonly kind: 'refused' | 'queued' } | { readonly kind: 'cancelled-early'; readonly count: number };

/**
 * Milliseconds after which a client that takes an operation back has had use of it: one that has as many in
 * flight as its credit allows, and changes its mind all the time, is no flood.
 */
const USE_MS = 10;

/** Whether an operation that is taken back now had only just come. */
export function isEarly({ arrivedAt }: { readonly arrivedAt: number }, now: number): boolean {
  return now - arrivedAt < USE_MS;
}

export const REFUSED: Toll = { kind: 'refused' };
export const QUEUED: Toll = { kind: 'queued' };

/** The answer to what a session is asked that is over, or was not asked to close. */
export function notOpen({ sessionId }: { readonly sessionId: number }): NnrpError {
  return new NnrpError({ kind: 'SessionNotOpen', sessionId });
}

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

/** Nobody takes what the client asks for. */
export const UNSERVED_ENDING: SessionEnding = { ...NORMAL_ENDING, inFlightPolicy: InFlightPolicy.Abort };

/** The client may not have the session any more. */
export const REVOKED_ENDING: SessionEnding = {
  ...UNSERVED_ENDING,
  closeReason: CloseReason.AuthRevoked,
  sessionErrorCode: SessionErrorCode.AuthFailed,
};

/** Nobody has used the session for too long. */
export const IDLE_ENDING: SessionEnding = { ...UNSERVED_ENDING, closeReason: CloseReason.IdleTimeout };

/** Another client has the session, which has come with its ticket. */
export const TAKEN_OVER_ENDING: SessionEnding = { ...UNSERVED_ENDING, sessionErrorCode: TAKEN_OVER };
