import type { Observable, Observer, Subscription } from 'rxjs';
import type { Lateness } from '../../../operators/application/drop-late';
import type { HandlerContext, SubmitHandler } from '../../../operators/application/respond-to-submits';
import type { Capabilities } from '../../protocol/capability/capabilities';
import type { SessionObjects } from '../../objects/shared-object';
import type { CancelScope } from '../../protocol/operation/operation';
import type { Operation } from '../../protocol/operation/operation-entry';
import type { Result } from '../../protocol/operation/result';
import type { TraceContext } from '../../protocol/operation/trace-context';
import type { SentBefore } from '../log/sent-before';
import type { SessionConnectivity } from '../../protocol/session/session-connectivity';
import type { SessionState } from '../../protocol/session/session-lifecycle';
import type { PeerIdentity } from '../../transport/peer-identity';
import type { PeerName, TransportKind } from '../../transport/transport';
import type { Message } from '../../wire/message';
import type { MessageType } from '../../wire/message-type';
import type { FlowUpdateMetadata } from '../../wire/messages/flow-update';
import type { ResultHintMetadata } from '../../wire/messages/result-hint';
import type { SessionOpenAckMetadata, SessionOpenMetadata } from '../../wire/messages/session-open';
import type { MigrateRequest, PatchRequest, SessionMessage, Submit } from './session-message';
import type { CreditTarget, SessionEnding } from './session-terms';

/**
 * A client's session: a stream of all that it asks for, in order; views of that stream by message
 * type; and senders for what it is answered with. It completes when the session is over.
 *
 * @example
 * server.sessions$.subscribe((session) => {
 *   session.respond((submit) => model.stream(submit.body));
 * });
 */
