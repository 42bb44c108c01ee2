export { enumeration, enumerationKey, type Enumeration, type EnumerationValue } from './codec/enumeration';
export { record, type RecordValue, type WireRecord } from './codec/record';
export type { FieldReaders, RecordDefinition } from './codec/layout';
export * from './errors';
export { MessageType, messageTypeName, Preview3MessageType } from './message-type';
export * from './header';
export { EMPTY, decodePacket, packet, payloadLength, type Packet } from './packet';
export { give } from './own-bytes';
export { checkLengths, encodePacket } from './encode-packet';
export * from './packet-decoder';
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
export * from './message';
export * from './messages/cache';
export * from './messages/error-message';
export * from './messages/flow-update';
export * from './messages/frame-submit';
export * from './messages/hello';
export * from './messages/payload-kind';
export * from './messages/result-hint';
export * from './messages/result-push';
export * from './messages/schema-descriptor';
export * from './messages/session-close';
export * from './messages/session-migrate';
export * from './messages/session-open';
export * from './messages/session-patch';
export * from './messages/transport-probe';
export * from './body/body-region';
export * from './body/object-reference';
export * from './body/typed-payload';
export * from './preview4/capability';
export * from './preview4/capability-tokens';
export * from './preview4/control-request';
export * from './preview4/hints';
export * from './preview4/objects';
export * from './preview4/pressure';
export * from './preview4/recoverable-error';
export * from './preview4/recovery-ticket';
export * from './preview4/results';
export * from './preview4/runtime-role';
export * from './preview4/scheduling';
export * from './preview4/body/inline-object';
export * from './preview4/body/tensor-section';
export {
  CacheMissMetadata,
  CacheMissReason,
  CacheReferenceFlag,
  CacheReferenceMetadata,
  CacheReuseScope,
} from './preview4/cache';
