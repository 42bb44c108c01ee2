import { breaksRule, NnrpError } from '../../wire/errors';
import type { CommonHeader } from '../../wire/header';
import { MessageType } from '../../wire/message-type';
import { FlowScope, type FlowUpdateMetadata } from '../../wire/messages/flow-update';
import type { SessionCloseAckMetadata, SessionCloseMetadata } from '../../wire/messages/session-close';
import {
  SessionStatus,
  type PriorityClass,
  type SessionOpenAckMetadata,
} from '../../wire/messages/session-open';
import { validateFlowRouting } from '../flow/flow';
import { acceptsMessages, afterClose, afterCloseAck, SessionState } from './session-lifecycle';

/**
 * What a connection is doing (protocol section 8). Only an open one opens, closes and throttles
 * sessions; a closed one has closed all of them.
 *
 * ```
 *  +------+  beginClose   +---------+   close   +--------+
 *  | open | ------------> | closing | --------> | closed |
 *  +------+               +---------+           +--------+
 *      |                     close                  ^
 *      +--------------------------------------------+
 * ```
 */
export const ConnectionState = { Open: 'open', Closing: 'closing', Closed: 'closed' } as const;
export type ConnectionState = (typeof ConnectionState)[keyof typeof ConnectionState];

/** A session of a connection, as its SESSION_OPEN_ACK installed it; it shows the present state. */
export interface SessionRecord {
  readonly sessionId: number;
  readonly state: SessionState;
  readonly profileId: number;
  readonly priorityClass: PriorityClass;
  readonly schemaId: number;
  readonly schemaVersion: number;
  readonly maxInFlightOperations: number;
  readonly routeScopeId: number;
  /** As the last SESSION_CLOSE or its ack said; 0 before. */
  readonly lastOperationId: bigint;
  readonly sessionErrorCode: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Routing = Pick<CommonHeader, 'messageType' | 'sessionId'>;

/**
 * The sessions of a connection and what may happen to them, for either end.
 *
 * A closed session is held until `forget`, so that a late message of its scope can be told from one
 * of a session that never was; whoever opens and closes many sessions on one connection must forget
 * them.
 *
 * @example
 * const connection = new ConnectionLifecycle();
 * connection.applySessionOpenAck(ack);
 * connection.beginSessionClose(header, close);
 * connection.applySessionCloseAck(ackHeader, closeAck);
 * connection.forget(ack.sessionId);
 */
export class ConnectionLifecycle {
  #state: ConnectionState = ConnectionState.Open;
  readonly #sessions = new Map<number, Mutable<SessionRecord>>();

  get state(): ConnectionState {
    return this.#state;
  }

  /** How many sessions are held, closed ones that are not forgotten among them. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  session(sessionId: number): SessionRecord | undefined {
    return this.#sessions.get(sessionId);
  }

  sessions(): IterableIterator<SessionRecord> {
    return this.#sessions.values();
  }

  /** Opens and closes no more sessions. Throws an `NnrpError`, `ConnectionNotOpen`. */
  beginClose(): void {
    this.#requireOpen();
    this.#state = ConnectionState.Closing;
  }

