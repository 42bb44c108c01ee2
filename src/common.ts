// What `nnrp-rx` has everywhere, name by name; what differs between Node and a page is in the two entries.

// A server.
export type { Server } from './server/server';
export type { Violation } from './server/reports';
export type { CloseOptions, QueueLimits, ResumeMode, ServerOptions } from './server/options';
export { DEFAULT_SERVER_LIMITS, type ServerLimits } from './server/limits/server-limits';
export type { RetainLimits } from './server/limits/retained-totals';
export type { LimitConsequence, LimitTripped } from './server/limits/limit-tripped';
export type { Rate } from './server/limits/token-bucket';
export type { OutboxLimits } from './protocol/operation/result-outbox';
export type { Cluster } from './cluster/cluster';
export type { ServerHealth } from './server/health';
export type { ServerUsage } from './server/usage';
export {
  accept,
  refuse,
  type Acceptance,
  type AcceptOptions,
  type ContextOf,
  type PolicyVerdict,
  type Refusal,
  type RefusalReason,
  type SessionOpenRequest,
  type SessionPolicy,
} from './server/opening/policy';
export type { ServerSession } from './server/session/session';
export type { SentBefore } from './server/log/sent-before';
export type {
  MigrateRequest,
  PatchRequest,
  SessionMessage,
  Submit,
  SubmitEnd,
} from './server/session/session-message';
export type { CreditTarget, SessionEnding } from './server/session/session-terms';
export { MigrateRefusal } from './server/session/messages/migrate';
export { LIMIT_CODE, VIOLATION_CODE } from './server/connection/error-packet';
export type { Interceptor } from '../operators/application/responding/interceptor';
export type { Answer, Answers, HandlerContext } from '../operators/application/respond-to-submits';

// A client.
export type { Client } from './client/client';
export type {
  ClientOptions,
  ClientReconnectOptions,
  ObjectsOption,
  ReconnectOptions,
  ResumeOptions,
  SessionOptions,
} from './client/options';
export { sharedObjects } from './client/session/shared-objects';
export type { ObjectLimits } from './objects/object-limits';
export type {
  ObjectChange,
  ObjectEnd,
  ObjectFields,
  ObjectReferenceFields,
  ObjectRegion,
  ObjectSide,
  SessionObjects,
  SharedObject,
} from './objects/shared-object';
export type { ResumedOperation, SentRequest } from './client/session/resumed-operation';
export type { CacheInvalidation, ClientSession, PatchAck } from './client/session/session';
export type { ToldTrace, TraceContext } from './protocol/operation/trace-context';
export type { Budget } from './protocol/operation/budget';
export type { RouteHint } from './protocol/operation/route-hint';
export type { Capabilities } from './protocol/capability/capabilities';
export type { CacheReference } from './protocol/revision/cache-reference';
export type { OperationTerms } from './client/submissions/operation-terms';
export type { SubmitRequest } from './client/submissions/submission';
export type { ClientInterceptor, ClientOperation } from './client/submissions/client-interceptor';
export type { OperationTimings } from './client/submissions/stopwatch';
export type { ResultStream } from './client/submissions/results/result-stream';
export type { PartStream } from './client/submissions/results/answer-parts';
export type { TextStream, WholeAnswer } from './client/submissions/results/answer-text';
export type { Credit } from './client/submissions/credit';
export type { Progress } from './protocol/operation/progress';
export type { ToolCall } from './client/submissions/tools/tool-calls';
export type { ToolRequest } from './protocol/content/tool-call';
export type { ClientUsage } from './client/usage';
export {
  MigrationRefusedError,
  OperationError,
  ServerRefusalError,
  SessionRejectedError,
  type OperationFailure,
  type OperationOutcome,
  type SessionEnd,
} from './client/errors';
export { REFERENCE_DEFAULTS } from './reference-defaults';

// Transports.
export { memory, type MemoryOptions } from './transport/memory';
export type { SocketTransportOptions } from './transport/socket-options';
export type { ConnectEndpoint, ListenAddress, ListenEndpoint } from './transport/endpoint';
export type { KeepAlive } from './transport/liveness/keep-alive';
export type { PeerIdentity } from './transport/peer-identity';
export type { TransportKind } from './transport/transport';
export { monotonicScheduler } from './transport/time/monotonic-scheduler';

// Text, bytes and results.
export { give } from './wire/bytes/own-bytes';
export { failure, type Failure } from './protocol/operation/failure';
export { decodeText } from '../operators/application/decode-text';
export { encodeSummary, type AnswerSummary } from './protocol/operation/answer-summary';
export { encodeParts, type EncodePartsOptions } from './protocol/content/parts/encode-parts';
export type { EventPart, Part, TensorPart } from './protocol/content/parts/part';
export { decodeTensor, encodeTensor, type Tensor, type TensorInput } from './protocol/content/parts/tensor';
export type { TensorSection } from './wire/preview4/body/tensor-section';
export { check, type CheckOptions } from '../operators/application/schema/check';
export { checkEvents } from '../operators/application/schema/check-events';
export { SchemaError } from '../operators/application/schema/schema-error';
export type { Checked, SchemaIssue, StandardSchema } from '../operators/application/schema/standard-schema';
export { encodeTokens, TOKEN_DELTA } from './protocol/content/token-delta';
export { decodeTokens, TokenDecoder, type TypedBody } from './protocol/content/token-decoder';
export type {
  Result,
  ResultDrop,
  ResultFailure,
  ResultFields,
  ResultPush,
} from './protocol/operation/result';
export type { CacheObjectId } from './protocol/cache/cache-object-id';
export type { CachedObject } from './protocol/cache/object-cache';

// States, and what they are called.
export { CancelScope, OperationState } from './protocol/operation/operation';
export type { Operation } from './protocol/operation/operation-entry';
export type { SessionConnectivity } from './protocol/session/session-connectivity';
export { SessionState } from './protocol/session/session-lifecycle';
export { TOKEN_DELTA_SCHEMA } from './protocol/capability/schema-registry';
export { MessageType } from './wire/message-type';
export { Profile } from './wire/messages/payload-kind';
export { SessionErrorCode } from './wire/messages/session-open';

// Errors.
export { NnrpError, type NnrpErrorKind, type NnrpFault } from './wire/errors';
export {
  describeError,
  RuntimeError,
  type ErrorOrigin,
  type ErrorReach,
  type RuntimeErrorKind,
} from './protocol/runtime-error';
