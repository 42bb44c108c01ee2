import type { ServerLimits } from './server-limits';

/** A limit that another held result would exceed. */
export interface HeldExcess {
  readonly limit: 'maxHeldBytes' | 'maxTotalHeldBytes';
  readonly allowed: number;
  readonly observed: number;
}

/** What waits of one answer. */
export interface HeldAnswer {
  /** Who shares with whom; see `DetachedOwner`. */
  readonly party: string;
  readonly byteLength: number;
  /** There is no room for it: all that waits of it has to go, at once. */
  heldTooMuch(excess: HeldExcess): void;
}

/**
 * Bytes of results that wait because clients hold their operations, over all sessions of a server. Where there is
 * no room for more, the answer with most of the party with most goes: whoever holds much loses that, and nobody
 * else anything.
 */
export class HeldTotals {
  private bytes = 0;
  private readonly answers = new Set<HeldAnswer>();

  constructor(private readonly limits: Pick<ServerLimits, 'maxHeldBytes' | 'maxTotalHeldBytes'>) {}

  /** Takes note of so many bytes more of an answer; false, and that told, where it is the one that goes. */
  grow(answer: HeldAnswer, by: number): boolean {
    const { maxHeldBytes, maxTotalHeldBytes } = this.limits;
    this.answers.add(answer);
    const own = answer.byteLength + by;
    if (own > maxHeldBytes) {
      answer.heldTooMuch({ limit: 'maxHeldBytes', allowed: maxHeldBytes, observed: own });
      return false;
    }
    while (this.bytes + by > maxTotalHeldBytes) {
      const heaviest = this.heaviest(answer, by);
      const observed = this.bytes + by;
      heaviest.heldTooMuch({ limit: 'maxTotalHeldBytes', allowed: maxTotalHeldBytes, observed });
      if (!this.answers.has(answer)) return false;
    }
    this.bytes += by;
    return true;
  }

  /** Nothing of an answer waits any more. */
  leave(answer: HeldAnswer): void {
    if (this.answers.delete(answer)) this.bytes -= answer.byteLength;
  }

  /** Of equals the one that asks for more. Looked for only where there is no room. */
  private heaviest(asking: HeldAnswer, by: number): HeldAnswer {
    const bytesOf = (answer: HeldAnswer): number => answer.byteLength + (answer === asking ? by : 0);
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
