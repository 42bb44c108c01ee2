import type { ServerLimits } from '../limits/server-limits';

/** What is too much of: see `ServerLimits`. */
export interface DetachedExcess {
  readonly limit: 'maxDetachedSessions' | 'maxDetachedBytes';
  readonly allowed: number;
  readonly observed: number;
}

/** Whose results wait. */
export interface DetachedOwner {
  /** There is no room: the session cannot wait, or not go on waiting. */
  detachedTooMuch(excess: DetachedExcess): void;
}

/** The sessions of a server that wait for their clients, and the bytes of results that wait with them. */
export class DetachedTotals {
  private sessions = 0;
  private bytes = 0;

  constructor(private readonly limits: Pick<ServerLimits, 'maxDetachedSessions' | 'maxDetachedBytes'>) {}

  /**
   * Takes a session in that has `bytes` to wait with; undefined, and its owner told, where there is no room.
   */
  enter(bytes: number, owner: DetachedOwner): DetachedShare | undefined {
    const { maxDetachedSessions: allowed } = this.limits;
    const observed = this.sessions + 1;
    if (observed > allowed) {
      owner.detachedTooMuch({ limit: 'maxDetachedSessions', allowed, observed });
      return undefined;
    }
    const share = new DetachedShare(this, owner);
    this.sessions = observed;
    if (share.grow(bytes)) return share;
    share.leave();
    return undefined;
  }

  /** Whether so many bytes more have room; then they are counted. */
  admits(bytes: number, owner: DetachedOwner): boolean {
    const { maxDetachedBytes: allowed } = this.limits;
    const observed = this.bytes + bytes;
    if (observed > allowed) {
      owner.detachedTooMuch({ limit: 'maxDetachedBytes', allowed, observed });
      return false;
    }
    this.bytes = observed;
    return true;
  }

  left(bytes: number): void {
    this.sessions -= 1;
    this.bytes -= bytes;
  }
}

/** What one session waits with. */
export class DetachedShare {
  private bytes = 0;

  constructor(
    private readonly totals: DetachedTotals,
    private readonly owner: DetachedOwner,
  ) {}

  /** Counts results that are to wait, too; false, and the owner told, where there is no room for them. */
  grow(bytes: number): boolean {
    if (!this.totals.admits(bytes, this.owner)) return false;
    this.bytes += bytes;
    return true;
  }

  /** The session waits no more. To be called once. */
  leave(): void {
    this.totals.left(this.bytes);
  }
}
