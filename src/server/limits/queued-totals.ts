/** A connection that is not read while there is too much to do. */
export interface HeldReader {
  holdReading(): void;
  releaseReading(): void;
}

/** Reading goes on once so much of the room is free. */
const FREE_AT = 1 / 4;

/** The bytes of submits that wait for a slot, over all sessions of a server. */
export class QueuedTotals {
  private bytes = 0;
  private readonly held = new Set<HeldReader>();

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
    for (const reader of readers) reader.releaseReading();
  }

  /** Holds who has brought a submit that waits, where that is too much. */
  meet(reader: HeldReader): void {
    if (this.bytes <= this.maxBytes || this.held.has(reader)) return;
    this.held.add(reader);
    reader.holdReading();
  }

  /** The connection is gone. */
  forget(reader: HeldReader): void {
    this.held.delete(reader);
  }
}
