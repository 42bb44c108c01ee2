import type { OperationRecord, SessionRecord } from './records';
import type { Use } from './wire/heard';

/** What was seen at one moment, for the invariants that judge a moment. */
export type Fact =
  /** A client sent a submit for the first time. */
  | {
      readonly kind: 'submitted';
      readonly operation: OperationRecord;
      readonly isHeld: boolean;
      /** Operations that were outstanding before, in the session and on the connection. */
      readonly outstanding: { readonly session: number; readonly connection: number };
      readonly granted: { readonly session: number; readonly connection: number };
    }
  /** The server let a client take a session up. */
  | {
      readonly kind: 'resumed';
      readonly session: SessionRecord;
      /** Whether the token was the current one, or the one before it and the current one not confirmed. */
      readonly isEntitled: boolean;
      readonly byWhom: string;
    }
  /** A packet came by another connection than the one that carries its session. */
  | {
      readonly kind: 'stray';
      readonly session: SessionRecord;
      readonly at: 'client' | 'server';
      readonly packet: string;
      readonly before: string;
      readonly after: string;
    }
  /** The server sent something of a session to another connection than the one that carries it. */
  | { readonly kind: 'misdirected'; readonly session: SessionRecord; readonly packet: string }
  /** A result went out again after a resume, and was not the same. */
  | { readonly kind: 'replayed-differently'; readonly session: SessionRecord; readonly number: number }
  /** The application answered an operation that was over, and the server took it. */
  | { readonly kind: 'answered-after-end'; readonly operation: OperationRecord }
  /** A last result was sent, for the first time under its number. */
  | {
      readonly kind: 'terminal-sent';
      readonly operation: OperationRecord;
      readonly packet: string;
      readonly isFirst: boolean;
    }
  /** A client came back to a session that was there for it, and was refused. */
  | { readonly kind: 'sent-away'; readonly session: SessionRecord }
  /** An operation was ended because its session closed, before the time that its client gave it was over. */
  | { readonly kind: 'cut-short'; readonly operation: OperationRecord; readonly deadline: number }
  /** A handler started. */
  | {
      readonly kind: 'started';
      readonly operation: OperationRecord;
      /** Whether a close of its session had been accepted. */
      readonly isClosed: boolean;
      /** Those that wait for a slot. */
      readonly waiting: readonly OperationRecord[];
    }
  /** A session's wait for its client ended. */
  | {
      readonly kind: 'expired';
      readonly session: SessionRecord;
      readonly waitedMs: number;
      readonly windowMs: number;
      /** Whether more waited for the client than there is room for. */
      readonly isOverfull: boolean;
    }
  /** Somebody called something with an argument that cannot be sent. */
  | {
      readonly kind: 'bad-call';
      readonly session: SessionRecord;
      readonly what: string;
      readonly answer: 'refused' | 'taken' | 'unanswered';
      /** What was otherwise when the call returned. */
      readonly changed: string | undefined;
      readonly hasSent: boolean;
    }
  /** A process that woke cut a connection, and had not read what its peer had said meanwhile. */
  | {
      readonly kind: 'cut-unread';
      readonly who: string;
      readonly connectionId: number;
      readonly unreadBytes: number;
    }
  /** A packet was sent that the other end does not take. */
  | {
      readonly kind: 'too-large';
      readonly who: string;
      readonly packet: string;
      readonly bytes: number;
      readonly most: number;
    }
  /** A result was sent of an operation that its client holds. */
  | { readonly kind: 'sent-while-held'; readonly operation: OperationRecord }
  /** A result was sent that goes beyond what its client has given the answer. */
  | { readonly kind: 'over-budget'; readonly operation: OperationRecord; readonly left: Use }
  /** An answer was called late, with time left by the date. */
  | { readonly kind: 'ended-early'; readonly operation: OperationRecord; readonly leftMs: number }
  /** The server heard that nobody wants an operation any more. */
  | { readonly kind: 'taken-back'; readonly operation: OperationRecord }
  /** A client heard how far an operation is that was over for it. */
  | { readonly kind: 'progress-after-end'; readonly operation: OperationRecord }
  /** An operation ended for its budget, with which all that its handler gave would have used so much. */
  | { readonly kind: 'ended-poor'; readonly operation: OperationRecord; readonly used: Use }
  /** An operation ended for a consumer that is too slow. */
  | {
      readonly kind: 'called-slow';
      readonly operation: OperationRecord;
      readonly stillMs: number;
      readonly allowedMs: number;
    }
  /** A submit that a server has had was sent to a session in the place of that server's. */
  | { readonly kind: 'sent-anew'; readonly operation: OperationRecord }
  /** A client was told that it has its session again. */
  | {
      readonly kind: 'told-again';
      readonly session: SessionRecord;
      readonly as: 'resumed' | 'reopened';
      /** Whether it is another than it was told of last. */
      readonly isAnother: boolean;
    }
  /** A session was revoked, by nobody, with time left. */
  | { readonly kind: 'revoked-early'; readonly session: SessionRecord; readonly leftMs: number };
