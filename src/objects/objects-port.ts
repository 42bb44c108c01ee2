import type { Observable, SchedulerLike } from 'rxjs';
import type { LastWord } from '../protocol/suspect';
import type { MessageType } from '../wire/message-type';
import type { RuntimeRole } from '../wire/preview4/control/runtime-role';

/** The connection that carries a session, as what is long on its way has to know it. */
export interface ObjectsConnection {
  /** Bytes of all that was sent over it. */
  readonly sentBytes: number;
  /** Bytes besides, that it had been sent before; where it is another node's, and as that has told by now. */
  readonly sentBefore?: (() => number) | undefined;
  /**
   * Asks the other end to show that it has received what was sent so far. Returns whether it has; undefined where it
   * cannot be asked.
   */
  receipt(): (() => boolean) | undefined;
}

/** What the objects of a session need of it: it is a session of the server's, or of a client's. */
export interface ObjectsPort {
  readonly role: typeof RuntimeRole.Client | typeof RuntimeRole.Server;
  readonly sessionId: number;
  readonly scheduler: SchedulerLike;
  /** Undefined while there is none. */
  readonly connection: ObjectsConnection | undefined;
  /** How the last connection has ended; undefined where it goes on without the session, which has moved. */
  readonly lost: { readonly lastWord: LastWord | undefined } | undefined;
  /** Throws a `RuntimeError` where nothing can be declared: the session is over, or its other end has no objects. */
  requireOpen(): void;
  /**
   * Sends to the other end, where there is a connection. Throws an `NnrpError`, `MessageLengthOverflow`, where that takes
   * none so large.
   */
  send(messageType: MessageType, frameId: number, metadata: Uint8Array, body: Uint8Array): void;
  /** As `send`, where the other end has asked for it: what waits of that is bounded. */
  answer(messageType: MessageType, frameId: number, metadata: Uint8Array, body: Uint8Array): void;
  /** The id of an operation that is under way; undefined where there is none, as far as this end can know. */
  operationId(frameId: number): bigint | undefined;
  /** Calls back once an operation that is under way has ended for this end. */
  whenEnded(frameId: number, ended: () => void): void;
  /** A stream for the application, whose subscribers may fail. */
  contain<T>(source$: Observable<T>): Observable<T>;
}
