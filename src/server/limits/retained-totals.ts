import { Subscription, type SchedulerLike } from 'rxjs';
import { scheduleIn } from '../../transport/time/schedule-in';

/** What is kept of answers for clients that come with a ticket. */
export interface RetainLimits {
  /** Bytes, of all answers of the server together, as memory that they take. Default 64 MiB. */
  readonly bytes: number;
  /** Milliseconds that an answer is kept once it has ended. Default 60,000. */
  readonly ms: number;
}

export const DEFAULT_RETAIN: RetainLimits = { bytes: 64 * 1024 * 1024, ms: 60_000 };

/** What is kept of one answer. */
interface RetainedAnswer {
  /** Who shares with whom; see `DetachedShare`. */
  readonly party: string;
  readonly byteLength: number;
  /** It is kept no more. */
  forgotten(): void;
}

/** The answers of one party. */
class Party<A> {
  bytes = 0;
  readonly running = new Set<A>();
  /** Oldest end first, as everywhere here. */
  readonly ended = new Set<A>();
}

/**
 * The answers that are kept from their first result on, over all sessions of a server. Where there is no room for
 * more, the party with most loses an answer: the first of those that have ended, else the first that has begun.
 */
export class RetainedTotals<A extends RetainedAnswer> {
  private bytes = 0;
  private readonly parties = new Map<string, Party<A>>();
  /** When each of those that have ended is kept no more. */
  private readonly until = new Map<A, number>();
  private timer = Subscription.EMPTY;
  /** Of those that have ended at another node before they came here. */
  private readonly timers = new Map<A, Subscription>();

  constructor(
    private readonly limits: RetainLimits,
    private readonly scheduler: SchedulerLike,
  ) {}

  /** Bytes that are kept. */
  get byteLength(): number {
    return this.bytes;
  }

  /** An answer begins, with so many bytes, or has so many more; false where it is kept no more. */
  grow(answer: A, by: number): boolean {
    const party = this.partyOf(answer.party);
    if (!party.ended.has(answer)) party.running.add(answer);
    party.bytes += by;
    this.bytes += by;
    if (this.bytes <= this.limits.bytes) return true;
    let isKept = true;
    while (this.bytes > this.limits.bytes) {
      const [first = answer] = this.heaviest();
      // What it grows by is counted here already, and not yet there.
      if (first === answer) this.uncount(answer, by);
      this.leave(first);
      first.forgotten();
      isKept &&= first !== answer;
    }
    return isKept;
  }

  /** There will be no more of an answer; returns until when it is kept, undefined where it is not. */
  ended(answer: A): number | undefined {
    if (!this.end(answer)) return undefined;
    const until = this.scheduler.now() + this.limits.ms;
    this.until.set(answer, until);
    if (this.until.size === 1) this.watch();
    return until;
  }

  /** As {@link ended}, of an answer that ended elsewhere, and is kept for so many milliseconds more. */
  endedBefore(answer: A, leftMs: number): number | undefined {
    if (!this.end(answer)) return undefined;
    const ms = Math.min(leftMs, this.limits.ms);
    const timer = scheduleIn(this.scheduler, ms, () => {
      this.leave(answer);
      answer.forgotten();
    });
    this.timers.set(answer, timer);
    return this.scheduler.now() + ms;
  }

  /** An answer is kept no more. */
  leave(answer: A): void {
    const party = this.parties.get(answer.party);
    if (party === undefined || !(party.running.delete(answer) || party.ended.delete(answer))) return;
    this.uncount(answer, answer.byteLength);
    if (party.running.size + party.ended.size === 0) this.parties.delete(answer.party);
    this.timers.get(answer)?.unsubscribe();
    this.timers.delete(answer);
    if (this.until.delete(answer) && this.until.size === 0) this.timer.unsubscribe();
  }

  /** Returns whether the answer is kept. */
  private end(answer: A): boolean {
    const party = this.partyOf(answer.party);
    if (!party.running.delete(answer)) return false;
    party.ended.add(answer);
    return true;
  }

  private uncount(answer: A, bytes: number): void {
    this.partyOf(answer.party).bytes -= bytes;
    this.bytes -= bytes;
  }

  private partyOf(name: string): Party<A> {
    const known = this.parties.get(name);
    if (known !== undefined) return known;
    const fresh = new Party<A>();
    this.parties.set(name, fresh);
    return fresh;
  }

  /** The answers of the party with most, in the order in which they have to go. Looked for only where there is no room. */
  private heaviest(): Iterable<A> {
    let heaviest: Party<A> | undefined;
    for (const party of this.parties.values()) if (party.bytes > (heaviest?.bytes ?? 0)) heaviest = party;
    if (heaviest === undefined) return [];
    return heaviest.ended.size > 0 ? heaviest.ended : heaviest.running;
  }

  /** Waits for the first that has been kept for long enough; they end in order. */
  private watch(): void {
    const now = this.scheduler.now();
    for (const [answer, until] of this.until) {
      if (until > now) {
        this.timer = scheduleIn(this.scheduler, until - now, () => {
          this.watch();
        });
        return;
      }
      this.leave(answer);
      answer.forgotten();
    }
  }
}
