import { Subscription, type SchedulerAction, type SchedulerLike, type TimestampProvider } from 'rxjs';

/** The longest wait that a timer takes, about 24 days; beyond it, a timer fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Milliseconds that a wait takes at least, if any: what is left of one may be so little that the sum of it and the time
 * is the time, and a virtual clock would never come to its end.
 */
const LEAST_MS = 1 / 1024;

/** A clock that can be set is looked at so often: whoever waits for an instant of it is so late at most. */
const LOOK_MS = 60_000;

/**
 * Does some work in `ms` milliseconds, never where that is Infinity. A wait that no timer takes is made of several.
 * Unsubscribe to do nothing.
 */
export function scheduleIn(scheduler: SchedulerLike, ms: number, work: () => void): Subscription {
  if (ms === Infinity) return Subscription.EMPTY;
  if (ms <= MAX_TIMER_MS) return scheduler.schedule(work, ms > 0 ? Math.max(ms, LEAST_MS) : 0);
  return scheduler.schedule(
    function (this: SchedulerAction<number>, left = 0) {
      if (left <= 0) work();
      else this.schedule(Math.max(0, left - MAX_TIMER_MS), Math.min(left, MAX_TIMER_MS));
    },
    MAX_TIMER_MS,
    ms - MAX_TIMER_MS,
  );
}

/**
 * Does some work at an instant, in milliseconds of a clock that can be set, back or forward, meanwhile. Never
 * where that is Infinity. Unsubscribe to do nothing.
 */
export function scheduleAt(
  scheduler: SchedulerLike,
  clock: TimestampProvider,
  instant: number,
  work: () => void,
): Subscription {
  if (instant === Infinity) return Subscription.EMPTY;
  const nextLook = (): number => Math.max(0, Math.min(instant - clock.now(), LOOK_MS));
  return scheduler.schedule(function (this: SchedulerAction<unknown>) {
    if (clock.now() >= instant) work();
    else this.schedule(undefined, nextLook());
  }, nextLook());
}
