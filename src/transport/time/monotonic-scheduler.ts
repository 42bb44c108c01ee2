import { asyncScheduler, type SchedulerLike, type TimestampProvider } from 'rxjs';

/** The year 2001, in milliseconds: dates of today are beyond it, virtual time is not. */
const DATES_MS = 1e12;

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The default scheduler: the timers of `asyncScheduler`, and a clock that nobody can set. A date that is
 * stepped (NTP, a restored machine, a user) moves `asyncScheduler.now()`, and every duration measured with it.
 * `now` counts whole milliseconds from a moment of its own. Virtual under `TestScheduler.run`, like
 * `asyncScheduler`.
 */
export const monotonicScheduler: SchedulerLike = {
  now: () => virtualNow() ?? Math.floor(performance.now()),
  schedule: asyncScheduler.schedule.bind(asyncScheduler),
};

/** What tells the date beside a scheduler: itself, whose time may be virtual, unless it has no date. */
export function wallClockOf(scheduler = monotonicScheduler): TimestampProvider {
  return scheduler === monotonicScheduler ? asyncScheduler : scheduler;
}

/**
 * Milliseconds of virtual time; undefined where time is real. RxJS does not publish whether there is a
 * `TestScheduler` at work; but then its `asyncScheduler` has another clock than `Date`.
 */
export function virtualNow(): number | undefined {
  const now = asyncScheduler.now();
  // A machine that does not know the date yet counts from 1970, and so does its Date.
  return now > DATES_MS || Math.abs(Date.now() - now) < DAY_MS ? undefined : now;
}
