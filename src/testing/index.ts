/**
 * What protocol flows are tested with: packets by name, scripted peers, marbles in virtual time, captures; and what
 * a transport of your own has to be.
 * Works with any test runner: what is not as it should be is an `Error` that says so.
 *
 * @packageDocumentation
 */
export { flow, type FlowOptions } from './flow/flow';
export { FlowError } from './flow/flow-error';
export type {
  FlowHelpers,
  FlowServerOptions,
  PeerOptions,
  ReplayOptions,
  SubscriptionExpectation,
  SubscriptionTimes,
} from './flow/helpers';
export type { FlowConnection, FlowEndpoint } from './flow/flow-endpoint';
export type { FlowTransport } from './flow/flow-transport';
export type { ClientPeer } from './flow/client-peer';
export type { ServerPeer } from './flow/server-peer';
export type { ExpectOptions, Packets, Scripted, ScriptedPeer } from './flow/scripted-peer';
export type { ObservableExpectation } from './flow/observed';
export { expectQuiescent, type Quiescible } from './flow/quiescence';
export type { FlowScheduler, PendingAction } from './time/flow-scheduler';
export { memoryCluster, type MemoryCluster, type MemoryClusterOptions } from '../cluster/memory-cluster';
export type { CapturedFlow } from './capture/captured-flow';
export { BuiltPacket, raw, RecordPacket, type HeaderSaying } from './packets/built-packet';
export type { Bytes } from './packets/bytes';
export { cacheAck, cacheInvalidate, cachePut, cacheReference, type CacheName } from './packets/cache';
export {
  clientHello,
  close,
  error,
  ErrorPacket,
  ping,
  pong,
  probe,
  probeAck,
  serverHelloAck,
  type ErrorPlace,
} from './packets/connection';
export {
  cancel,
  drop,
  flowUpdate,
  FlowUpdatePacket,
  hint,
  result,
  ResultPacket,
  submit,
  SubmitPacket,
} from './packets/operation';
export { inPreview4 } from './packets/preview4';
export {
  migrate,
  migrateAck,
  MigrateAckPacket,
  patch,
  patchAck,
  PatchAckPacket,
  sessionClose,
  sessionCloseAck,
  SessionCloseAckPacket,
  SessionClosePacket,
} from './packets/session';
export {
  open,
  openAck,
  OpenAckPacket,
  OpenPacket,
  resumeToken,
  scriptedTokens,
} from './packets/session-open';
export { comparePackets, matches, type FieldDifference } from './matching/compare-packets';
export { describePacket } from './matching/describe-packet';
export {
  capture,
  captureEndpoint,
  type CapturedEndpoint,
  type CapturedEvent,
  type CaptureDirection,
  type CapturedTransport,
  type CaptureOptions,
} from './capture/capture';
export { readCapturedFlow, writeCapturedFlow } from './capture/captured-flow-text';
export { toMarbles } from './capture/to-marbles';
export { draw, type Drawing, type Drawn } from './marbles/draw';
// What a transport of your own has to be.
export { Listener, type ListenerSink, type ListenOptions } from '../transport/endpoint';
export { memoryPair } from '../transport/memory';
export type { ConnectionGate, GateTicket } from '../transport/connection-gate';
export type { PeerName, Transport } from '../transport/transport';
export type { PressureMarks } from '../transport/outgoing/send-pressure';
export type { UnfinishedPacket } from '../transport/unfinished-packet';
