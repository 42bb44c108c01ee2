import { NnrpError } from './errors';
import { type CommonHeader, FrameHeader, HEADER_LENGTH } from './header';
import { chunkOf, cutPacket, payloadLength, type Chunk, type Packet } from './packet';
import { plainBytes } from './bytes/plain-bytes';

/** Bounds of the packets that a decoder takes; judged at the header, before anything is buffered. */
export interface PacketLimits {
  /** Bytes of metadata in one packet. Default 4 KiB: the largest record of the protocol has 80. */
  readonly maxMetadataBytes: number;
  /** Bytes of body in one packet. Default 4 MiB. */
  readonly maxBodyBytes: number;
}

/** 4 KiB of metadata, which is more than any record has, and 4 MiB of body. */
export const DEFAULT_PACKET_LIMITS: PacketLimits = {
  maxMetadataBytes: 4 * 1024,
  maxBodyBytes: 4 * 1024 * 1024,
};

/** The limits with their defaults. Not a spread: a limit that is given as undefined would be none. */
export function packetLimits(limits: Partial<PacketLimits> = {}): PacketLimits {
  return {
    maxMetadataBytes: limits.maxMetadataBytes ?? DEFAULT_PACKET_LIMITS.maxMetadataBytes,
    maxBodyBytes: limits.maxBodyBytes ?? DEFAULT_PACKET_LIMITS.maxBodyBytes,
  };
}

/**
 * Bytes of header and body of the largest packet that keeps to the limits. Its metadata is not counted: no record
 * is so large that it mattered.
 */
export function largestPacket({
  maxBodyBytes = DEFAULT_PACKET_LIMITS.maxBodyBytes,
}: Partial<PacketLimits> = {}) {
  return HEADER_LENGTH + maxBodyBytes;
}

/** Bytes that a chunk costs besides its own, while it is kept until its packet is whole: a view and its buffer. */
const CHUNK_COST = 512;

/** Chunks that are kept of one packet at most, however large it is; with one more they are gathered. */
const MAX_CHUNKS = 1024;

/**
 * Cuts a byte stream into packets, however it was split (protocol section 1).
 *
 * Three outcomes are kept apart: whole packets are returned, an unfinished one waits for more bytes
 * (`isInsidePacket`), and a broken one sets `fault`, after which the stream cannot be trusted and
 * `push` throws. A packet that arrives in one chunk is a view of that chunk; of one that arrives in
 * several, each byte is copied once. Neither a declared length nor a trickle of tiny chunks makes the
 * decoder hold more than about twice the bytes of the packet, nor more than 1,024 chunks.
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
  private headerBytes: Uint8Array | undefined;
  private headerFill = 0;
  /** The header of the unfinished packet, once it is whole. */
  private header: CommonHeader | undefined;
  /** Metadata and body of the unfinished packet, as they came, until they are gathered. */
  private chunks: Uint8Array[] = [];
  private gathered: Uint8Array | undefined;
  private received = 0;
  private broken: NnrpError | undefined;

  constructor(limits: Partial<PacketLimits> = {}) {
    this.limits = packetLimits(limits);
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

  /** Bytes that the unfinished packet will have, as its header says; undefined before that is whole. */
  get expectedBytes(): number | undefined {
    return this.header === undefined ? undefined : HEADER_LENGTH + payloadLength(this.header);
  }

  /**
   * Takes the next bytes of the stream and returns the packets that they complete. Where a frame is
   * broken, returns those before it and sets `fault`. Throws `fault` where it was set before. The
   * chunk is kept as it is, so its owner must not write to it again.
   */
  push(chunk: Uint8Array): Packet[] {
    if (this.broken !== undefined) throw this.broken;
    const packets: Packet[] = [];
    const source = chunkOf(plainBytes(chunk));
    const { bytes } = source;
    try {
      let at = 0;
      while (at < bytes.length) at = this.step(source, at, packets);
    } catch (error) {
      if (!(error instanceof NnrpError)) throw error;
      this.broken = error;
      this.forget();
    }
    return packets;
  }

  /** Reads on from `at` to the end of a packet or of the chunk, and returns where that is. */
  private step(source: Chunk, start: number, packets: Packet[]): number {
    const { bytes: chunk } = source;
    const at = this.header === undefined ? this.readHeader(chunk, start) : start;
    const { header } = this;
    if (header === undefined) return at;
    const length = header.metaLen + header.bodyLen;
    const end = Math.min(at + length - this.received, chunk.length);
    if (this.received === 0 && end - at === length) {
      packets.push(cutPacket(header, source, at));
      this.forget();
    } else if (end > at) {
      this.keep(chunk.subarray(at, end), length);
      if (this.received === length) {
        const bytes = this.gathered ?? joined(this.chunks, length);
        packets.push(cutPacket(header, bytes, 0));
        this.forget();
      }
    }
    return end;
  }

  /** Keeps a part of a payload as it came, or copies it once keeping all parts would cost more. */
  private keep(part: Uint8Array, length: number): void {
    if (this.gathered === undefined) {
      this.chunks.push(part);
      if (this.chunks.length * CHUNK_COST > length || this.chunks.length > MAX_CHUNKS) {
        this.gathered = joined(this.chunks, length);
        this.chunks = [];
      }
    } else {
      this.gathered.set(part, this.received);
    }
    this.received += part.length;
  }

  private readHeader(chunk: Uint8Array, at: number): number {
    if (this.headerFill === 0 && chunk.length - at >= HEADER_LENGTH) {
      this.header = this.judge(chunk, at);
      return at + HEADER_LENGTH;
    }
    const taken = chunk.subarray(at, at + HEADER_LENGTH - this.headerFill);
    const gathered = (this.headerBytes ??= new Uint8Array(HEADER_LENGTH));
    gathered.set(taken, this.headerFill);
    this.headerFill += taken.length;
    if (this.headerFill === HEADER_LENGTH) {
      this.headerFill = 0;
      this.header = this.judge(gathered, 0);
    }
    return at + taken.length;
  }

  private judge(bytes: Uint8Array, at: number): CommonHeader {
    const header = FrameHeader.decode(bytes, at);
    checkLimits(header, this.limits);
    return header;
  }

  private forget(): void {
    this.header = undefined;
    this.headerFill = 0;
    this.received = 0;
    this.gathered = undefined;
    if (this.chunks.length > 0) this.chunks = [];
  }
}

/** A packet is longer than a limit; whose it would have been, its header says. */
export class PacketTooLong extends NnrpError {
  constructor(
    readonly header: CommonHeader,
    declared: number,
    limit: number,
  ) {
    super({ kind: 'MessageLengthOverflow', declared, limit });
  }
}

/**
 * Judges the lengths that a header declares. Throws an `NnrpError`, `MessageLengthOverflow`, where
 * they overflow a u32 or a limit.
 */
export function checkLimits(header: CommonHeader, limits: PacketLimits): void {
  payloadLength(header);
  requireAtMost(header, header.metaLen, limits.maxMetadataBytes);
  requireAtMost(header, header.bodyLen, limits.maxBodyBytes);
}

function requireAtMost(header: CommonHeader, declared: number, limit: number): void {
  // Negated: against a limit that is no number, nothing passes.
  if (!(declared <= limit)) throw new PacketTooLong(header, declared, limit);
}

/** The chunks from the start of bytes that have room for `length`. */
function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
