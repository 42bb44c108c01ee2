/** Where the fields that a bare peer needs are (protocol sections 1 and 4). */
export const HEADER = 40;
export const HELLO_ACK_METADATA = 80;
export const OPEN_ACK_METADATA = 56;
export const SUBMIT_METADATA = 72;
export const RESULT_METADATA = 64;
export const TYPE = 6;
export const META_LENGTH = 12;
export const BODY_LENGTH = 16;
export const SESSION_ID = 20;
export const FRAME_ID = 24;
/** Of FRAME_SUBMIT in preview4. */
export const OPERATION_ID = HEADER + 40;

export const CLIENT_HELLO = 0x01;
export const SERVER_HELLO_ACK = 0x02;
export const SESSION_OPEN = 0x07;
export const SESSION_OPEN_ACK = 0x08;
export const FRAME_SUBMIT = 0x10;
export const RESULT_PUSH = 0x12;
export const PARTIAL_RESULT = 0x38;
export const PING = 0x20;
export const PONG = 0x21;

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
  const type = bytes[at + TYPE];
  if (type === SESSION_OPEN) return openAck(bytes, at);
  if (type === CLIENT_HELLO) return helloAck(bytes, at);
  if (type === PING) {
    const pong = Buffer.from(bytes.subarray(at, at + HEADER));
    pong[TYPE] = PONG;
    return pong;
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

/** Header and metadata of the result that has a submit's body: what stands before it where it is large. */
export function resultHead(bytes: Buffer, at: number): Buffer {
  const head = Buffer.alloc(HEADER + RESULT_METADATA);
  bytes.copy(head, 0, at, at + HEADER);
  head[TYPE] = RESULT_PUSH;
  head.writeUInt32LE(RESULT_METADATA, META_LENGTH);
  return head;
}

/** Version 1, and the profiles and payload kinds that the client has. */
function helloAck(bytes: Buffer, at: number): Buffer {
  const ack = Buffer.alloc(HEADER + HELLO_ACK_METADATA);
  bytes.copy(ack, 0, at, at + HEADER);
  ack[TYPE] = SERVER_HELLO_ACK;
  ack.writeUInt32LE(HELLO_ACK_METADATA, META_LENGTH);
  ack[HEADER] = 1;
  bytes.copy(ack, HEADER + 8, at + HEADER + 4, at + HEADER + 12);
  return ack;
}

const CREDIT = 0xffff;

/** Accepts whatever is asked for, with all the credit that there can be. */
function openAck(bytes: Buffer, at: number): Buffer {
  const ack = Buffer.alloc(HEADER + OPEN_ACK_METADATA);
  bytes.copy(ack, 0, at, at + HEADER);
  ack[TYPE] = SESSION_OPEN_ACK;
  ack.writeUInt32LE(OPEN_ACK_METADATA, META_LENGTH);
  ack.writeUInt32LE(0, BODY_LENGTH);
  // Session id, profile, priority, schema and its version are where the request has them.
  bytes.copy(ack, HEADER, at + HEADER, at + HEADER + 16);
  const sessionId = bytes.readUInt32LE(at + HEADER);
  ack.writeUInt32LE(sessionId, SESSION_ID);
  ack[HEADER + 7] = 0;
  ack.writeUInt16LE(CREDIT, HEADER + 16);
  ack.writeUInt16LE(CREDIT, HEADER + 18);
  ack.writeUInt32LE(30_000, HEADER + 20);
  ack.writeUInt32LE(sessionId, HEADER + 36);
  return ack;
}

/** Cuts what a socket brings into packets: calls back for each with where it is, keeps the rest. */
export class PacketCutter {
  private rest: Buffer[] = [];
  private kept = 0;
  /** How many bytes there must be before there is any use in looking at them. */
  private needed = 0;

  push(chunk: Buffer, each: (bytes: Buffer, at: number, length: number) => void): void {
    const bytes = this.whole(chunk);
    if (bytes === undefined) return;
    let at = 0;
    for (let length = packetLength(bytes, at); length > 0; length = packetLength(bytes, at)) {
      each(bytes, at, length);
      at += length;
    }
    if (at === bytes.length) return;
    this.rest.push(bytes.subarray(at));
    this.kept = bytes.length - at;
    this.needed =
      this.kept < HEADER
        ? HEADER
        : HEADER + bytes.readUInt32LE(at + META_LENGTH) + bytes.readUInt32LE(at + BODY_LENGTH);
  }

  private whole(chunk: Buffer): Buffer | undefined {
    if (this.kept === 0) return chunk;
    this.rest.push(chunk);
    this.kept += chunk.length;
    if (this.kept < this.needed) return undefined;
    const bytes = Buffer.concat(this.rest);
    this.rest = [];
    this.kept = 0;
    return bytes;
  }
}
