import { Subject } from 'rxjs';
import type { ServerLimits } from '../limits/server-limits';

/** The limit that was exceeded: see `ServerLimits`. */
export interface DetachedExcess {
  readonly limit: 'maxDetachedSessions' | 'maxDetachedBytes';
  readonly allowed: number;
  readonly observed: number;
}

/** The sessions of one party that wait, oldest first. */
class Party {
  readonly shares = new Set<DetachedShare>();
  bytes = 0;
}

type Measure = (party: Party) => number;

/**
 * The sessions of a server that wait for their clients, and the bytes of results that wait with them. Where
 * there is no room for more, the oldest of the party with most goes: who leaves thousands behind loses those,
 * and nobody else's.
 */
export class DetachedTotals {
  private sessions = 0;
  private bytes = 0;
  private readonly parties = new Map<string, Party>();

  constructor(private readonly limits: Pick<ServerLimits, 'maxDetachedSessions' | 'maxDetachedBytes'>) {}

  /** Takes a session in that has `bytes` to wait with; false where it is the one that goes. */
  enter(share: DetachedShare, bytes: number): boolean {
    const party = this.partyOf(share.party);
    party.shares.add(share);
    this.sessions += 1;
    const { maxDetachedSessions: allowed } = this.limits;
    if (this.sessions > allowed) {
      const excess: DetachedExcess = { limit: 'maxDetachedSessions', allowed, observed: this.sessions };
      this.evict(
        this.heaviest(party, ({ shares }) => shares.size),
        excess,
      );
    }
    return share.grow(bytes);
  }

  /** Counts so many bytes more of a share; false where it is the one that goes. */
  grow(share: DetachedShare, bytes: number): boolean {
    const { maxDetachedBytes: allowed } = this.limits;
    const party = this.partyOf(share.party);
    share.bytes += bytes;
    party.bytes += bytes;
    this.bytes += bytes;
    while (this.bytes > allowed) {
      const excess: DetachedExcess = { limit: 'maxDetachedBytes', allowed, observed: this.bytes };
      this.evict(
        this.heaviest(party, (each) => each.bytes),
        excess,
      );
    }
    return share.isIn;
  }

  /** Counts so many bytes less. */
  shrink(share: DetachedShare, bytes: number): void {
    share.bytes -= bytes;
    this.partyOf(share.party).bytes -= bytes;
    this.bytes -= bytes;
  }

  leave(share: DetachedShare): void {
    const party = this.partyOf(share.party);
    if (!party.shares.delete(share)) return;
    party.bytes -= share.bytes;
    this.sessions -= 1;
    this.bytes -= share.bytes;
    if (party.shares.size === 0) this.parties.delete(share.party);
  }

  private partyOf(name: string): Party {
    const known = this.parties.get(name);
    if (known !== undefined) return known;
    const fresh = new Party();
    this.parties.set(name, fresh);
    return fresh;
  }

  /** Of equals the one that asks for more. Looked for only where there is no room. */
  private heaviest(asking: Party, measure: Measure): Party {
    let heaviest = asking;
    for (const party of this.parties.values()) if (measure(party) > measure(heaviest)) heaviest = party;
    return heaviest;
  }

  private evict({ shares }: Party, excess: DetachedExcess): void {
    const isAboutBytes = excess.limit === 'maxDetachedBytes';
    for (const share of shares) {
      // To end one that waits with nothing would give no bytes back.
      if (isAboutBytes && share.bytes === 0) continue;
      share.leave();
      share.lost.next(excess);
      return;
    }
  }
}

/** The results that one session waits with. */
export class DetachedShare {
  bytes = 0;
  /** Tells its session that it cannot wait, or not go on waiting, and which limit says so if one of the server's does. */
  readonly lost = new Subject<DetachedExcess | undefined>();
  private hasLeft = false;

  constructor(
    private readonly totals: DetachedTotals,
    /** The owner or address whose sessions share, as it was when the session came to wait. */
    readonly party: string,
  ) {}

  /** Begins to wait with so many bytes; false where there is no room. */
  enter(bytes: number): boolean {
    return this.totals.enter(this, bytes);
  }

  /** Whether the session may go on waiting. */
  get isIn(): boolean {
    return !this.hasLeft;
  }

  /** Counts results that are to wait, too; false where the session cannot go on waiting. */
  grow(bytes: number): boolean {
    return this.isIn && this.totals.grow(this, bytes);
  }

  /** Some of them are forgotten. */
  shrink(bytes: number): void {
    if (this.isIn) this.totals.shrink(this, bytes);
  }

  /** The session waits no more. */
  leave(): void {
    if (this.hasLeft) return;
    this.totals.leave(this);
    this.hasLeft = true;
  }
}
