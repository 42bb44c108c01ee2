import { HELD_RESULT_BYTES } from '../../../protocol/operation/result-outbox';
import { headLength } from '../../../wire/encode-packet';
import { ownBytes } from '../../../wire/bytes/own-bytes';
import { EMPTY, type Packet } from '../../../wire/packet';
import { TemplatePacket, withBody } from '../../../wire/packet-template';
import { TextPacket } from '../../../wire/text-packet';

/** A result that waits, for its client or for proof that it was received. Texts may be joined to it until it is sent. */
export interface Outgoing {
  packet: Packet;
  /** Bytes that are held for it; of its body the whole buffer, which may be twice as large. */
  byteLength: number;
}

/** A result that is to wait, with a body of its own: what counts is what is held. */
export function kept(packet: Packet): Outgoing {
  if (packet instanceof TextPacket && packet.isText) {
    return { packet, byteLength: HELD_RESULT_BYTES + packet.byteLength };
  }
  const body = packet.body.length === 0 ? EMPTY : ownBytes(packet.body);
  const byteLength = HELD_RESULT_BYTES + headLength(packet) + body.buffer.byteLength;
  return { packet: withBody(packet, body), byteLength };
}

/** A packet's frame; none is made into the objects that it is without, as all that waits is asked. */
export function frameOf(packet: Packet): number {
  const isLean = packet instanceof TextPacket || packet instanceof TemplatePacket;
  return isLean ? packet.frameId : packet.header.frameId;
}

/** Bytes of a packet's body; a text is not made into one. */
export function bodyBytes(packet: Packet): number {
  return packet instanceof TextPacket ? packet.bodyLength : packet.body.length;
}
