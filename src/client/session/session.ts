import type { Observable } from 'rxjs';
import type { SessionObjects } from '../../objects/shared-object';
import type { Capabilities } from '../../protocol/capability/capabilities';
import type { CacheReference } from '../../protocol/revision/cache-reference';
import type { ToldTrace } from '../../protocol/operation/trace-context';
import type { SessionConnectivity } from '../../protocol/session/session-connectivity';
import type { SessionState } from '../../protocol/session/session-lifecycle';
import type { ConnectEndpoint } from '../../transport/endpoint';
import type { Message, RevisionName } from '../../wire/message';
import type { MessageType } from '../../wire/message-type';
import type { FlowUpdateMetadata } from '../../wire/messages/flow-update';
import type { SessionCloseAckMetadata, SessionCloseMetadata } from '../../wire/messages/session-close';
import type { SessionMigrateAckMetadata, SessionMigrateMetadata } from '../../wire/messages/session-migrate';
import type { SessionOpenAckMetadata } from '../../wire/messages/session-open';
import type { SessionPatchAckMetadata, SessionPatchMetadata } from '../../wire/messages/session-patch';
import type {
  CacheAckMetadata,
  CacheInvalidateScope,
  CacheObjectKind,
  CachePutMetadata,
} from '../../wire/messages/cache';
import type { SessionEnd } from '../errors';
import type { SubmitRequest } from '../submissions/submission';
import type { ResultStream } from '../submissions/results/result-stream';
import type { Credit } from '../submissions/credit';
import type { ResumedOperation } from './resumed-operation';

/** SESSION_PATCH_ACK with its body, the profile patch ack. */
export interface PatchAck {
  readonly metadata: SessionPatchAckMetadata;
  readonly body: Uint8Array;
}

/** Which cached objects are meant: a scope, and the fields that it needs. */
export type CacheInvalidation = { readonly reasonCode?: number } & (
  | { readonly invalidateScope: typeof CacheInvalidateScope.WholeSession }
  | { readonly invalidateScope: typeof CacheInvalidateScope.Namespace; readonly cacheNamespace: number }
  | {
      readonly invalidateScope: typeof CacheInvalidateScope.ObjectKind;
      readonly cacheNamespace: number;
      /** The kind. */
      readonly cacheKeyHi: CacheObjectKind;
    }
  | {
      readonly invalidateScope: typeof CacheInvalidateScope.ObjectKey;
      readonly cacheNamespace: number;
      readonly cacheKeyHi: number;
      readonly cacheKeyLo: number;
    }
);

