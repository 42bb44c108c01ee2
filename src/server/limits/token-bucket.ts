/** How often something may happen: `burst` times at once, and `perSecond` times a second in the long run. */
export interface Rate {
  /** Times; `Infinity` for no limit. */
  readonly burst: number;
  /** Times a second; may be a fraction. */
  readonly perSecond: number;
}

/**
 * Counts against a {@link Rate}. It has no clock: whoever takes says what time it is, so that a hot path
 * reads the clock once for all that it counts.
 *
 *   full (burst) ──take──▶ … ──take──▶ empty: refused
 *     ▲                                   │
 *     └────── perSecond tokens ───────────┘
 */
export class TokenBucket {
  private tokens: number;
  private takenAt: number;
  private takes = 0;

  /** `now` is in milliseconds, here and below. */
  constructor(
    private readonly rate: Rate,
    now: number,
  ) {
    this.tokens = rate.burst;
    this.takenAt = now;
  }

  /** How often something was taken, or was to be, since the bucket was last full. */
  get taken(): number {
    return this.takes;
  }

  /** Takes a token; false where there is none. */
  take(now: number): boolean {
    this.refill(now);
    this.takes += 1;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }

  /** Puts back what was taken, so many tokens at most. */
  giveBack(tokens: number): void {
    this.tokens = Math.min(this.rate.burst, this.tokens + tokens);
    this.takes = Math.max(0, this.takes - tokens);
  }

  /** Whether a token could be taken. */
  hasToken(now: number): boolean {
    this.refill(now);
    return this.tokens >= 1;
  }

  /** Whether nothing is missing, so that a new bucket would be the same. */
  isFull(now: number): boolean {
    this.refill(now);
    return this.tokens >= this.rate.burst;
  }

  private refill(now: number): void {
    const elapsedMs = now - this.takenAt;
    // A clock that is set back takes nothing away.
    if (elapsedMs !== 0) this.takenAt = now;
    if (elapsedMs <= 0) return;
    const { burst, perSecond } = this.rate;
    this.tokens += (elapsedMs * perSecond) / 1000;
    if (this.tokens < burst) return;
    this.tokens = burst;
    this.takes = 0;
  }
}
