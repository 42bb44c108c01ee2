import { NnrpError } from './errors';
import { type CommonHeader, FrameHeader, header, HEADER_LENGTH, type HeaderFields } from './header';
import { ours } from './bytes/own-bytes';
import { requireBytes } from './bytes/require-bytes';

/** A whole packet; `metadata` and `body` may be views of a larger buffer. */
export interface Packet {
  readonly header: CommonHeader;
  readonly metadata: Uint8Array;
  readonly body: Uint8Array;
}

/** No bytes. Shared: a packet without metadata or body has it. */
export const EMPTY: Uint8Array = new Uint8Array(0);

const U32_MAX = 0xffffffff;

/**
 * A packet from what is particular to it; the lengths follow from `metadata` and `body`. Throws a `TypeError`
 * where these are not bytes.
 *
 * @example
 * transport.send(packet({ messageType: MessageType.FrameCancel, sessionId: 42, frameId: 7 }));
 */
export function packet(
  fields: Omit<HeaderFields, 'metaLen' | 'bodyLen'>,
  metadata: Uint8Array = EMPTY,
  body: Uint8Array = EMPTY,
): Packet {
  const whole = header(fields);
  whole.metaLen = requireBytes(metadata, 'the metadata of a packet').length;
  whole.bodyLen = requireBytes(body, 'the body of a packet').length;
  return { header: whole, metadata, body };
}

/**
 * The bytes that follow a header. Throws an `NnrpError`, `MessageLengthOverflow`, where the two
 * lengths overflow a u32 (protocol section 1).
 */
export function payloadLength({ metaLen, bodyLen }: CommonHeader): number {
  const declared = metaLen + bodyLen;
  if (declared > U32_MAX) throw new NnrpError({ kind: 'MessageLengthOverflow', declared, limit: U32_MAX });
  return declared;
}

/**
 * Reads bytes that hold exactly one packet, as a message-oriented transport delivers it. Throws an
 * `NnrpError`, `PacketLengthMismatch` where the declared lengths are not those of the buffer.
 */
export function decodePacket(bytes: Uint8Array): Packet {
  return decodePacketIn(chunkOf(bytes), 0, bytes.length);
}

/** As `decodePacket`, of the bytes from `start` to `end`, of which no view is made. */
export function decodePacketIn(chunk: Chunk, start: number, end: number): Packet {
  const { bytes } = chunk;
  const actual = end - start;
  // What stands behind it is no header of its.
  const decoded =
    actual < HEADER_LENGTH
      ? FrameHeader.decode(bytes.subarray(start, end))
      : FrameHeader.decode(bytes, start);
  const declared = HEADER_LENGTH + payloadLength(decoded);
  if (declared !== actual) throw new NnrpError({ kind: 'PacketLengthMismatch', declared, actual });
  return cutPacket(decoded, chunk, start + HEADER_LENGTH);
}

/** Where bytes are that packets are cut from: two views of a known buffer cost half of two subarrays. */
export interface Source {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
}

/** Bytes that have come, with where they are: asked for once. */
export interface Chunk extends Source {
  readonly bytes: Uint8Array;
}

export function chunkOf(bytes: Uint8Array): Chunk {
  const { buffer, byteOffset } = bytes;
  return { bytes, buffer, byteOffset };
}

/** The packet of a header whose metadata and body stand at `at`: views, of which none is a Buffer. */
export function cutPacket(header: CommonHeader, { buffer, byteOffset }: Source, at: number): Packet {
  const { metaLen, bodyLen } = header;
  const start = byteOffset + at;
  return {
    header,
    metadata: metaLen === 0 ? EMPTY : new Uint8Array(buffer, start, metaLen),
    body: bodyLen === 0 ? EMPTY : ours(new Uint8Array(buffer, start + metaLen, bodyLen)),
  };
}