export interface ServerSession<Context = unknown> extends Observable<SessionMessage> {
  readonly sessionId: number;
  /** Whether it takes messages and submits. */
  readonly state: SessionState;
  /** What becomes of its connection: now, then at each change; completes with the session. */
  readonly state$: Observable<SessionConnectivity>;
  /** @deprecated The same as `state$`, its name at both ends; goes with the next release. */
  readonly attachment$: Observable<SessionConnectivity>;
  /** What the client asked for. */
  readonly open: SessionOpenMetadata;
  /** What it was granted. */
  readonly granted: SessionOpenAckMetadata;
  /** What the policy has found out about the client, the last time that it was asked: see `accept`. */
  readonly context: Context;
  /** What the client has shown last, of which that was found out; empty where it has shown nothing. */
  readonly auth: Uint8Array;
  /**
   * Who the client was by its certificate then. Undefined where it has shown none, where the one shown could not be
   * verified, and without TLS.
   */
  readonly identity: PeerIdentity | undefined;
  /** The client's address, as the connection that carries the session has it, or the last one that did. */
  readonly peer: PeerName;
  /** The kind of that connection. */
  readonly transport: TransportKind;
  /** The highest operation id that the client has submitted. */
  readonly lastOperationId: number;
  /** Operations that have not ended, waiting ones among them. */
  readonly operations: readonly Operation[];
  /** Objects that the client has cached. */
  readonly cacheObjectCount: number;
  /** What the client declares, refers to, changes and releases, and what is declared to it. Of preview4 alone. */
  readonly objects: SessionObjects;
  /**
   * What of its last offer the client was told that this server can do, too (CAPABILITY_NEGOTIATION of preview4): tokens of
   * `capabilities` of `createServer`. Undefined where it has made none.
   */
  readonly capabilities: Capabilities | undefined;
  /** Submits, as slots are free (`maxInFlightOperations`). They wait until somebody subscribes. */
  readonly submits$: Observable<Submit>;
  /** Cancels of the client that have ended an operation. */
  readonly cancels$: Observable<Message<typeof MessageType.FrameCancel>>;
  /** Requests to change settings; refused while nobody subscribes. */
  readonly patches$: Observable<PatchRequest>;
  /** Requests to move to another transport; answered without the application while nobody subscribes. */
  readonly migrations$: Observable<MigrateRequest>;
  /** The close that the client asks for, if it does. */
  readonly closes$: Observable<Message<typeof MessageType.SessionClose>>;
  /**
   * Whether results wait because the client does not take them as fast as they come, or is away: now, then at each
   * change; completes with the session.
   */
  readonly pressure$: Observable<boolean>;
  /**
   * Where results go: `pipe(…).subscribe(session.results)`. A result of an operation that has ended
   * meanwhile is not sent; one that cannot be encoded costs its operation; an error drops every operation
   * of the session.
   */
  readonly results: Observer<Result>;
  /**
   * Answers every submit with what `handler` makes of it: bytes and strings become parts of the answer,
   * completion its end. A cancel, a disconnect and a close unsubscribe the handler; a handler that
   * throws costs its own operation. Unsubscribe to stop taking submits; those
   * that are being answered are dropped. Throws a `TypeError` that names what is no handler or no option, and a
   * `RuntimeError` where the session has a handler, whose answers would mix with these.
   *
   * @example
   * session.respond(async function* (submit) {
   *   for await (const token of model.stream(decoder.decode(submit.body))) yield token;
   * });
   */
  respond(
    handler: SubmitHandler<Submit>,
    options?: {
      /** Gives submits up that are past their deadline. Default: a deadline is only what `submit.deadline` says. */
      readonly late?: Lateness;
      /**
       * What becomes of an answer that goes beyond what its client allows it (`submit.budget$`): it is ended,
       * `budget-exceeded`, without what is too much, or goes on, for the handler to end. Default `end`.
       */
      readonly overBudget?: 'end' | 'continue';
      /**
       * Whether strings of one answer that come in one turn of the event loop are sent as one result, with a frame
       * for each: fewer bytes, and less work at both ends. Default false: one string, one result.
       */
      readonly coalesce?: boolean;
      /**
       * Goes on with an operation whose node is gone, after what was sent of it: with what a model is given to go on
       * with, or by asking again for what comes after `sent.count` parts. Its answer is as a handler's. With `log` of a
       * cluster; of each submit that runs the body is logged, too. Default: such an operation ends, `node-lost`.
       */
      readonly continueWith?: (
        submit: Submit,
        sent: SentBefore,
        context: HandlerContext,
      ) => ReturnType<SubmitHandler<Submit>>;
    },
  ): Subscription;
  /**
   * Sends one result. Throws an `NnrpError`, `UnknownOperation`, where its operation is not with the
   * application, and one of the record's kinds where its fields are not allowed; a `RuntimeError`, `internal`,
   * where its body is larger than 15/16 of what `limits.maxUnreadBytes` has left for it.
   */
  sendResult(result: Result): void;
  /**
   * Cancels an operation, and what `scope` reaches from it (default: that alone); see `Submit.relate`. The client
   * gets RESULT_DROP for each. Returns the ids that were cancelled. Throws an `NnrpError`, `UnknownOperation`
   * among others.
   */
  cancel(frameId: number, scope?: CancelScope): number[];
  /**
   * Grants credit: how many operations the client may have in flight, in the session by default. Of an
   * operation that has ended the client hears nothing.
   */
  grant(credit: number, target?: CreditTarget): void;
  /** Asks the client to submit nothing more until it is granted credit, or the pause is taken back. */
  pause(target?: CreditTarget): void;
  /** Takes a pause back; by default with the credit that the session was opened with. */
  unpause(credit?: number, target?: CreditTarget): void;
  /**
   * Closes the session; resolves when it is over. By default: normal, drained without time to do it in.
   * Rejects with an `NnrpError` where a field is not allowed; the session then goes on.
   */
  close(ending?: Partial<SessionEnding>): Promise<void>;
  /** Closes the session at once, because the client may not have it any more. */
  revoke(): Promise<void>;
  /** Sends a RESULT_HINT of an operation. Throws an `NnrpError` where a field is not allowed. */
  sendHint(frameId: number, fields: Partial<ResultHintMetadata>): void;
  /**
   * Tells the client where the server has its work in a trace (TRACE_CONTEXT): that for an operation which is under way, or
   * for the session, which is frame 0. `traces$` of a client of preview4; any other, and one that is away, is not told.
   * Throws a `RangeError` or a `TypeError` for a value that is none.
   *
   * @example
   * session.respond((submit) => {
   *   session.sendTrace({ traceId: span.traceId, spanId: span.spanId }, submit.frameId);
   *   return model.stream(submit.text);
   * });
   */
  sendTrace(trace: TraceContext, frameId?: number): void;
  /** Sends a FLOW_UPDATE. Throws an `NnrpError` where scope and fields do not fit. */
  sendFlowUpdate(update: FlowUpdateMetadata): void;
}
