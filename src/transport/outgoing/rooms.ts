/** Buffers of one size that nobody reads from. */
class Shelf {
  private readonly spare: Uint8Array[] = [];

  constructor(
    readonly bytes: number,
    private readonly most: number,
  ) {}

  take(): Uint8Array {
    return this.spare.pop() ?? new Uint8Array(this.bytes);
  }

  put(room: Uint8Array): void {
    if (this.spare.length < this.most) this.spare.push(room);
  }
}

/** The answers to a read of 64 KiB, and a little more. */
export const LARGE_ROOM_BYTES = 72 * 1024;

/**
 * Memory follows bytes: in most turns most connections have a small packet to send, and few have many. Rooms
 * are shared, so that a connection with nothing to say holds none; and kept, because a new one costs as much as
 * writing a hundred small packets into it.
 */
const SMALL = new Shelf(4 * 1024, 4096);
const LARGE = new Shelf(LARGE_ROOM_BYTES, 16);

/** A buffer of at least so many bytes, of the smallest size that there is; not cleared. */
export function takeRoom(bytes: number): Uint8Array {
  if (bytes <= SMALL.bytes) return SMALL.take();
  return bytes <= LARGE.bytes ? LARGE.take() : new Uint8Array(bytes);
}

/** Takes a buffer back that nobody reads from any more. */
export function returnRoom(room: Uint8Array): void {
  if (room.length === SMALL.bytes) SMALL.put(room);
  else if (room.length === LARGE.bytes) LARGE.put(room);
}
