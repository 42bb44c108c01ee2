import { copyInto } from './copy-into';

/** Pieces of one buffer. */
const PIECES = 64;

/**
 * New bytes of one length, many of them cut from one buffer: those of more than 64 V8 takes from the system and gives
 * back one by one, which costs several times what is written into them. For what is soon done with: each keeps the
 * buffer of all alive.
 */
export class Slab {
  private buffer: ArrayBuffer | undefined;
  private end = 0;

  /** `length` is that of each, in bytes. */
  constructor(private readonly length: number) {}

  /** A copy of bytes of that length. */
  copy(bytes: Uint8Array): Uint8Array {
    const { length } = this;
    // Whoever has transferred one to another thread has left a buffer of no bytes.
    if (this.buffer === undefined || this.end + length > this.buffer.byteLength) {
      this.buffer = new ArrayBuffer(length * PIECES);
      this.end = 0;
    }
    const piece = new Uint8Array(this.buffer, this.end, length);
    this.end += length;
    copyInto(piece, bytes, 0);
    return piece;
  }
}
