import { copyInto } from './bytes/copy-into';
import { breaksRule, NnrpError } from './errors';
import { FrameHeader, HEADER_LENGTH } from './header';
import { payloadLength, type Packet } from './packet';
import { TemplatePacket } from './packet-template';
import { TextPacket } from './text-packet';

/** Writes a packet into bytes of its own. Throws an `NnrpError`. */
export function encodePacket(packet: Packet): Uint8Array {
  if (packet instanceof TextPacket && packet.isText) {
    const bytes = new Uint8Array(packet.byteLength);
    packet.encodeInto(bytes, 0);
    return bytes;
  }
  const { metadata, body } = packet;
  const bytes = new Uint8Array(HEADER_LENGTH + metadata.length + body.length);
  encodeHeadInto(packet, bytes, 0);
  if (body.length > 0) copyInto(bytes, body, HEADER_LENGTH + metadata.length);
  return bytes;
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
