import { CacheInvalidateMetadata } from '../../src/wire/messages/cache';
import { FlowUpdateMetadata } from '../../src/wire/messages/flow-update';
import { FrameSubmitMetadata } from '../../src/wire/messages/frame-submit';
import { ResultPushMetadata } from '../../src/wire/messages/result-push';
import { SessionCloseAckMetadata, SessionCloseMetadata } from '../../src/wire/messages/session-close';
import { SessionMigrateAckMetadata, SessionMigrateMetadata } from '../../src/wire/messages/session-migrate';
import { SessionOpenAckMetadata, SessionOpenMetadata } from '../../src/wire/messages/session-open';
import { SessionPatchAckMetadata, SessionPatchMetadata } from '../../src/wire/messages/session-patch';
import { MessageType } from '../../src/wire/message-type';
import { encodePacket } from '../../src/wire/encode-packet';
import { packet, type Packet } from '../../src/wire/packet';
import type { WireRecord } from '../../src/wire/codec/record';

// Packets as a transcript tells them: what is not said is 0, empty, or session 42.

export const SESSION = 42;

/** What a packet may say besides its message type. */
export interface PacketText<Metadata = unknown> {
  readonly sessionId?: number;
  readonly frameId?: number;
  readonly metadata?: Partial<Metadata>;
  /** UTF-8. */
  readonly body?: string;
}

const utf8 = new TextEncoder();

export function text(value: string): Uint8Array {
  return utf8.encode(value);
}

/** A packet of any type with metadata and body of any length, well-formed or not. */
export function rawPacket(
  messageType: MessageType,
  {
    sessionId = SESSION,
    frameId = 0,
    metaLen = 0,
    bodyLen = 0,
  }: { sessionId?: number; frameId?: number; metaLen?: number; bodyLen?: number } = {},
): Packet {
  return packet({ messageType, sessionId, frameId }, new Uint8Array(metaLen), new Uint8Array(bodyLen));
}

function builder<M>(messageType: MessageType, record: WireRecord<M>, defaultSession = SESSION) {
  return ({
    sessionId = defaultSession,
    frameId = 0,
    metadata = {},
    body = '',
  }: PacketText<M> = {}): Packet =>
    packet({ messageType, sessionId, frameId }, record.encode(record.of(metadata)), text(body));
}

function headerOnlyBuilder(messageType: MessageType, defaultSession = SESSION) {
  return ({ sessionId = defaultSession, frameId = 0 }: PacketText = {}): Packet =>
    packet({ messageType, sessionId, frameId });
}

export const openPacket = builder(MessageType.SessionOpen, SessionOpenMetadata, 0);
export const openAckPacket = builder(MessageType.SessionOpenAck, SessionOpenAckMetadata, 0);
export const closePacket = builder(MessageType.SessionClose, SessionCloseMetadata);
export const closeAckPacket = builder(MessageType.SessionCloseAck, SessionCloseAckMetadata);
export const submitPacket = builder(MessageType.FrameSubmit, FrameSubmitMetadata);
export const cancelPacket = headerOnlyBuilder(MessageType.FrameCancel);
export const resultPacket = builder(MessageType.ResultPush, ResultPushMetadata);
export const dropPacket = headerOnlyBuilder(MessageType.ResultDrop);
export const flowUpdatePacket = builder(MessageType.FlowUpdate, FlowUpdateMetadata);
export const patchPacket = builder(MessageType.SessionPatch, SessionPatchMetadata);
export const patchAckPacket = builder(MessageType.SessionPatchAck, SessionPatchAckMetadata);
export const migratePacket = builder(MessageType.SessionMigrate, SessionMigrateMetadata);
export const migrateAckPacket = builder(MessageType.SessionMigrateAck, SessionMigrateAckMetadata);
export const cacheInvalidatePacket = builder(MessageType.CacheInvalidate, CacheInvalidateMetadata);
export const pingPacket = headerOnlyBuilder(MessageType.Ping, 0);
export const pongPacket = headerOnlyBuilder(MessageType.Pong, 0);

/** What packets are on the wire. */
export function bytesOf(...packets: readonly Packet[]): Uint8Array {
  const encoded = packets.map(encodePacket);
  const bytes = new Uint8Array(encoded.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of encoded) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
