import { NnrpError } from './errors';
import { CommonHeader, HEADER_LENGTH } from './header';
import { EMPTY, payloadLength, type Packet } from './packet';

/** What a decoder takes; judged at the header, before anything is buffered. */
export interface PacketLimits {
  /** Bytes of metadata in one packet. Default 4 KiB: the largest record of the protocol has 80. */
  readonly maxMetadataBytes: number;
  /** Bytes of body in one packet. Default 4 MiB. */
  readonly maxBodyBytes: number;
}

export const DEFAULT_PACKET_LIMITS: PacketLimits = {
  maxMetadataBytes: 4 * 1024,
  maxBodyBytes: 4 * 1024 * 1024,
};

/**
 * Cuts a byte stream into packets, however it was split (protocol section 1).
 *
 * Three outcomes are kept apart: whole packets are returned, an unfinished one waits for more bytes
 * (`isInsidePacket`), and a broken one sets `fault`, after which the stream cannot be trusted and
 * `push` throws. A packet that arrives in one chunk is a view of that chunk; one that arrives in
 * several is copied once, when it is whole.
 *
 * @example
 * const decoder = new PacketDecoder();
 * socket.on('data', (chunk) => {
 *   for (const packet of decoder.push(chunk)) handle(packet);
 *   if (decoder.fault !== undefined) socket.destroy(decoder.fault);
 * });
 */
export class PacketDecoder {
  private readonly limits: PacketLimits;
  /** A header that did not arrive in one chunk is gathered here. */
  private readonly headerBytes = new Uint8Array(HEADER_LENGTH);
  private headerFill = 0;
  /** The header of the unfinished packet, once it is whole. */
  private header: CommonHeader | undefined;
  /** Metadata and body of the unfinished packet, as they came. */
  private chunks: Uint8Array[] = [];
  private received = 0;
  private broken: NnrpError | undefined;

  constructor(limits: Partial<PacketLimits> = {}) {
    this.limits = { ...DEFAULT_PACKET_LIMITS, ...limits };
  }

  /** Why the stream is broken, if it is. */
  get fault(): NnrpError | undefined {
    return this.broken;
  }

  /** Whether the bytes so far end inside a packet: an end of the stream here is no clean one. */
  get isInsidePacket(): boolean {
    return this.header !== undefined || this.headerFill > 0;
  }

  /** Bytes that wait for the rest of their packet. */
  get bufferedBytes(): number {
    return this.header === undefined ? this.headerFill : HEADER_LENGTH + this.received;
  }

  /**
   * Takes the next bytes of the stream and returns the packets that they complete. Where a frame is
   * broken, returns those before it and sets `fault`. Throws `fault` where it was set before.
   */
  push(chunk: Uint8Array): Packet[] {
    if (this.broken !== undefined) throw this.broken;
    const packets: Packet[] = [];
    try {
      let at = 0;
      while (at < chunk.length) at = this.step(chunk, at, packets);
    } catch (error) {
      if (!(error instanceof NnrpError)) throw error;
      this.broken = error;
      this.forget();
    }
    return packets;
  }

  /** Reads on from `at` to the end of a packet or of the chunk, and returns where that is. */
  private step(chunk: Uint8Array, start: number, packets: Packet[]): number {
    let at = start;
    if (this.header === undefined) {
      at = this.readHeader(chunk, at);
      if (this.header === undefined) return at;
    }
    const header: CommonHeader = this.header;
    const length = header.metaLen + header.bodyLen;
    const taken = Math.min(length - this.received, chunk.length - at);
    const payload = chunk.subarray(at, at + taken);
    this.received += taken;
    if (this.received === length) {
      packets.push(cut(header, this.chunks.length === 0 ? payload : joined([...this.chunks, payload], length)));
      this.forget();
    } else if (taken > 0) {
      this.chunks.push(payload);
    }
    return at + taken;
  }

  private readHeader(chunk: Uint8Array, at: number): number {
    if (this.headerFill === 0 && chunk.length - at >= HEADER_LENGTH) {
      this.header = this.judge(chunk, at);
      return at + HEADER_LENGTH;
    }
    const taken = chunk.subarray(at, at + HEADER_LENGTH - this.headerFill);
    this.headerBytes.set(taken, this.headerFill);
    this.headerFill += taken.length;
    if (this.headerFill === HEADER_LENGTH) {
      this.headerFill = 0;
      this.header = this.judge(this.headerBytes, 0);
    }
    return at + taken.length;
  }

  private judge(bytes: Uint8Array, at: number): CommonHeader {
    const header = CommonHeader.decode(bytes, at);
    payloadLength(header);
    requireAtMost(header.metaLen, this.limits.maxMetadataBytes);
    requireAtMost(header.bodyLen, this.limits.maxBodyBytes);
    return header;
  }

  private forget(): void {
    this.header = undefined;
    this.headerFill = 0;
    this.received = 0;
    if (this.chunks.length > 0) this.chunks = [];
  }
}

function requireAtMost(declared: number, limit: number): void {
  if (declared > limit) throw new NnrpError({ kind: 'MessageLengthOverflow', declared, limit });
}

function cut(header: CommonHeader, payload: Uint8Array): Packet {
  return {
    header,
    metadata: header.metaLen === 0 ? EMPTY : payload.subarray(0, header.metaLen),
    body: header.bodyLen === 0 ? EMPTY : payload.subarray(header.metaLen),
  };
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
