/** Bounds of the results in an outbox, whose receipt is not proved. */
export interface OutboxLimits {
  /** Results. Default Infinity: what they take is what counts. */
  readonly maxResults: number;
  /**
   * Bytes of memory: of the packets, and 256 for each as an object. Default 8 MiB, which two minutes of 100
   * tokens a second fit into.
   */
  readonly maxBytes: number;
}

export const DEFAULT_OUTBOX_LIMITS: OutboxLimits = { maxResults: Infinity, maxBytes: 8 * 1024 * 1024 };

/** Bytes that a held result takes besides those of its packet; measured, of Node 20. */
export const HELD_RESULT_BYTES = 256;

/** What each further text takes that is held with others in one result, besides its bytes there: it is a string. */
export const HELD_TEXT_BYTES = 40;

/**
 * The results of a session in order, numbered from 1, until their receipt is proved: what a transport
 * accepted is not what the client received.
 *
 *   lost ◀── [ sent, not proved ... | not sent ... ] ◀── add
 *             ▲                      ▲
 *             └ acknowledge          └ markSent
 *
 * A client that comes back says how many results it has; `replayAfter` is what it lacks, unless some of
 * that had to go to keep within the limits.
 */
export class ResultOutbox<T extends { readonly byteLength: number }> {
  private entries: T[] = [];
  /** Index of the first entry that counts; those before it are done with, and swept now and then. */
  private head = 0;
  private bytes = 0;
  /** The number of the entry at `head`. */
  private firstNumber = 1;
  private sentNumber = 0;
  /** The number up to which receipt is proved, and the one behind which results stay all the same. */
  private provedNumber = 0;
  private neededAfter = Infinity;

  constructor(private readonly limits: OutboxLimits = DEFAULT_OUTBOX_LIMITS) {}

  /** How many results are held. */
  get size(): number {
    return this.entries.length - this.head;
  }

  get byteLength(): number {
    return this.bytes;
  }

  /** Bytes that there is room for. */
  get roomBytes(): number {
    return Math.max(0, this.limits.maxBytes - this.bytes);
  }

  /** The number of the newest result, 0 before the first. */
  get lastNumber(): number {
    return this.firstNumber + this.size - 1;
  }

  /** The number of the newest result that was handed to a transport. */
  get lastSentNumber(): number {
    return this.sentNumber;
  }

  /** The number of the newest result that is not held any more: proved, or lost. */
  get lastReleasedNumber(): number {
    return this.firstNumber - 1;
  }

  /** How full the outbox is, 1 at its limits. */
  get fullness(): number {
    return Math.max(this.size / this.limits.maxResults, this.bytes / this.limits.maxBytes);
  }

  /** Whether so many results more, of so many bytes in all, are within the limits. */
  hasRoom(results: number, bytes: number): boolean {
    return this.size + results <= this.limits.maxResults && this.bytes + bytes <= this.limits.maxBytes;
  }

  add(result: T): void {
    this.entries.push(result);
    this.bytes += result.byteLength;
  }

  /** Takes note that a result has grown, which no transport was handed. */
  grown(bytes: number): void {
    this.bytes += bytes;
  }

  /** Says that everything so far was handed to a transport. */
  markSent(): void {
    this.sentNumber = this.lastNumber;
  }

  /** Forgets the results up to number `count`: the client has them. Those stay that somebody else needs. */
  acknowledge(count: number): void {
    this.provedNumber = Math.max(this.provedNumber, Math.min(count, this.lastNumber));
    this.releaseProved();
  }

  /** Results behind this number are needed besides, and stay as long as there is room, proved or not. */
  needAfter(number: number): void {
    this.neededAfter = number;
    this.releaseProved();
  }

  /**
   * Forgets results that were sent, oldest first, until the limits are kept; false where they are not,
   * because what is left was never sent.
   */
  trim(): boolean {
    while (this.fullness > 1 && this.firstNumber <= this.sentNumber) this.release();
    return this.fullness <= 1;
  }

  /** Whether a client that has `count` results can be given all that it lacks. */
  canReplayAfter(count: number): boolean {
    return count >= this.lastReleasedNumber && count <= this.lastNumber;
  }

  /** The results after number `count`, in order. */
  replayAfter(count: number): readonly T[] {
    return this.entries.slice(this.head + Math.max(0, count - this.lastReleasedNumber));
  }

  /** Puts another result in the place, and under the number, of one that is held. */
  replace(result: T, by: T): void {
    this.entries[this.entries.indexOf(result, this.head)] = by;
    this.bytes += by.byteLength - result.byteLength;
  }

  /** Results that were never handed to a transport, in order. */
  unsent(): readonly T[] {
    return this.replayAfter(this.sentNumber);
  }

  /** Forgets of what was never sent, and so has no number that anybody knows, all but what is wanted. */
  keepUnsent(isWanted: (result: T) => boolean): void {
    const unsent = this.unsent();
    const sent = this.entries.slice(this.head, this.entries.length - unsent.length);
    this.entries = sent;
    this.head = 0;
    for (const result of unsent) {
      if (isWanted(result)) this.entries.push(result);
      else this.bytes -= result.byteLength;
    }
  }

  /** Puts results in the place of all that are held, which nobody is to have any more, numbered on from the newest. */
  restart(results: readonly T[]): void {
    this.clear();
    for (const result of results) this.add(result);
  }

  /** Holds the results behind number `released`, of which a transport was handed those up to `sent`. */
  restore(released: number, results: readonly T[], sent: number): void {
    this.clear();
    this.firstNumber = released + 1;
    for (const result of results) this.add(result);
    this.sentNumber = Math.min(sent, this.lastNumber);
  }

  clear(): void {
    this.firstNumber = this.lastNumber + 1;
    this.entries = [];
    this.head = 0;
    this.bytes = 0;
  }

  private releaseProved(): void {
    const upTo = Math.min(this.provedNumber, this.neededAfter);
    while (this.size > 0 && this.firstNumber <= upTo) this.release();
  }

  private release(): void {
    this.bytes -= this.entries[this.head]!.byteLength;
    this.head += 1;
    this.firstNumber += 1;
    // Swept once half is dead, so that each entry is moved at most once on average.
    if (this.head > 32 && this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
  }
}
