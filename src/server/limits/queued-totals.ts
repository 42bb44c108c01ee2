import type { ReadingPause } from './reading-pause';

/** Reading goes on once so much of the room is free. */
const FREE_AT = 1 / 4;

/** The bytes of submits that wait for a slot, over all sessions of a server. */
export class QueuedTotals {
  private bytes = 0;
  private readonly held = new Set<Pick<ReadingPause, 'hold' | 'release'>>();

  constructor(private readonly maxBytes: number) {}

  get total(): number {
    return this.bytes;
  }

  /** Submits have come to wait, or do not wait any more. */
  change(by: number): void {
    this.bytes += by;
    if (this.held.size === 0 || this.bytes > this.maxBytes * (1 - FREE_AT)) return;
    const readers = [...this.held];
    this.held.clear();
    for (const reader of readers) reader.release('memory');
  }

  /** Holds who has brought a submit that waits, where that is too much; false where it is not, or is held already. */
  meet(reader: Pick<ReadingPause, 'hold' | 'release'>): boolean {
    if (this.bytes <= this.maxBytes || this.held.has(reader)) return false;
    this.held.add(reader);
    reader.hold('memory');
    return true;
  }

  /** The connection is gone. */
  forget(reader: Pick<ReadingPause, 'hold' | 'release'>): void {
    this.held.delete(reader);
  }
}
