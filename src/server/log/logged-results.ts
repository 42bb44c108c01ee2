import { encodePacketInto, packetLength } from '../../wire/encode-packet';
import type { Packet } from '../../wire/packet';
import { LogExtent } from './log-extent';
import type { LoggedParts } from './logged-parts';

/** Results that follow in the log, one behind the other, and the number of the last. */
export interface ResultNews {
  readonly results: Uint8Array;
  readonly last: number;
}

/**
 * The results that a session has in the log, by their numbers. Where they are said anew, those of answers that are kept,
 * and are in no outbox any more, come first: under the numbers before those in it, which then are nobody's.
 *
 *                first            released                kept           last
 *   gone          │  of kept answers │  that clients may lack │  not logged │
 */
export class LoggedResults {
  /** The number of the newest that is there. */
  kept: number;
  private early: readonly Packet[] = [];
  /** The number of the last of those. */
  private earlyEnd = 0;
  /** What is there, where it is wanted whole. */
  private extent = new LogExtent();
  /** The number of the newest of the epochs before. */
  private base: number;

  constructor(
    private readonly outlet: LoggedParts['outlet'],
    private readonly maxBytes: number,
    /** The number of the newest of the epochs before, and bytes of those that are there. */
    { last, bytes }: { readonly last: number; readonly bytes: number } = { last: 0, bytes: 0 },
  ) {
    this.kept = this.base = last;
    this.extent.add({ last, bytes });
  }

  /** The number up to which results are said that are no more than those of kept answers; 0 for none. */
  get firstSent(): number {
    return this.early.length > 0 ? this.earlyEnd : 0;
  }

  /** Whether there is none behind this number. */
  isNewest(number: number): boolean {
    return number >= this.outlet.lastResult;
  }

  /**
   * Whether the log is to have all anew: it would lack some of those of kept answers, or has much more than is of use.
   */
  get areAmiss(): boolean {
    const { retained, releasedResults } = this.outlet;
    if (retained === undefined || retained.size === 0) return false;
    if (Math.max(this.kept, this.earlyEnd) < releasedResults) return true;
    const { byteLength } = this.extent;
    return byteLength > 2 * this.maxBytes && byteLength > 2 * (this.maxBytes + retained.byteLength);
  }

  /** Returns the number behind which results are there from now on. */
  beginAnew(): number {
    const { retained, releasedResults } = this.outlet;
    const kept = retained?.all() ?? [];
    const held = new Set(kept.length === 0 ? [] : this.outlet.heldAfter(releasedResults));
    const results = kept.flatMap((answer) => answer.results);
    this.early = results.filter((result) => !held.has(result)).map(({ packet }) => packet);
    this.earlyEnd = releasedResults;
    this.extent = new LogExtent();
    this.base = 0;
    return (this.kept = releasedResults - this.early.length);
  }

  /** Whether the log can be told what comes behind this number. */
  canFollow(number: number): boolean {
    const { lastResult, releasedResults } = this.outlet;
    const first = this.early.length > 0 ? this.earlyEnd - this.early.length : releasedResults;
    return number >= first && number <= lastResult;
  }

  /** What follows, of so many bytes, about. */
  next(mostBytes: number): ResultNews {
    const { outlet } = this;
    const from = this.kept < this.earlyEnd ? this.kept : Math.max(this.kept, outlet.releasedResults);
    outlet.seal();
    const packets: Packet[] = [];
    let bytes = 0;
    for (const packet of this.after(from)) {
      if (bytes >= mostBytes) break;
      packets.push(packet);
      bytes += packetLength(packet);
    }
    const results = Buffer.allocUnsafe(bytes);
    let at = 0;
    for (const each of packets) at = encodePacketInto(each, results, at);
    return { results, last: from + packets.length };
  }

  /** The log has them; `isCounted` says whether somebody may want all of them. */
  added(last: number, bytes: number, { isCounted }: { readonly isCounted: boolean }): void {
    this.kept = last;
    if (last >= this.earlyEnd) this.early = [];
    if (isCounted) this.extent.add({ last, bytes });
  }

  /** The number of the newest that goes, where somebody wants those behind `wanted`; 0 for none. */
  trim(wanted: number | undefined): number {
    const { releasedResults, retained } = this.outlet;
    const isKept = retained !== undefined && retained.size > 0;
    const most = isKept ? Infinity : this.maxBytes;
    const trimmed = this.extent.trim(wanted ?? releasedResults, most, releasedResults);
    // Of the epochs before, all goes at once.
    return trimmed >= this.base ? trimmed : 0;
  }

  private *after(from: number): Iterable<Packet> {
    if (from < this.earlyEnd) yield* this.early.slice(from - (this.earlyEnd - this.early.length));
    else for (const { packet } of this.outlet.heldAfter(from)) yield packet;
  }
}
