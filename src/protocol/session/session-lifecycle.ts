import { NnrpError } from '../../wire/errors';
import { CloseStatus } from '../../wire/messages/session-close';

/**
 * The state of a session on a connection (protocol section 8).
 *
 * ```
 *  ack: opened     ack: resumed
 *      |                |
 *      v                v                       ack: draining
 *  +------+        +---------+   SESSION_CLOSE  +---------+  ------------>  +----------+
 *  | open |        | resumed | ---------------> | closing |                 | draining |
 *  +------+        +---------+  (open as well)  +---------+  <------------  +----------+
 *      ^                                             |      ack: acknowledged    |
 *      |                ack: rejected                |                           |
 *      +---------------------------------------------+---------------------------+
 *                                                    |                           |
 *                                                    |  ack: closed              |
 *                                                    v                           |
 *                                               +--------+                       |
 *                                               | closed | <---------------------+
 *                                               +--------+
 * ```
 *
 * A SESSION_CLOSE_ACK that nobody asked for moves an open or resumed session in the same way: that is
 * how a server ends one.
 */
export const SessionState = {
  Open: 'open',
  Resumed: 'resumed',
  Closing: 'closing',
  Draining: 'draining',
  Closed: 'closed',
} as const;
export type SessionState = (typeof SessionState)[keyof typeof SessionState];

/** Whether a session takes new operations: only while it is open or resumed. */
export function acceptsOperations(state: SessionState): boolean {
  return state === SessionState.Open || state === SessionState.Resumed;
}

/** Whether messages of a session's scope are taken: until it is closed. */
export function acceptsMessages(state: SessionState): boolean {
  return state !== SessionState.Closed;
}

/** The state after SESSION_CLOSE. Throws an `NnrpError`, `SessionNotOpen`. */
export function afterClose(state: SessionState, sessionId: number): SessionState {
  if (!acceptsOperations(state)) throw new NnrpError({ kind: 'SessionNotOpen', sessionId });
  return SessionState.Closing;
}

/** The state after SESSION_CLOSE_ACK. Throws an `NnrpError`, `SessionNotOpen` for a closed session. */
export function afterCloseAck(state: SessionState, status: CloseStatus, sessionId: number): SessionState {
  if (!acceptsMessages(state)) throw new NnrpError({ kind: 'SessionNotOpen', sessionId });
  switch (status) {
    case CloseStatus.Acknowledged:
      return SessionState.Closing;
    case CloseStatus.Draining:
      return SessionState.Draining;
    case CloseStatus.Closed:
      return SessionState.Closed;
    case CloseStatus.Rejected:
      return SessionState.Open;
  }
}
