/**
 * The wire of NNRP: packets, records and what they are called, of both revisions. Pure functions of bytes, without
 * RxJS and without I/O.
 *
 * @packageDocumentation
 */
export { enumerationKey, type Enumeration, type EnumerationValue } from './codec/enumeration';
export type { RecordValue, WireRecord } from './codec/record';
export type { Field, FieldValue } from './codec/fields';
export type { FieldReaders, Layout, LayoutValue, RecordDefinition } from './codec/layout';
export { MessageType, messageTypeName, Preview3MessageType } from './message-type';
export { decodePacket, EMPTY, packet, payloadLength, type Packet } from './packet';
export { give } from './bytes/own-bytes';
export { checkLengths, encodePacket } from './encode-packet';
export {
  isHeaderOnly,
  type Counted,
  type MessageBody,
  type MessageRow,
  type MessageScope,
  type RateClass,
  type Revision,
  type Sender,
} from './revision';
export { preview3 } from './preview3';
export { preview4 } from './preview4';
export {
  CacheMissMetadata,
  CacheMissReason,
  CacheReferenceFlag,
  CacheReferenceMetadata,
  CacheReuseScope,
} from './preview4/cache';
export { NnrpError, type NnrpErrorKind, type NnrpFault } from './errors';
export {
  CommonHeader,
  FrameHeader,
  header,
  HEADER_LENGTH,
  HeaderFlag,
  VERSION_MAJOR,
  WIRE_FORMAT,
  type HeaderFields,
} from './header';
export { DEFAULT_PACKET_LIMITS, largestPacket, PacketDecoder, type PacketLimits } from './packet-decoder';
export {
  checkBody,
  decodeMessage,
  type AnyMessage,
  type FirstRevision,
  type Message,
  type MessageMetadata,
  type MessageOf,
  type MetadataType,
  type RevisionName,
} from './message';
export {
  CacheAckMetadata,
  CacheAckStatus,
  CacheErrorCode,
  CacheInvalidateMetadata,
  CacheInvalidateScope,
  CacheObjectKind,
  CachePutMetadata,
} from './messages/cache';
export { ErrorMetadata, ErrorScope } from './messages/error-message';
export {
  BackpressureLevel,
  FlowFlag,
  FlowScope,
  FlowUpdateMetadata,
  FlowUpdateReason,
} from './messages/flow-update';
export {
  BudgetPolicy,
  FrameSubmitMetadata,
  InputProfile,
  LossTolerance,
  SubmitMode,
  TileIndexMode,
} from './messages/frame-submit';
export { ClientHelloMetadata, ServerHelloAckMetadata } from './messages/hello';
export { PayloadKind, Profile } from './messages/payload-kind';
export { CongestionState, HintBudgetPolicy, HintReason, ResultHintMetadata } from './messages/result-hint';
export { ResultClass, ResultFlag, ResultPushMetadata } from './messages/result-push';
export {
  SchemaDescriptorHeader,
  SchemaErrorCode,
  SchemaFlag,
  StreamSemantics,
} from './messages/schema-descriptor';
export {
  CloseReason,
  CloseStatus,
  InFlightPolicy,
  SessionCloseAckMetadata,
  SessionCloseMetadata,
} from './messages/session-close';
export { SessionMigrateAckMetadata, SessionMigrateMetadata, TransportId } from './messages/session-migrate';
export {
  PriorityClass,
  SessionAckFlag,
  SessionErrorCode,
  SessionFlag,
  SessionOpenAckMetadata,
  SessionOpenMetadata,
  SessionStatus,
} from './messages/session-open';
export {
  PatchAckStatus,
  PatchRejectReason,
  SessionPatchAckMetadata,
  SessionPatchMetadata,
} from './messages/session-patch';
export { TransportProbeAckMetadata, TransportProbeMetadata } from './messages/transport-probe';
export {
  BodyRegionPrelude,
  joinBody,
  OBJECT_REFERENCE_LENGTH,
  splitBody,
  type BodyRegions,
} from './body/body-region';
export {
  checkObjectRefMask,
  checkSubmitReferences,
  decodeObjectReferences,
  encodeObjectReferences,
  ObjectReferenceBlock,
} from './body/object-reference';
export {
  decodeTypedPayload,
  DescriptorFlag,
  encodeTypedPayload,
  TypedPayloadDescriptor,
  type PayloadShape,
  type TypedPayloadFrame,
  type TypedPayloadPart,
} from './body/typed-payload';
export { CapabilityFlag, CapabilityMetadata, CostModel } from './preview4/capability';
export {
  CAPABILITY_TOKENS,
  decodeCapabilityTokens,
  encodeCapabilityTokens,
} from './preview4/capability-tokens';
export {
  ControlReason,
  ControlRequestFlag,
  ControlRequestMetadata,
  SupersedeFlag,
  SupersedeMetadata,
} from './preview4/control/control-request';
export {
  AffinityClass,
  ExecutorClass,
  RouteHintFlag,
  RouteHintMetadata,
  TraceContextMetadata,
  TraceFlag,
} from './preview4/control/hints';
export {
  MemoryLocationHint,
  ObjectDeltaFlag,
  ObjectDeltaMetadata,
  ObjectDescriptorMetadata,
  ObjectReferenceFlag,
  ObjectReferenceMetadata,
  ObjectReleaseMetadata,
  ObjectReleaseReason,
  OwnershipHint,
  RuntimeObjectKind,
} from './preview4/objects';
export {
  PressureFlag,
  PressureLevel,
  PressureMetadata,
  PressureReason,
  RetryAfterMetadata,
} from './preview4/control/pressure';
export { RecoverableErrorFlag, RecoverableErrorMetadata } from './preview4/control/recoverable-error';
export { decodeRecoveryTicket, encodeRecoveryTicket, type RecoveryTicket } from './preview4/recovery-ticket';
export {
  DropReason,
  PartialResultFlag,
  PartialResultMetadata,
  PERCENT_UNKNOWN,
  ProgressMetadata,
  ResultDropFlag,
  ResultDropReasonMetadata,
  StageCode,
} from './preview4/results';
export { RuntimeRole } from './preview4/control/runtime-role';
export {
  BudgetFlag,
  BudgetMetadata,
  SchedulingFlag,
  SchedulingMetadata,
} from './preview4/control/scheduling';
export {
  decodeInlineObjects,
  encodeInlineObjects,
  InlineObjectBlockHeader,
  type InlineObject,
} from './preview4/body/inline-object';
export {
  decodeTensorSections,
  encodeTensorSections,
  TensorSectionDescriptor,
  TensorSectionFlag,
  type TensorSection,
} from './preview4/body/tensor-section';
