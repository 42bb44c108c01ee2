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

/** What a connection writes of several answers in a turn. */
export const MEDIUM_ROOM_BYTES = 4 * 1024;

/**
 * Memory follows bytes: in most turns most connections have a token to send, some have several, and few have many. Rooms
 * are shared, so that a connection with nothing to say holds none; and kept, because a new one costs as much as
 * writing a hundred small packets into it.
 */
const SHELVES = [new Shelf(512, 4096), new Shelf(MEDIUM_ROOM_BYTES, 1024), new Shelf(LARGE_ROOM_BYTES, 16)];

/** A buffer of at least so many bytes, of the smallest size that there is; not cleared. */
export function takeRoom(bytes: number): Uint8Array {
  for (const shelf of SHELVES) if (bytes <= shelf.bytes) return shelf.take();
  return new Uint8Array(bytes);
}

/** Takes a buffer back that nobody reads from any more. */
export function returnRoom(room: Uint8Array): void {
  for (const shelf of SHELVES) if (room.length === shelf.bytes) shelf.put(room);
}
