import type { ServerLimits } from './server-limits';

/** A limit that another held result would exceed. */
export interface HeldExcess {
  readonly limit: 'maxHeldBytes' | 'maxTotalHeldBytes';
  readonly allowed: number;
  readonly observed: number;
}

/** The part of one answer that waits. */
interface HeldAnswer {
  /** The owner or address whose sessions share room; see `DetachedShare`. */
  readonly party: string;
  readonly byteLength: number;
}

/** An answer for which there is no room: all that waits of it has to go, at once. */
export interface HeldEviction<A> {
  readonly answer: A;
  readonly excess: HeldExcess;
}

/**
 * Bytes of results that wait because clients hold their operations, over all sessions of a server. Where there is
 * no room for more, the answer with most of the party with most goes: whoever holds much loses that, and nobody
 * else anything.
 */
export class HeldTotals<A extends HeldAnswer> {
  private bytes = 0;
  private readonly answers = new Set<A>();

  constructor(private readonly limits: Pick<ServerLimits, 'maxHeldBytes' | 'maxTotalHeldBytes'>) {}

  /** Takes note of so many bytes more of an answer; returns those that have to go, itself among them perhaps. */
  grow(answer: A, by: number): readonly HeldEviction<A>[] {
    const { maxHeldBytes, maxTotalHeldBytes } = this.limits;
    this.answers.add(answer);
    const own = answer.byteLength + by;
    if (own > maxHeldBytes) {
      this.leave(answer);
      return [{ answer, excess: { limit: 'maxHeldBytes', allowed: maxHeldBytes, observed: own } }];
    }
    const evicted: HeldEviction<A>[] = [];
    while (this.bytes + by > maxTotalHeldBytes) {
      const heaviest = this.heaviest(answer, by);
      const observed = this.bytes + by;
      this.leave(heaviest);
      const excess: HeldExcess = { limit: 'maxTotalHeldBytes', allowed: maxTotalHeldBytes, observed };
      evicted.push({ answer: heaviest, excess });
      if (heaviest === answer) return evicted;
    }
    this.bytes += by;
    return evicted;
  }

  /** So many bytes of an answer wait no more. */
  shrink(by: number): void {
    this.bytes -= by;
  }

  /** Nothing of an answer waits any more. */
  leave(answer: A): void {
    if (this.answers.delete(answer)) this.bytes -= answer.byteLength;
  }

  /** Of equals the one that asks for more. Looked for only where there is no room. */
  private heaviest(asking: A, by: number): A {
    const bytesOf = (answer: A): number => answer.byteLength + (answer === asking ? by : 0);
    const parties = new Map<string, number>();
    for (const answer of this.answers) {
      parties.set(answer.party, (parties.get(answer.party) ?? 0) + bytesOf(answer));
    }
    let heaviest = asking;
    for (const answer of this.answers) {
      const isSameParty = answer.party === heaviest.party;
      const [weight, most] = isSameParty
        ? [bytesOf(answer), bytesOf(heaviest)]
        : [parties.get(answer.party) ?? 0, parties.get(heaviest.party) ?? 0];
      if (weight > most) heaviest = answer;
    }
    return heaviest;
  }
}
