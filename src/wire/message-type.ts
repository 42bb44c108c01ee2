import { enumeration, enumerationKey, type EnumerationValue } from './codec/enumeration';

/** The message types of NNRP/1 preview3 (protocol section 2). */
export const Preview3MessageType = enumeration('message_type', {
  ClientHello: 0x01,
  ServerHelloAck: 0x02,
  SessionPatch: 0x03,
  SessionPatchAck: 0x04,
  Close: 0x05,
  Error: 0x06,
  SessionOpen: 0x07,
  SessionOpenAck: 0x08,
  SessionClose: 0x09,
  SessionCloseAck: 0x0a,
  FrameSubmit: 0x10,
  FrameCancel: 0x11,
  ResultPush: 0x12,
  ResultDrop: 0x13,
  CachePut: 0x14,
  CacheAck: 0x15,
  CacheInvalidate: 0x16,
  FlowUpdate: 0x17,
  ResultHint: 0x18,
  TransportProbe: 0x19,
  TransportProbeAck: 0x1a,
  SessionMigrate: 0x1b,
  SessionMigrateAck: 0x1c,
  Ping: 0x20,
  Pong: 0x21,
});
export type Preview3MessageType = EnumerationValue<typeof Preview3MessageType>;

/** The message types of NNRP/1, of every revision that this library speaks: preview4 has them all. */
export const MessageType = enumeration('message_type', {
  ...Preview3MessageType,
  Cancel: 0x30,
  Abort: 0x31,
  PriorityUpdate: 0x32,
  Deadline: 0x33,
  ExpireAt: 0x34,
  Supersede: 0x35,
  BudgetUpdate: 0x36,
  Progress: 0x37,
  PartialResult: 0x38,
  Backpressure: 0x39,
  CreditUpdate: 0x3a,
  CapabilityNegotiation: 0x3b,
  DegradeProfile: 0x3c,
  RouteHint: 0x3d,
  ExecutionHint: 0x3e,
  TraceContext: 0x3f,
  ResultDropReason: 0x40,
  ObjectDeclare: 0x41,
  ObjectRef: 0x42,
  ObjectRelease: 0x43,
  ObjectPatch: 0x44,
  ObjectDelta: 0x45,
  CacheReference: 0x46,
  CacheMiss: 0x47,
  ErrorRecoverable: 0x48,
  RetryAfter: 0x49,
});
export type MessageType = EnumerationValue<typeof MessageType>;

/** The protocol's spelling of a message type: `FRAME_SUBMIT`, or `0x7f` where it is none. */
export function messageTypeName(type: number): string {
  const key = enumerationKey(MessageType, type);
  if (key === undefined) return `0x${type.toString(16).padStart(2, '0')}`;
  return key.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
