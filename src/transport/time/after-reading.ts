import { asyncScheduler, Subscription, type SchedulerLike } from 'rxjs';
import { monotonicScheduler, virtualNow } from './monotonic-scheduler';

/** Node's, and not a browser's. */
interface Immediates {
  readonly setImmediate?: (work: () => void) => unknown;
  readonly clearImmediate?: (immediate: unknown) => void;
}

/** In the first a connection is accepted, in the second it is read. */
const TURNS = 2;

/**
 * Does some work once what lies in the sockets has been read: a timer that was due while the process stood still
 * comes before it. Unsubscribe to do nothing.
 */
export function afterReading(scheduler: SchedulerLike, work: () => void): Subscription {
  const waiting = new Subscription();
  const turn = (left: number): void => {
    const next = nextTurn(scheduler, () => {
      waiting.remove(next);
      if (left > 1) turn(left - 1);
      else {
        waiting.unsubscribe();
        work();
      }
    });
    waiting.add(next);
  };
  turn(TURNS);
  return waiting;
}

/** After the next look at the sockets; in virtual time, after what is to happen at this moment. */
export function nextTurn(scheduler: SchedulerLike, work: () => void): Subscription {
  const isReal =
    (scheduler === monotonicScheduler || scheduler === asyncScheduler) && virtualNow() === undefined;
  const { setImmediate, clearImmediate } = globalThis as Immediates;
  // Where there is one: a timer without a delay may run with those that are due now, before a look at a socket.
  if (!isReal || setImmediate === undefined) return scheduler.schedule(work);
  const immediate = setImmediate(work);
  return new Subscription(() => clearImmediate?.(immediate));
}
