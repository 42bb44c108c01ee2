import { BodyRegionPrelude } from './body/body-region';
import { ObjectReferenceBlock } from './body/object-reference';
import { TypedPayloadDescriptor } from './body/typed-payload';
import type { WireRecord } from './codec/record';
import { CommonHeader } from './header';
import { MessageType } from './message-type';
import { CacheAckMetadata, CacheInvalidateMetadata, CachePutMetadata } from './messages/cache';
import { ErrorMetadata } from './messages/error-message';
import { FlowUpdateMetadata } from './messages/flow-update';
import { FrameSubmitMetadata } from './messages/frame-submit';
import { ClientHelloMetadata, ServerHelloAckMetadata } from './messages/hello';
import { ResultHintMetadata } from './messages/result-hint';
import { ResultPushMetadata } from './messages/result-push';
import { SchemaDescriptorHeader } from './messages/schema-descriptor';
import { SessionCloseAckMetadata, SessionCloseMetadata } from './messages/session-close';
import { SessionMigrateAckMetadata, SessionMigrateMetadata } from './messages/session-migrate';
import { SessionOpenAckMetadata, SessionOpenMetadata } from './messages/session-open';
import { SessionPatchAckMetadata, SessionPatchMetadata } from './messages/session-patch';
import { TransportProbeAckMetadata, TransportProbeMetadata } from './messages/transport-probe';

/** Every record of NNRP/1 preview3, by its name in the protocol. */
export const records = {
  CommonHeader,
  ClientHelloMetadata,
  ServerHelloAckMetadata,
  SessionPatchMetadata,
  SessionPatchAckMetadata,
  ErrorMetadata,
  SessionOpenMetadata,
  SessionOpenAckMetadata,
  SessionCloseMetadata,
  SessionCloseAckMetadata,
  FrameSubmitMetadata,
  ResultPushMetadata,
  CachePutMetadata,
  CacheAckMetadata,
  CacheInvalidateMetadata,
  FlowUpdateMetadata,
  ResultHintMetadata,
  TransportProbeMetadata,
  TransportProbeAckMetadata,
  SessionMigrateMetadata,
  SessionMigrateAckMetadata,
  BodyRegionPrelude,
  ObjectReferenceBlock,
  TypedPayloadDescriptor,
  SchemaDescriptorHeader,
} as const;

/** Which record a message type carries; types that are not here carry none (`metaLen` 0). */
export const metadataRecords = {
  [MessageType.ClientHello]: ClientHelloMetadata,
  [MessageType.ServerHelloAck]: ServerHelloAckMetadata,
  [MessageType.SessionPatch]: SessionPatchMetadata,
  [MessageType.SessionPatchAck]: SessionPatchAckMetadata,
  [MessageType.Error]: ErrorMetadata,
  [MessageType.SessionOpen]: SessionOpenMetadata,
  [MessageType.SessionOpenAck]: SessionOpenAckMetadata,
  [MessageType.SessionClose]: SessionCloseMetadata,
  [MessageType.SessionCloseAck]: SessionCloseAckMetadata,
  [MessageType.FrameSubmit]: FrameSubmitMetadata,
  [MessageType.ResultPush]: ResultPushMetadata,
  [MessageType.CachePut]: CachePutMetadata,
  [MessageType.CacheAck]: CacheAckMetadata,
  [MessageType.CacheInvalidate]: CacheInvalidateMetadata,
  [MessageType.FlowUpdate]: FlowUpdateMetadata,
  [MessageType.ResultHint]: ResultHintMetadata,
  [MessageType.TransportProbe]: TransportProbeMetadata,
  [MessageType.TransportProbeAck]: TransportProbeAckMetadata,
  [MessageType.SessionMigrate]: SessionMigrateMetadata,
  [MessageType.SessionMigrateAck]: SessionMigrateAckMetadata,
} as const;

/** The message types that carry a record. */
export type MetadataType = keyof typeof metadataRecords;

/** What the record of a message type decodes to. */
export type MetadataOf<T extends MetadataType> =
  (typeof metadataRecords)[T] extends WireRecord<infer Value> ? Value : never;

/** The message types that are a header and nothing else (protocol section 2). */
export const HEADER_ONLY: ReadonlySet<MessageType> = new Set([
  MessageType.FrameCancel,
  MessageType.ResultDrop,
  MessageType.Ping,
  MessageType.Pong,
]);

/**
 * One version of the wire: its name, and which record each message type carries. What is above the
 * wire asks the revision of its connection, so that a later revision is another table.
 */
export interface Revision {
  readonly name: string;
  readonly metadata: ReadonlyMap<MessageType, WireRecord<unknown>>;
  readonly headerOnly: ReadonlySet<MessageType>;
}

export const preview3: Revision = {
  name: 'NNRP/1 preview3',
  metadata: new Map(
    Object.entries(metadataRecords).map(([type, codec]) => [
      Number(type) as MessageType,
      codec as unknown as WireRecord<unknown>,
    ]),
  ),
  headerOnly: HEADER_ONLY,
};
