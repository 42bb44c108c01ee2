import type { Observable } from 'rxjs';
import type { CheckOptions } from '../../../operators/application/schema/check';
import type { Checked, StandardSchema } from '../../../operators/application/schema/standard-schema';
import type { CachedObject } from '../../protocol/cache/object-cache';
import type { Budget } from '../../protocol/operation/budget';
import type { Operation } from '../../protocol/operation/operation-entry';
import type { OperationState } from '../../protocol/operation/operation';
import type { ResultDrop, ResultFields, ResultPush } from '../../protocol/operation/result';
import type { Part } from '../../protocol/content/parts/part';
import type { Progress } from '../../protocol/operation/progress';
import type { Capabilities } from '../../protocol/capability/capabilities';
import type { RouteHint } from '../../protocol/operation/route-hint';
import type { TraceContext } from '../../protocol/operation/trace-context';
import type { ToolRequest } from '../../protocol/content/tool-call';
import type { DropReason } from '../../wire/preview4/results';
import type { Message, MessageOf } from '../../wire/message';
import type { MessageType } from '../../wire/message-type';
import type { SessionMigrateAckMetadata, SessionMigrateMetadata } from '../../wire/messages/session-migrate';
import type {
  PatchRejectReason,
  SessionPatchAckMetadata,
  SessionPatchMetadata,
} from '../../wire/messages/session-patch';

/**
 * What a session emits, in order, discriminated by `messageType`: FRAME_CANCEL after the operation was cancelled,
 * SESSION_CLOSE after the session took it, CACHE_REFERENCE where what it is of is cached.
 */
export type SessionMessage =
  | Submit
  | PatchRequest
  | MigrateRequest
  | MessageOf<
      | typeof MessageType.FrameCancel
      | typeof MessageType.SessionClose
      | typeof MessageType.CachePut
      | typeof MessageType.CacheInvalidate
      | typeof MessageType.CacheReference
    >;

/**
 * Why an operation is not the application's any more: it answered (`completed`, `dropped`) or gave up
 * (`failed`, `superseded`, `late`), it went beyond its budget, the client cancelled it, or its session went: `closed`, or
 * `disconnected` for good.
 */
export type SubmitEnd =
  | 'completed'
  | 'dropped'
  | 'failed'
  | 'superseded'
  | 'late'
  | 'budget-exceeded'
  | 'cancelled'
  | 'closed'
  | 'disconnected';

/** How an operation ends that is given up. */
export type GivenUp = Extract<SubmitEnd, 'failed' | 'superseded' | 'late' | 'budget-exceeded'>;

/**
 * A FRAME_SUBMIT that the application answers: its message, makers of results for it, what else can be
 * done about it, and when it ends.
 *
 * @example
 * session.submits$
 *   .pipe(
 *     mergeMap((submit) =>
 *       infer(submit.body).pipe(map((part) => submit.partial(part)), endWith(submit.complete())),
 *     ),
 *   )
 *   .subscribe(session.results);
 */
