import type { SchedulerLike, Subscription } from 'rxjs';

/**
 * Milliseconds between two looks at most; a limit is noticed so much late, or a tenth of it where that is
 * less.
 */
const LOOK_MS = 1000;

/** Who looks. */
export interface Watchman {
  /** Looks at everything that is watched; whether there is something left to watch. */
  lookAround(): boolean;
}

/**
 * Looks now and then at what takes its time, with one timer for all, while there is something to look at.
 * Its clock stands still while the process does: bytes of a peer that nobody could read or write in the
 * meantime are not the peer's fault.
 */
export class Lookout {
  private timer: Subscription | undefined;
  private lookedAt = 0;
  private awakeMs = 0;
  private readonly everyMs: number;

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly watchman: Watchman,
    /** Of the time limits that are watched. */
    shortestMs: number,
  ) {
    this.everyMs = Math.max(1, Math.min(LOOK_MS, shortestMs / 10));
  }

  /** Milliseconds that the process has been awake while there was something to look at. */
  now(): number {
    return this.awakeMs + Math.min(this.scheduler.now() - this.lookedAt, 2 * this.everyMs);
  }

  /** There is something to look at. */
  start(): void {
    if (this.timer !== undefined) return;
    this.lookedAt = this.scheduler.now();
    this.wait();
  }

  /** There is nothing any more. */
  stop(): void {
    this.timer?.unsubscribe();
    this.timer = undefined;
  }

  private wait(): void {
    this.timer = this.scheduler.schedule(() => {
      this.awakeMs = this.now();
      this.lookedAt = this.scheduler.now();
      this.timer = undefined;
      if (this.watchman.lookAround() && this.timer === undefined) this.wait();
    }, this.everyMs);
  }
}