  /** Closes the connection and its sessions. Throws an `NnrpError`, `ConnectionAlreadyClosed`. */
  close(): void {
    if (this.#state === ConnectionState.Closed) throw new NnrpError({ kind: 'ConnectionAlreadyClosed' });
    this.#state = ConnectionState.Closed;
    for (const session of this.#sessions.values()) session.state = SessionState.Closed;
  }

  /**
   * Installs the session that an ack opens or resumes; a rejecting ack installs none. Throws an
   * `NnrpError`: `SessionAlreadyExists`, `ConnectionNotOpen`, `InvalidProtocolCombination` for an id
   * that is 0 where it must not be, or the other way round.
   */
  applySessionOpenAck(ack: SessionOpenAckMetadata): void {
    this.#requireOpen();
    const { sessionId, sessionStatus } = ack;
    if (sessionStatus === SessionStatus.Rejected || sessionStatus === SessionStatus.RetryLater) {
      if (sessionId !== 0) breaksRule('rejected SESSION_OPEN_ACK must not install a session_id');
      return;
    }
    if (sessionId === 0) breaksRule('successful SESSION_OPEN_ACK requires a non-zero session_id');
    if (this.#sessions.has(sessionId)) throw new NnrpError({ kind: 'SessionAlreadyExists', sessionId });
    this.#sessions.set(sessionId, {
      sessionId,
      state: sessionStatus === SessionStatus.Opened ? SessionState.Open : SessionState.Resumed,
      profileId: ack.acceptedProfileId,
      priorityClass: ack.acceptedPriorityClass,
      schemaId: ack.schemaId,
      schemaVersion: ack.schemaVersion,
      maxInFlightOperations: ack.maxInFlightOperations,
      routeScopeId: ack.routeScopeId,
      lastOperationId: 0n,
      sessionErrorCode: ack.sessionErrorCode,
    });
  }

  /**
   * Applies a SESSION_CLOSE, sent or received. Throws an `NnrpError`: `UnknownSession`,
   * `SessionNotOpen`, `ConnectionNotOpen`, `InvalidProtocolCombination` for a header of another type
   * or of no session.
   */
  beginSessionClose(header: Routing, close: SessionCloseMetadata): void {
    this.#requireOpen();
    if (header.messageType !== MessageType.SessionClose) {
      breaksRule('SESSION_CLOSE lifecycle transition requires a SESSION_CLOSE header');
    }
    if (header.sessionId === 0) breaksRule('SESSION_CLOSE requires header.session_id!=0');
    const session = this.#require(header.sessionId);
    session.state = afterClose(session.state, session.sessionId);
    session.lastOperationId = close.lastOperationId;
    session.sessionErrorCode = close.sessionErrorCode;
  }

  /** Applies a SESSION_CLOSE_ACK, sent or received. Throws as {@link beginSessionClose} does. */
  applySessionCloseAck(header: Routing, ack: SessionCloseAckMetadata): void {
    this.#requireOpen();
    if (header.messageType !== MessageType.SessionCloseAck) {
      breaksRule('SESSION_CLOSE_ACK lifecycle transition requires a SESSION_CLOSE_ACK header');
    }
    if (header.sessionId === 0) breaksRule('SESSION_CLOSE_ACK requires header.session_id!=0');
    const session = this.#require(header.sessionId);
    session.state = afterCloseAck(session.state, ack.closeStatus, session.sessionId);
    session.lastOperationId = ack.lastOperationId;
    session.sessionErrorCode = ack.sessionErrorCode;
  }

  /**
   * Checks where a FLOW_UPDATE goes. Throws an `NnrpError`: what {@link validateFlowRouting} throws,
   * `ConnectionNotOpen`, or `UnknownSession` for a session that is unknown or closed.
   */
  validateFlowUpdate(header: Routing, metadata: FlowUpdateMetadata): void {
    this.#requireOpen();
    validateFlowRouting(header, metadata);
    if (metadata.scopeKind === FlowScope.Connection) return;
    const { sessionId } = header;
    const session = this.#sessions.get(sessionId);
    if (session === undefined || !acceptsMessages(session.state)) {
      throw new NnrpError({ kind: 'UnknownSession', sessionId });
    }
  }

  /**
   * Forgets a closed session, whose id may then be opened again. False where there is none of this
   * id, or it is not closed.
   */
  forget(sessionId: number): boolean {
    if (this.#sessions.get(sessionId)?.state !== SessionState.Closed) return false;
    return this.#sessions.delete(sessionId);
  }

  #requireOpen(): void {
    if (this.#state !== ConnectionState.Open) throw new NnrpError({ kind: 'ConnectionNotOpen' });
  }

  #require(sessionId: number): Mutable<SessionRecord> {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) throw new NnrpError({ kind: 'UnknownSession', sessionId });
    return session;
  }
}