export interface Submit extends Operation, Message<typeof MessageType.FrameSubmit> {
  readonly sessionId: number;
  /** The operation's id within this library: what `relate` and `cancel` take. */
  readonly frameId: number;
  /** What the client has named it, in preview4; in preview3 its frame. For logs and for other systems. */
  readonly operationId: bigint;
  /** As {@link relate} said, as is the group. */
  readonly parentId: number | undefined;
  readonly groupId: number | undefined;
  readonly state: OperationState;
  /** A view of what it was received in; where it had to wait, possibly a copy. */
  readonly body: Uint8Array;
  /** The body as text, see `decodeTokens`: whatever form a client of either revision gives it. Decoded at each look. */
  readonly text: string;
  /**
   * What the body is made of, in order: what a client asks with by `encodeParts`, or a text. Decoded at each look. Throws
   * an `NnrpError` where the body is not what the submit says.
   */
  readonly parts: readonly Part[];
  /** The cached objects that it refers to, in the order of its references. */
  readonly objects: readonly CachedObject[];
  /** When it came; milliseconds of the server's scheduler. */
  readonly arrivedAt: number;
  /** When the application got it: as soon as there was a slot for it. In the milliseconds of `arrivedAt`. */
  readonly startedAt: number;
  /** The application's: the header's trace_id, or in preview4 that of {@link trace}; 0 where the client has said none. */
  readonly traceId: bigint;
  /** Where it belongs in a trace, as a client of preview4 says (TRACE_CONTEXT); undefined where it does not. */
  readonly trace: TraceContext | undefined;
  /**
   * Where it would best run, as a client of preview4 says of it, or of all that its session submits (ROUTE_HINT);
   * undefined where it does not. Nobody but the handler goes by it.
   */
  readonly routeHint: RouteHint | undefined;
  /** What would best do the work that it makes (EXECUTION_HINT); as {@link routeHint}. */
  readonly executionHint: RouteHint | undefined;
  /** What its client makes do with (DEGRADE_PROFILE); as {@link routeHint}. */
  readonly degraded: Capabilities | undefined;
  /**
   * When an answer is too late: its latency budget, or the session's default deadline, after it came.
   * Milliseconds of the server's scheduler (default: of `monotonicScheduler`); Infinity for none.
   */
  readonly deadline: number;
  /**
   * What the answer may still use, as its client says in preview4 (BUDGET_UPDATE): now, then at each change, and when
   * tokens or bytes have run out; completes with the operation. What would go beyond them ends it, `budget-exceeded`, unless
   * the handler is to see to that (`overBudget` of `session.respond`).
   */
  readonly budget$: Observable<Budget>;
  /** Whether the operation is over. */
  readonly hasEnded: boolean;
  /** The state now and after each change; completes with the operation. */
  readonly state$: Observable<OperationState>;
  /** Emits how the operation ended, once, and completes; at once where it has ended already. */
  readonly ended$: Observable<SubmitEnd>;
  /**
   * Whether the answer is to wait: the client does not take the session's results as fast as they come, or it
   * holds this operation, whose consumer is slow. Now, then at each change; completes with the operation.
   */
  readonly pressure$: Observable<boolean>;
  /**
   * Aborts when nobody wants the answer any more: the operation has ended, and was not completed. Made when it is
   * read. Its reason is an `AbortError` that says how the operation ended.
   *
   * @example
   * session.respond((submit, { signal }) => model.stream(submit.body, { signal }));
   */
  readonly signal: AbortSignal;
  /**
   * Makes a part of the answer; others follow. A client of preview4 is not told its `fields`: a part has none there,
   * but a body that describes itself, as `encodeTokens` makes one, says its kinds. What a client of either has to
   * know belongs to the end of the answer, or into its bytes.
   */
  partial(body: Uint8Array, fields?: ResultFields): ResultPush;
  /** Makes the end of the answer, or all of it. */
  complete(body?: Uint8Array, fields?: ResultFields): ResultPush;
  /**
   * Makes the result that says that there is no answer. A client of preview4 gets the reason (RESULT_DROP_REASON), a
   * `DropReason` of `nnrp-rx/wire`; without one, and in preview3, RESULT_DROP. Throws a `RangeError` where it is none.
   */
  drop(reason?: DropReason): ResultDrop;
  /**
   * The value that the client asks with, of the schema's type: that of its first structured event, or its text as JSON.
   * Rejects with a `failure` of status 400 where it does not fit, which tells the client why; where the schema throws or
   * takes too long, with a `SchemaError`, which is the server's own.
   *
   * @example
   * session.respond(async (submit) => {
   *   const { city } = await submit.json(z.object({ city: z.string() }));
   *   return forecast(city);
   * });
   */
  json<S extends StandardSchema>(schema: S, options?: CheckOptions): Promise<Checked<S>>;
  /**
   * Tells the client how far the answer is, beside its results: `progress$` of what its `submit` returns. In preview3,
   * and while the client is away, nobody is told; of a client that does not take what it is sent the newest waits.
   * Of no effect once the operation has ended. Throws a `RangeError` or a `TypeError` for a value that is none.
   *
   * @example
   * submit.progress({ percent: 40, text: 'reading page 2 of 5' });
   */
  progress(progress: Progress): void;
  /**
   * Tells the client what the answer goes on with, where that is less than was asked for: `degraded$` of what its `submit`
   * returns. Nobody is told in preview3, while the client is away, where the session has agreed with it that nothing
   * becomes less (`mayDegrade`), and once the operation has ended. Throws a `RangeError` or a `TypeError` for a value that
   * is none, as is a token of the application's own that the session has not agreed on (`session.capabilities`), and an
   * `NnrpError` where the client takes no packet so large.
   *
   * @example
   * submit.degrade({ profileId: Profile.Token, limitUnits: 200 });
   */
  degrade(to: Capabilities): void;
  /**
   * Asks the client for a tool, and resolves with what it answers through `tools$`: a value of JSON, as the client gives
   * it. Meanwhile the operation takes no slot and no credit, so that the tool may ask questions itself. Rejects with the
   * `failure` that the client answers with; with one of status 501 where it takes no calls, and 503 past
   * `limits.maxToolCalls`; with an `AbortError` when the operation ends. Rejects with a `TypeError` where the
   * request is none, or has arguments that JSON does not have.
   *
   * @example
   * const [weather, time] = await Promise.all([
   *   submit.tool({ name: 'weather', arguments: { city: 'Nantucket' } }),
   *   submit.tool({ name: 'time' }),
   * ]);
   */
  tool(request: ToolRequest): Promise<unknown>;
  /**
   * Gives the operation a parent or a group, which cancels of a subtree or a group follow. Throws an
   * `NnrpError`, `InvalidOperationRelationship` among others.
   */
  relate(relations: { readonly parentId?: number | undefined; readonly groupId?: number | undefined }): void;
  /** Says that the operation waits for a tool. Throws an `NnrpError`, `InvalidOperationTransition`. */
  waitForTool(): void;
  /** Says that the tool has answered, and the operation goes on. Throws as {@link waitForTool} does. */
  continue(): void;
  /** Gives the operation up: it failed. The client gets RESULT_DROP. */
  fail(): void;
  /** Gives the operation up: another has taken its place. The client gets RESULT_DROP. */
  supersede(): void;
  /** Gives the operation up: it is past its deadline. The client gets RESULT_DROP. */
  expire(): void;
  /**
   * Keeps the operation's slot (`maxInFlightOperations`) until `work` has settled, however it does, also
   * where the operation ends before; then for 2 s at most, see `limits.unsettledMs`. For work that a cancel cannot
   * stop: without it, a client that submits and cancels has as much of it done as it likes. `session.respond`
   * does this for handlers that return promises or async iterables.
   *
   * @example
   * session.respond((submit) => {
   *   const answer = model.generate(submit.body);
   *   submit.keepSlotUntil(answer);
   *   return from(answer).pipe(map(decode));
   * });
   */
  keepSlotUntil(work: PromiseLike<unknown>): void;
  /** Gives what `JSON.stringify` shows: the operation as it stands, without its bytes. */
  toJSON(): Operation & Pick<Submit, 'metadata'>;
}

