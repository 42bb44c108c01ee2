import type { SchedulerLike, Subscription } from 'rxjs';
import { afterReading } from '../../transport/time/after-reading';
import { AwakeClock } from '../../transport/time/awake';
import { scheduleIn } from '../../transport/time/schedule-in';

/**
 * Milliseconds between two looks at most; a limit is noticed so much late, or a tenth of it where that is
 * less.
 */
const LOOK_MS = 1000;

/**
 * Looks now and then at what takes its time, with one timer for all, while there is something to look at, each
 * time after what lies in the sockets has been read. Its clock stands still while the process does: bytes of a
 * peer that nobody could read or write in the meantime are not the peer's fault.
 */
export class Lookout {
  private timer: Subscription | undefined;
  private readonly clock: AwakeClock;
  private readonly everyMs: number;

  constructor(
    private readonly scheduler: SchedulerLike,
    /**
     * Looks at everything that is watched. In how many milliseconds there is to be another look at the latest,
     * Infinity for any; undefined where nothing is left to watch.
     */
    private readonly lookAround: () => number | undefined,
    /** Of the time limits that are watched. */
    shortestMs: number,
  ) {
    this.everyMs = Math.max(1, Math.min(LOOK_MS, shortestMs / 10));
    this.clock = new AwakeClock(scheduler, this.everyMs);
  }

  /** Milliseconds that the process has been awake while there was something to look at. */
  now(): number {
    return this.clock.now();
  }

  /** There is something to look at, for the first time in so many milliseconds at the latest. */
  start(dueMs = Infinity): void {
    if (this.timer !== undefined) return;
    this.clock.resume();
    this.wait(dueMs);
  }

  /** There is nothing any more. */
  stop(): void {
    this.timer?.unsubscribe();
    this.timer = undefined;
  }

  private wait(dueMs: number): void {
    this.timer = scheduleIn(this.scheduler, Math.min(this.everyMs, dueMs), () => {
      this.timer = afterReading(this.scheduler, () => {
        this.look();
      });
    });
  }

  private look(): void {
    this.clock.look();
    this.timer = undefined;
    const dueMs = this.lookAround();
    if (dueMs !== undefined && this.timer === undefined) this.wait(dueMs);
  }
}
