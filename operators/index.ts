/**
 * The pipeline that a server and a client run, and operators for applications.
 *
 * @packageDocumentation
 */
export { limitPackets, type PacketBudget, type PacketExcess } from './limit-packets';
export { judgePackets } from './judge-packets';
export { splitBySession, type SplitBySessionOptions } from './split-by-session';
export { DEFAULT_REVISION, DEFAULT_ROLE, type PipelineOptions } from './pipeline-options';
// For applications.
export { coalesceText, type CoalesceTextOptions } from './application/coalesce-text';
export { decodeText } from './application/decode-text';
export { dropLate, type DeadlineSubmit, type DropLateOptions, type Lateness } from './application/drop-late';
export { fromAsyncIterable, type FromAsyncIterableOptions } from './application/from-async-iterable';
export {
  ofMessageType,
  type OfMessageType,
  type PacketOf,
  type TypedMessage,
} from './application/of-message-type';
export type { Interceptor } from './application/responding/interceptor';
export { respondToSubmits } from './application/respond-to-submits';
export type { RespondOptions } from './application/responding/respond-options';
export type {
  Answer,
  Answers,
  HandlerContext,
  RespondableSubmit,
  SubmitHandler,
} from './application/responding/answer';
export { supersedeMap, type SupersedableSubmit } from './application/supersede-map';
export type { Role } from '../src/protocol/packet-checks';
// Results, for those that make them themselves.
export { completeResult, dropResult, failureResult, partialResult } from '../src/protocol/operation/result';
export { failure, type Failure } from '../src/protocol/operation/failure';