/** SESSION_PATCH: the client asks for other settings. Answer it once with `ack` or `reject`. */
export interface PatchRequest {
  readonly messageType: typeof MessageType.SessionPatch;
  readonly metadata: SessionPatchMetadata;
  /** The profile patch. */
  readonly body: Uint8Array;
  /** Whether an answer was sent. */
  readonly isAnswered: boolean;
  /**
   * Confirms the patch: by default all of it, with the values that were asked for. `fields` says what
   * differs; `body` is the profile patch ack. Only the first answer is sent. Throws an `NnrpError` where a
   * field is not allowed.
   */
  ack(fields?: Partial<SessionPatchAckMetadata>, body?: Uint8Array): void;
  /** Refuses all of the patch. Only the first answer is sent. Throws as {@link ack} does. */
  reject(reason: PatchRejectReason, fields?: Partial<SessionPatchAckMetadata>): void;
}

/** SESSION_MIGRATE: the client moves to another transport. Answer it once with `ack` or `reject`. */
export interface MigrateRequest {
  readonly messageType: typeof MessageType.SessionMigrate;
  readonly metadata: SessionMigrateMetadata;
  /** Whether an answer was sent. */
  readonly isAnswered: boolean;
  /**
   * Accepts; results are replayed from the frame after the client's last, unless `fields` says else. Only the
   * first answer is sent. Throws an `NnrpError` where a field is not allowed.
   */
  ack(fields?: Partial<SessionMigrateAckMetadata>): void;
  /** Refuses with a code of the application's. Throws a `RangeError` where that is 0, which accepts. */
  reject(acceptCode: number): void;
}
