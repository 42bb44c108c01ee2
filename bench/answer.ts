/** Where the fields that a bare peer needs are in a header (protocol section 1). */
export const HEADER = 40;
export const ACK_METADATA = 56;
export const RESULT_METADATA = 64;
const TYPE = 6;
const META_LENGTH = 12;
const BODY_LENGTH = 16;
const SESSION_OPEN = 0x07;
const SESSION_OPEN_ACK = 0x08;
const RESULT_PUSH = 0x12;

/** The bytes of the packet that starts at `at`, or 0 where they are not all there. */
export function packetLength(bytes: Buffer, at: number): number {
  if (bytes.length - at < HEADER) return 0;
  const length = HEADER + bytes.readUInt32LE(at + META_LENGTH) + bytes.readUInt32LE(at + BODY_LENGTH);
  return bytes.length - at < length ? 0 : length;
}

/**
 * What answers a packet, without a look at anything but lengths: the same bytes on the wire as a real
 * server's, at the least that they can cost.
 */
export function answer(bytes: Buffer, at: number, length: number): Buffer {
  if (bytes[at + TYPE] === SESSION_OPEN) {
    const ack = Buffer.alloc(HEADER + ACK_METADATA);
    bytes.copy(ack, 0, at, at + HEADER);
    ack[TYPE] = SESSION_OPEN_ACK;
    ack.writeUInt32LE(ACK_METADATA, META_LENGTH);
    return ack;
  }
  const body = bytes.readUInt32LE(at + BODY_LENGTH);
  const result = Buffer.allocUnsafe(HEADER + RESULT_METADATA + body);
  bytes.copy(result, 0, at, at + HEADER);
  result[TYPE] = RESULT_PUSH;
  result.writeUInt32LE(RESULT_METADATA, META_LENGTH);
  result.fill(0, HEADER, HEADER + RESULT_METADATA);
  bytes.copy(result, HEADER + RESULT_METADATA, at + length - body, at + length);
  return result;
}