/** A session, as its client has it. */
export interface ClientSession {
  readonly sessionId: number;
  /** Of the protocol; also the one that it is resumed in. */
  readonly revision: RevisionName;
  readonly state: SessionState;
  /** What the server granted, when it was opened or last resumed. */
  readonly granted: SessionOpenAckMetadata;
  /** What becomes of its connection: now, then at each change; completes with the session. */
  readonly state$: Observable<SessionConnectivity>;
  /** How it came to its end; undefined while it has not. There when `state$` completes. */
  readonly ended: SessionEnd | undefined;
  /**
   * The ticket now, then at each renewal; completes with the session, and at once where it cannot be resumed. Whoever
   * has the newest takes the session up with `client.resumeSession`, from another page load, tab or process: it is as
   * secret as a cookie.
   */
  readonly ticket$: Observable<string>;
  /**
   * What the server had of it when it was resumed with a ticket, in the order in which it was submitted; none of a
   * session that was opened.
   */
  readonly operations: readonly ResumedOperation[];
  /** What it shares with its server; undefined where it was opened without `objects`. Of preview4 alone. */
  readonly objects: SessionObjects | undefined;
  /** How many operations may be in flight and are: now, then after each change. */
  readonly credit$: Observable<Credit>;
  /**
   * Whether submits wait because the server does not read them as fast as they come, or there is none: now, then at
   * each change; completes with the session.
   */
  readonly pressure$: Observable<boolean>;
  /** Every FLOW_UPDATE that concerns this session; `submit` obeys them by itself. */
  readonly flowUpdates$: Observable<FlowUpdateMetadata>;
  /** Every RESULT_HINT: what the server says of an operation before its result. */
  readonly hints$: Observable<Message<typeof MessageType.ResultHint>>;
  /** References to cached objects that the server has not, and why (CACHE_MISS); completes with the session. */
  readonly cacheMisses$: Observable<Message<typeof MessageType.CacheMiss>>;
  /** Where the server has its work in a trace, as it says with `session.sendTrace`; only one of preview4 does. */
  readonly traces$: Observable<ToldTrace>;
  /**
   * A request, cold: subscribing submits it (as soon as there is credit), every RESULT_PUSH is emitted,
   * the one that is not partial completes, unsubscribing sends FRAME_CANCEL. Errors with an
   * `OperationError` where there is no result, with an `NnrpError` where the metadata is not allowed, and with a
   * `TypeError` for a name that no request has, and for a body that is neither bytes nor a string.
   *
   * Or pulled: `for await` submits, and its results wait for the loop (`maxBufferedBytes`). A loop that is slow
   * makes its operation wait at the server, and none of the others; `break` sends FRAME_CANCEL. Only a loop can
   * be waited for: what a slow subscriber gathers behind the Observable nobody sees.
   *
   * @example
   * session.submit({ body: 'Call me' }).subscribe((result) => process.stdout.write(decodeTokens(result).join('')));
   *
   * @example
   * for await (const result of session.submit({ body: 'Call me' })) await write(decodeTokens(result).join(''));
   */
  submit(request: SubmitRequest): ResultStream;
  /** Sends FRAME_CANCEL for an operation in flight; its Observable errors with reason `cancelled`. */
  cancel(frameId: number): void;
  /**
   * Asks for other settings. Rejects with a `RuntimeError` where the connection ends before the answer, or the
   * server takes longer than `answerTimeoutMs`. The same holds for `cachePut` and `migrate`.
   */
  patch(fields: Partial<SessionPatchMetadata>, profilePatch?: Uint8Array): Promise<PatchAck>;
  /**
   * Caches an object for submits to refer to, for `ttlMs`, or for the session's lease (`granted.leaseTtlMs`)
   * where that is not said.
   */
  cachePut(
    fields: Partial<Omit<CachePutMetadata, 'objectBytes'>>,
    object: Uint8Array,
  ): Promise<CacheAckMetadata>;
  /**
   * Takes cached objects back. Throws an `NnrpError` where the scope is missing: no default of it is harmless.
   *
   * @example
   * session.cacheInvalidate({ invalidateScope: CacheInvalidateScope.Namespace, cacheNamespace: 7 });
   */
  cacheInvalidate(which: CacheInvalidation): void;
  /**
   * Says that a cached object is to be used again, CACHE_REFERENCE of preview4: one that the server has not is told on
   * `cacheMisses$`, and is to be put again. `metadata` are the application's, 4,096 bytes at most. Throws a `RuntimeError`
   * where the server speaks preview3.
   *
   * @example
   * session.cacheMisses$.subscribe(() => session.cachePut({ cacheKeyLo: 9, objectKind: CacheObjectKind.PromptSegment }, bytes));
   * session.cacheReference({ cacheKeyLo: 9 });
   */
  cacheReference(reference: CacheReference, metadata?: Uint8Array): void;
  /**
   * Offers what this client can do, CAPABILITY_NEGOTIATION of preview4, and resolves with what of that the server can do,
   * too. Rejects with a `ServerRefusalError` where it does not know a token, with a `RuntimeError` where it speaks
   * preview3, or has not answered in time.
   *
   * @example
   * const { tokens } = await session.negotiate({ tokens: ['control.degrade_profile', 'object.delta'] });
   */
  negotiate(offer: Capabilities): Promise<Capabilities>;
  /**
   * Sends SESSION_MIGRATE as it is, and resolves with the ack; see `moveTo` for the whole move. Rejects
   * with an `NnrpError` where an accepting ack does not fit the request.
   */
  migrate(request: SessionMigrateMetadata): Promise<SessionMigrateAckMetadata>;
  /**
   * Moves the session to another transport: asks, connects, resumes there, and lets the old connection
   * go. Operations in flight do not notice. Rejects with a `MigrationRefusedError` where the server says
   * no; the session then stays where it is.
   */
  moveTo(endpoint: ConnectEndpoint): Promise<void>;
  /**
   * Closes the session and resolves with the server's last word. By default: client shutdown, drain, no
   * time to drain in. While the session reconnects, the server hears of it over the next connection. Resolves
   * with undefined where the server has not answered within the drain time and `closeTimeoutMs`, which ends the
   * session here, and where it is over already; to close again is to wait for the same. Rejects with a
   * `RuntimeError` where the connection is lost before, and the session with it.
   */
  close(fields?: Partial<SessionCloseMetadata>): Promise<SessionCloseAckMetadata | undefined>;
}
