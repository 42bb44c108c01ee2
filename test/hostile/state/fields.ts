import {
  isHeaderOnly as isHeaderOnlyType,
  NnrpError,
  preview3,
  type MessageMetadata,
  type MetadataType,
  type Packet,
  type WireRecord,
} from '../../../src/wire';
import { InFlightPolicy } from '../../../src/wire/messages/session-close';

/** A packet's fields; undefined where its metadata is not exactly as long as its record, or not allowed. */
export function fieldsOf<T extends MetadataType>(packet: Packet, type: T): MessageMetadata<T> | undefined {
  const record = preview3.messages[type]?.record as WireRecord<MessageMetadata<T>>;
  if (packet.metadata.length !== record.length) return undefined;
  return orRefused(() => record.decode(packet.metadata));
}

/** Undefined where `read` throws an `NnrpError`. */
export function orRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NnrpError) return undefined;
    throw error;
  }
}

/** Whether a packet of a session is one that its table of messages lets a client send, by type and lengths. */
export function isInTable(packet: Packet): boolean {
  const row = preview3.messages[packet.header.messageType];
  if (row === undefined || row.sender === 'server' || row.scope === 'connection') return false;
  if (isHeaderOnlyType(preview3, packet.header.messageType)) return isHeaderOnly(packet);
  return packet.header.metaLen === (row.record?.length ?? 0);
}

/** Whether a packet that may only be a header is no more. */
export function isHeaderOnly({ header }: Packet): boolean {
  return isHeaderOnlyType(preview3, header.messageType) && header.metaLen === 0 && header.bodyLen === 0;
}

export function drains({
  inFlightPolicy,
  drainTimeoutMs,
}: {
  readonly inFlightPolicy: InFlightPolicy;
  readonly drainTimeoutMs: number;
}): boolean {
  return inFlightPolicy === InFlightPolicy.Drain && drainTimeoutMs > 0;
}
