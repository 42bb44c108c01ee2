import { copyInto } from './bytes/copy-into';
import { breaksRule, NnrpError } from './errors';
import { FrameHeader, HEADER_LENGTH } from './header';
import { payloadLength, type Packet } from './packet';
import { TemplatePacket } from './packet-template';
import { TextPacket } from './text-packet';

/** Writes a packet into bytes of its own. Throws an `NnrpError`. */
export function encodePacket(packet: Packet): Uint8Array {
  const bytes = new Uint8Array(packetLength(packet));
  encodePacketInto(packet, bytes, 0);
  return bytes;
}

/** Bytes that a packet takes. */
export function packetLength(packet: Packet): number {
  if (packet instanceof TextPacket && packet.isText) return packet.byteLength;
  return headLength(packet) + packet.body.length;
}

/** Bytes of a packet's header and metadata; no metadata are made for the question. */
export function headLength(packet: Packet): number {
  return packet instanceof TemplatePacket ? packet.headLength : HEADER_LENGTH + packet.metadata.length;
}

/** Writes a packet to where there is room for it, and returns where it ends. Throws an `NnrpError`. */
export function encodePacketInto(packet: Packet, bytes: Uint8Array, at: number): number {
  if (packet instanceof TextPacket && packet.isText) return packet.encodeInto(bytes, at);
  const { body } = packet;
  encodeHeadInto(packet, bytes, at);
  const bodyAt = at + headLength(packet);
  if (body.length > 0) copyInto(bytes, body, bodyAt);
  return bodyAt + body.length;
}

/** Writes what stands before a packet's body, its header and its metadata. Throws an `NnrpError`. */
export function encodeHeadInto(packet: Packet, bytes: Uint8Array, at: number): void {
  if (packet instanceof TemplatePacket && packet.encodeHeadInto(bytes, at) === 'encoded') return;
  checkLengths(packet);
  FrameHeader.encodeInto(packet.header, bytes, at);
  if (packet.metadata.length > 0) copyInto(bytes, packet.metadata, at + HEADER_LENGTH);
}

/** Throws where a packet's header does not declare the lengths of its parts. */
export function checkLengths({ header, metadata, body }: Packet): void {
  const declared = HEADER_LENGTH + payloadLength(header);
  const actual = HEADER_LENGTH + metadata.length + body.length;
  if (declared !== actual) throw new NnrpError({ kind: 'PacketLengthMismatch', declared, actual });
  if (header.metaLen !== metadata.length) {
    breaksRule(`meta_len ${header.metaLen} is not the length of the metadata, ${metadata.length}`);
  }
}
