import type { UnfinishedPacket } from '../unfinished-packet';

/** Of the first byte of a frame (RFC 6455, section 5.2). */
const FINAL = 0x80;
const CONTROL = 0x08;

/** Of the second. */
const MASKED = 0x80;

const MASK_BYTES = 4;

/** Bytes of a frame's head up to its short length. */
const SHORT_HEAD = 2;

/**
 * Follows the frames of a WebSocket as their bytes come, to tell how much of a message is there. The
 * WebSocket itself tells only of whole messages and of control frames, which may stand between the fragments
 * of one.
 *
 *   between messages ──head of a data frame──▶ inside ──end of the final frame──▶ between messages
 */
export class MessageProgress {
  /** Whether a message has begun. */
  private isInside = false;
  /** Payload of the message so far, and what it has at least: with the frame that has begun. */
  private bytes = 0;
  private announced = 0;
  /** Of the frame: bytes of its head that have come, that there are, and of payload that is to come. */
  private headFill = 0;
  private headLength = SHORT_HEAD;
  private lengthEnd = SHORT_HEAD;
  private first = 0;
  private left = 0;

  /** `number` is that of the next message. */
  constructor(private number = 0) {}

  /** The message that has begun, or a control frame between two; undefined between frames of neither. */
  get unfinished(): UnfinishedPacket | undefined {
    if (!this.isInside && this.headFill === 0) return undefined;
    return { number: this.number, bytes: this.bytes, length: this.announced };
  }

  /** Takes the next bytes of the stream, with the masks still on them or not. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.headFill < this.headLength) this.readHead(chunk[at++]!);
      else {
        const taken = Math.min(this.left, chunk.length - at);
        at += taken;
        this.left -= taken;
        if (!this.isControl) this.bytes += taken;
      }
      if (this.headFill === this.headLength && this.left === 0) this.endFrame();
    }
  }

  private get isControl(): boolean {
    return (this.first & CONTROL) !== 0;
  }

  private readHead(byte: number): void {
    const index = this.headFill++;
    if (index === 0) this.first = byte;
    else if (index === 1) {
      const short = byte & ~MASKED;
      const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
      this.left = lengthBytes === 0 ? short : 0;
      this.lengthEnd = SHORT_HEAD + lengthBytes;
      this.headLength = this.lengthEnd + ((byte & MASKED) === 0 ? 0 : MASK_BYTES);
    } else if (index < this.lengthEnd) this.left = this.left * 256 + byte;
    if (this.headFill < this.headLength || this.isControl) return;
    this.isInside = true;
    this.announced = this.bytes + this.left;
  }

  private endFrame(): void {
    this.headFill = 0;
    this.headLength = SHORT_HEAD;
    if (this.isControl ? this.isInside : (this.first & FINAL) === 0) return;
    this.number += 1;
    this.isInside = false;
    this.bytes = 0;
    this.announced = 0;
  }
}
