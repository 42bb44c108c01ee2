import { chunkOf, type Chunk } from '../../wire/packet';
import type { UnfinishedPacket } from '../unfinished-packet';
import { unmask } from './unmask';

/** First bytes of frames that are a whole message (RFC 6455, section 5.2). */
const FIN_BINARY = 0x82;
const FIN_PING = 0x89;
const FIN_PONG = 0x8a;

/** Of the second byte. */
const MASKED = 0x80;

const MASK_BYTES = 4;

/** Bytes of a frame's head up to its short length. */
const SHORT_HEAD = 2;

/** Payload that the head of a control frame can say. */
const MAX_CONTROL = 125;

/** Bytes that are taken for a frame that comes in parts, before it is known to be a long one. */
const FIRST_ROOM = 1024;

const NOTHING = new Uint8Array(0);

/** What a stream of frames is made of. */
export interface MessageSink {
  /** A binary message: the bytes from `start` to `end`, which nobody else has. */
  message(chunk: Chunk, start: number, end: number): void;
  /** A ping or a pong, as it came. */
  control(frame: Uint8Array): void;
}

/**
 * Cuts the messages of a WebSocket out of its bytes where they stand. The receiver of `ws` makes six Buffers and two
 * events of each, which costs more than all that is done with a token. Only what is plain is cut: binary messages of
 * one frame, as all of them are that this library and browsers send, and pings and pongs. Where anything else begins
 * `push` returns the rest, which the receiver of `ws` is to judge, and all that follows.
 *
 *   between frames ──a part of a frame──▶ inside one ──its last byte──▶ between frames
 */
export class MessageCutter {
  /** Frames that are over. */
  count = 0;
  /** The frame that has come in part, as it came, with room for what is next. */
  private part = NOTHING;
  private fill = 0;
  /** Of the frame that was looked at last: bytes of its head and of all of it, at least, as far as that is known. */
  private headLength = SHORT_HEAD;
  private length = SHORT_HEAD;

  constructor(
    private readonly isMasked: boolean,
    /** Bytes of a message at most. */
    private readonly longest: number,
    private readonly sink: MessageSink,
  ) {}

  /** The frame that has begun; undefined between two. */
  get unfinished(): UnfinishedPacket | undefined {
    if (this.fill === 0) return undefined;
    const { count, fill, headLength, length } = this;
    return { number: count, bytes: Math.max(0, fill - headLength), length: Math.max(0, length - headLength) };
  }

  /** Takes the next bytes of the stream. Returns those from which on it is another's, undefined where there are none. */
  push(bytes: Uint8Array): Uint8Array | undefined {
    let at = 0;
    if (this.fill > 0) {
      at = this.gather(bytes);
      const { part, fill } = this;
      const found = this.look(part, 0, fill);
      if (found === 'part') return undefined;
      this.forget();
      const whole = part.subarray(0, fill);
      if (found === 'foreign') return Buffer.concat([whole, bytes.subarray(at)]);
      this.deliver(chunkOf(whole), 0);
    }
    const chunk = chunkOf(bytes);
    while (at < bytes.length) {
      const found = this.look(bytes, at, bytes.length);
      if (found === 'foreign') return bytes.subarray(at);
      if (found === 'part') {
        this.keep(bytes.subarray(at));
        return undefined;
      }
      const next = at + this.length;
      this.deliver(chunk, at);
      at = next;
    }
    return undefined;
  }

  /** What stands between `at` and `end`: all of a frame, a part of one, or what is not for here. */
  private look(bytes: Uint8Array, at: number, end: number): 'whole' | 'part' | 'foreign' {
    const come = end - at;
    this.headLength = this.length = SHORT_HEAD;
    if (come < SHORT_HEAD) return 'part';
    const second = bytes[at + 1]!;
    const short = second & ~MASKED;
    if (((second & MASKED) !== 0) !== this.isMasked || !isPlain(bytes[at]!, short)) return 'foreign';
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    this.headLength = this.length = SHORT_HEAD + lengthBytes + (this.isMasked ? MASK_BYTES : 0);
    if (come < this.length) return 'part';
    let payload = lengthBytes === 0 ? short : 0;
    for (let index = 0; index < lengthBytes; index++)
      payload = payload * 256 + bytes[at + SHORT_HEAD + index]!;
    if (payload > this.longest) return 'foreign';
    this.length += payload;
    return come < this.length ? 'part' : 'whole';
  }

  private deliver(chunk: Chunk, at: number): void {
    const { bytes } = chunk;
    const end = at + this.length;
    this.count += 1;
    if (bytes[at] !== FIN_BINARY) {
      this.sink.control(bytes.subarray(at, end));
      return;
    }
    const start = at + this.headLength;
    if (this.isMasked) unmask(bytes, start - MASK_BYTES, start, end);
    this.sink.message(chunk, start, end);
  }

  /** Takes of a chunk what belongs to the frame that has begun, and returns how many bytes these are. */
  private gather(bytes: Uint8Array): number {
    let at = 0;
    // In steps: its first bytes say how long its head is, and that how long it is.
    while (this.look(this.part, 0, this.fill) === 'part' && at < bytes.length) {
      const taken = Math.min(this.length - this.fill, bytes.length - at);
      this.keep(bytes.subarray(at, at + taken));
      at += taken;
    }
    return at;
  }

  /** What is announced takes no room before it comes: at most twice what has come does. */
  private keep(bytes: Uint8Array): void {
    const { fill, part } = this;
    const needed = fill + bytes.length;
    if (needed > part.length) {
      this.part = new Uint8Array(Math.max(needed, Math.min(this.length, Math.max(FIRST_ROOM, 2 * needed))));
      this.part.set(part.subarray(0, fill));
    }
    this.part.set(bytes, fill);
    this.fill = needed;
  }

  private forget(): void {
    this.part = NOTHING;
    this.fill = 0;
  }
}

function isPlain(first: number, short: number): boolean {
  return first === FIN_BINARY || ((first === FIN_PING || first === FIN_PONG) && short <= MAX_CONTROL);
}
