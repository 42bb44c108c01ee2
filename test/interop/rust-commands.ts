import type { CacheObjectKind } from '../../src/wire/messages/cache';
import type { FlowUpdateMetadata } from '../../src/wire/messages/flow-update';
import type { FrameSubmitMetadata } from '../../src/wire/messages/frame-submit';
import type { ResultPushMetadata } from '../../src/wire/messages/result-push';
import type { SessionCloseAckMetadata, SessionCloseMetadata } from '../../src/wire/messages/session-close';
import type {
  SessionMigrateAckMetadata,
  SessionMigrateMetadata,
} from '../../src/wire/messages/session-migrate';
import type { SessionOpenMetadata } from '../../src/wire/messages/session-open';
import type { SessionPatchAckMetadata, SessionPatchMetadata } from '../../src/wire/messages/session-patch';
import type { CommonHeader } from '../../src/wire/header';

/** Names something in the Rust process: a server, a session, a socket. */
export interface OnHandle {
  readonly handle: number;
}

/** Fields that are left out are the runtime's defaults (protocol section 9). */
export interface BindOptions {
  readonly supportedProfiles?: readonly number[];
  readonly supportedCacheObjects?: readonly CacheObjectKind[];
  readonly maxCacheObjects?: number;
  readonly maxCacheObjectBytes?: number;
  readonly resumeTokenBytes?: number;
  readonly maxInFlightOperations?: number;
  readonly grantedOperationCredit?: number;
  readonly leaseTtlMs?: number;
  readonly resumeWindowMs?: number;
  /** The policy: a SESSION_OPEN with this client_session_tag is refused with this session_error_code. */
  readonly policyErrors?: ReadonlyMap<bigint, number>;
}

/** Fields that are left out are the runtime's defaults (protocol section 10). */
export interface ConnectOptions {
  readonly port: number;
  /** Also the session's client_session_tag: the runtime's client has no other. */
  readonly requestedSessionId?: number;
  readonly profileId?: number;
  readonly schemaId?: number;
  readonly schemaVersion?: number;
  readonly priorityClass?: number;
  readonly defaultDeadlineMs?: number;
  readonly maxInFlightOperations?: number;
  readonly leaseTtlHintMs?: number;
  readonly allowResume?: boolean;
  readonly resumeTokenBytes?: number;
}

/** What the runtime knows of a session's connection, and of the session if that has it. */
export interface RustLifecycle {
  readonly sessionId: number;
  readonly connectionState: 'open' | 'closing' | 'closed';
  readonly session: {
    readonly state: 'open' | 'resumed' | 'closing' | 'draining' | 'closed';
    readonly profileId: number;
    readonly priorityClass: number;
    readonly schemaId: number;
    readonly schemaVersion: number;
    readonly maxInFlightOperations: number;
    readonly routeScopeId: number;
    readonly lastOperationId: bigint;
    readonly sessionErrorCode: number;
  } | null;
}

export interface RustServerSnapshot extends RustLifecycle {
  readonly operationCount: number;
  /** Those that `receiveSubmit` has returned, by ascending id; `state` is an OperationState. */
  readonly operations: readonly { readonly operationId: bigint; readonly state: number }[];
  readonly cacheObjectCount: number;
}

export interface RustSubmit {
  readonly frameId: number;
  readonly metadata: FrameSubmitMetadata;
  readonly body: Uint8Array;
}

export type RustClientEvent =
  | {
      readonly event: 'result';
      readonly frameId: number;
      readonly metadata: ResultPushMetadata;
      readonly body: Uint8Array;
    }
  | { readonly event: 'result_drop'; readonly frameId: number }
  | { readonly event: 'flow_update'; readonly metadata: FlowUpdateMetadata };

/** A metadata record whose type only the header tells. */
export type RustRecord = Readonly<Record<string, number | bigint | boolean>>;

export interface RustPacket {
  readonly header: CommonHeader;
  readonly metadata: Uint8Array;
  readonly body: Uint8Array;
  /** The metadata as nnrp-core reads it; null where the type has none or nnrp-core refuses it. */
  readonly record: RustRecord | null;
  /** Why nnrp-core refuses the metadata. */
  readonly recordError?: { readonly kind: string; readonly detail?: string; readonly message: string };
}

export interface EncodePacketOptions {
  readonly messageType: number;
  readonly header?: Partial<
    Pick<CommonHeader, 'flags' | 'sessionId' | 'frameId' | 'viewId' | 'routeId' | 'traceId'>
  >;
  /** The metadata; fields that are left out are 0. */
  readonly record?: RustRecord;
  readonly body?: Uint8Array;
}

