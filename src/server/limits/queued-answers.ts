import type { Transport } from '../../transport/transport';

/** Answers within so many bytes of what is sent are one lot: thousands may wait behind a stream. */
const LOT_BYTES = 16 * 1024;

/** Answers that lie close to each other in what is sent. */
interface Lot {
  /** Where they begin and end, on the transport's count of what is taken. */
  readonly start: number;
  end: number;
  count: number;
  bytes: number;
}

/**
 * The answers that a peer has provoked and not taken yet. Which they are is told by how much the peer has
 * taken since, and not by whether anything is left to take: behind a stream something always is.
 */
export class QueuedAnswers {
  private lots: Lot[] = [];
  private waiting = 0;
  private bytes = 0;
  /** The last sight of a transport that does not count what is taken. */
  private seen = { queued: 0, taken: 0 };

  constructor(private readonly transport: Pick<Transport, 'queuedBytes' | 'takenBytes'>) {}

  /** How many wait at most; of what was taken since the last look some may be among them. */
  get count(): number {
    return this.waiting;
  }

  /** An answer of so many bytes was sent just now. */
  sent(length: number): void {
    const taken = this.taken();
    this.forget(taken);
    const end = taken + this.transport.queuedBytes;
    this.waiting += 1;
    this.bytes += length;
    const last = this.lots.at(-1);
    if (last === undefined || end - last.start > LOT_BYTES) {
      this.lots.push({ start: end, end, count: 1, bytes: length });
      return;
    }
    last.end = Math.max(last.end, end);
    last.count += 1;
    last.bytes += length;
  }

  /**
   * Whether so many wait because their peer does not take them. Those that wait behind results, which are
   * most of what waits, do not count: what bounds the results bounds them.
   */
  reach(count: number): boolean {
    if (this.waiting < count) return false;
    this.forget(this.transport.queuedBytes === 0 ? Infinity : this.taken());
    return this.waiting >= count && this.bytes * 2 >= this.transport.queuedBytes;
  }

  /** Forgets the lots that the peer has taken all of. */
  private forget(taken: number): void {
    for (let first = this.lots[0]; first !== undefined && first.end <= taken; first = this.lots[0]) {
      this.waiting -= first.count;
      this.bytes -= first.bytes;
      this.lots.shift();
    }
  }

  private taken(): number {
    const { takenBytes, queuedBytes } = this.transport;
    if (takenBytes !== undefined) return takenBytes;
    // Less to send than before is all that such a transport tells; it may have taken more.
    const { seen } = this;
    this.seen = { queued: queuedBytes, taken: seen.taken + Math.max(0, seen.queued - queuedBytes) };
    return this.seen.taken;
  }
}
