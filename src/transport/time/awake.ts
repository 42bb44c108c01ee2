import { Subscription, type SchedulerLike } from 'rxjs';
import { afterReading } from './after-reading';
import { scheduleIn } from './schedule-in';

/** A wait is looked at so often. */
const LOOKS = 4;

/**
 * Time that this process was awake: it stands still while the process does (a long computation, SIGSTOP, a machine
 * that is moved). What a peer did not do meanwhile nobody could have seen, and the peer may have stood still, too.
 * It is to be looked at every so often; of a longer gap between two looks, twice as much counts.
 */
export class AwakeClock {
  private awakeMs = 0;
  private lookedAt: number;

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly everyMs: number,
  ) {
    this.lookedAt = scheduler.now();
  }

  /** Whether the process has stood still since the last look. */
  get hasStoodStill(): boolean {
    return this.scheduler.now() - this.lookedAt > 2 * this.everyMs;
  }

  /** Milliseconds. */
  now(): number {
    return this.awakeMs + Math.min(this.scheduler.now() - this.lookedAt, 2 * this.everyMs);
  }

  look(): number {
    this.awakeMs = this.now();
    this.lookedAt = this.scheduler.now();
    return this.awakeMs;
  }

  /** Nobody has looked for a while, nor needed to: that time does not count. */
  resume(): void {
    this.lookedAt = this.scheduler.now();
  }
}

/**
 * Does some work where a peer has let `ms` milliseconds pass, never where that is Infinity: time in which this
 * process was awake, a quarter of it since it stood still, and what lies in the sockets has been read. Unsubscribe
 * to do nothing.
 */
export function scheduleAwake(scheduler: SchedulerLike, ms: number, work: () => void): Subscription {
  if (ms === Infinity) return Subscription.EMPTY;
  const everyMs = Math.max(0, ms) / LOOKS;
  const clock = new AwakeClock(scheduler, everyMs);
  let next: Subscription;
  // Once: the work is done, too, where the process stands still all the time.
  let mayBeSpared = true;
  const wait = (leftMs: number): void => {
    next = scheduleIn(scheduler, Math.min(leftMs, everyMs), () => {
      const isSpared = mayBeSpared && clock.hasStoodStill;
      if (isSpared) mayBeSpared = false;
      const left = Math.max(ms - clock.look(), isSpared ? everyMs : 0);
      if (left > 0) wait(left);
      else next = afterReading(scheduler, work);
    });
  };
  wait(ms);
  return new Subscription(() => {
    next.unsubscribe();
  });
}