export interface SendResultOptions {
  readonly frameId: number;
  readonly metadata?: Partial<ResultPushMetadata>;
  readonly body?: Uint8Array;
}

export interface SubmitOptions {
  readonly metadata?: Partial<FrameSubmitMetadata>;
  readonly body?: Uint8Array;
}

export interface CacheObjectId {
  readonly cacheNamespace: number;
  readonly cacheKeyHi: number;
  readonly cacheKeyLo: number;
  readonly objectKind: CacheObjectKind;
}

interface Command<Arguments, Result> {
  readonly arguments: Arguments;
  readonly result: Result;
}
type Nothing = Readonly<Record<string, never>>;
interface WithMetadata<T> extends OnHandle {
  readonly metadata?: Partial<T>;
}
type Received<T> = Readonly<{ metadata: T }>;

/** Every command of the Rust process: what it takes, what it answers. */
export interface RustCommands {
  bind: Command<BindOptions, OnHandle & { readonly port: number }>;
  accept: Command<
    OnHandle,
    OnHandle & { readonly sessionId: number; readonly clientOpen: SessionOpenMetadata }
  >;
  sessionCount: Command<OnHandle, { readonly count: number }>;
  receiveSubmit: Command<OnHandle, RustSubmit>;
  sendResult: Command<OnHandle & SendResultOptions, Nothing>;
  sendResultDrop: Command<OnHandle & { readonly frameId: number }, Nothing>;
  receiveCancel: Command<OnHandle, { readonly frameId: number }>;
  receivePatch: Command<OnHandle, Received<SessionPatchMetadata>>;
  sendPatchAck: Command<WithMetadata<SessionPatchAckMetadata>, Nothing>;
  sendFlowUpdate: Command<WithMetadata<FlowUpdateMetadata>, Nothing>;
  receiveMigrate: Command<OnHandle, Received<SessionMigrateMetadata>>;
  sendMigrateAck: Command<WithMetadata<SessionMigrateAckMetadata>, Nothing>;
  receiveClose: Command<OnHandle, Received<SessionCloseMetadata>>;
  ackClose: Command<OnHandle, Nothing>;
  trackCacheObject: Command<OnHandle & { readonly object: CacheObjectId }, { readonly count: number }>;

  connect: Command<ConnectOptions, OnHandle>;
  openSession: Command<OnHandle, OnHandle & RustLifecycle>;
  submit: Command<OnHandle & SubmitOptions, { readonly frameId: number }>;
  awaitEvent: Command<OnHandle, RustClientEvent>;
  cancelFrame: Command<OnHandle & { readonly frameId: number }, Nothing>;
  patchSession: Command<WithMetadata<SessionPatchMetadata>, Received<SessionPatchAckMetadata>>;
  migrateTransport: Command<WithMetadata<SessionMigrateMetadata>, Received<SessionMigrateAckMetadata>>;
  closeWith: Command<WithMetadata<SessionCloseMetadata>, Received<SessionCloseAckMetadata>>;
  closeTransport: Command<OnHandle, Nothing>;

  rawConnect: Command<{ readonly port: number }, OnHandle>;
  rawListen: Command<Nothing, OnHandle & { readonly port: number }>;
  rawAccept: Command<OnHandle, OnHandle>;
  rawSend: Command<OnHandle & { readonly bytes: Uint8Array }, Nothing>;
  rawReadPacket: Command<OnHandle, RustPacket>;
  rawExpectEnd: Command<OnHandle, { readonly end: 'eof' | 'reset' }>;
  rawShutdown: Command<OnHandle, Nothing>;
  encodePacket: Command<EncodePacketOptions, { readonly bytes: Uint8Array }>;
  decodePacket: Command<{ readonly bytes: Uint8Array }, RustPacket>;

  close: Command<OnHandle, Nothing>;
  snapshot: Command<OnHandle, RustLifecycle | RustServerSnapshot>;
  drop: Command<OnHandle, Nothing>;
}

export type RustCommandName = keyof RustCommands;

export interface CallOptions {
  /** How long the Rust side tries, in milliseconds. Default: `DEFAULT_CALL_TIMEOUT_MS`. */
  readonly timeoutMs?: number;
}

/** Sends one command and gives its answer; rejects with a `RustPeerError`. */
export type Call = <K extends RustCommandName>(
  command: K,
  args: RustCommands[K]['arguments'],
  options?: CallOptions,
) => Promise<RustCommands[K]['result']>;
