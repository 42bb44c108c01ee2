import { asyncScheduler, Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { ignoreRejection } from '../../protocol/ignore-rejection';
import { monotonicScheduler } from './monotonic-scheduler';

type Work<State> = (this: SchedulerAction<State>, state?: State) => void;

/** A scheduler that somebody gives: one that is none of RxJS's may be anything that looks like one. */
export function schedulerOf(given: SchedulerLike): SchedulerLike {
  const isOfRxJs = given instanceof asyncScheduler.constructor;
  return isOfRxJs || given === monotonicScheduler ? given : new ForeignScheduler(given);
}

/**
 * A scheduler that others have written, as far as it keeps to what it is for: one that tells no time tells the
 * system's, and what it cannot schedule, or not so that it could be taken back, is done after as long all the same.
 */
class ForeignScheduler implements SchedulerLike {
  constructor(private readonly given: SchedulerLike) {}

  now(): number {
    try {
      const now: unknown = this.given.now();
      ignoreRejection(now);
      if (typeof now === 'number' && Number.isFinite(now)) return now;
    } catch {
      // As if it had told none.
    }
    return asyncScheduler.now();
  }

  schedule<State>(work: Work<State>, delay = 0, state?: State): Subscription {
    return new ForeignAction(this.given, work).schedule(state, delay);
  }
}

class ForeignAction<State> extends Subscription implements SchedulerAction<State> {
  private waiting = Subscription.EMPTY;

  constructor(
    private readonly given: SchedulerLike,
    private readonly work: Work<State>,
  ) {
    super();
  }

  schedule(state?: State, delay = 0): Subscription {
    this.waiting.unsubscribe();
    if (this.closed) return this;
    const waiting = new Subscription();
    this.waiting = waiting;
    this.add(waiting);
    const run = (): void => {
      if (waiting.closed) return;
      // Once: it may be scheduled again by what is done now.
      waiting.unsubscribe();
      this.work(state);
    };
    const scheduled = this.ask(run, delay);
    if (isTakenBack(scheduled)) waiting.add(() => scheduled.unsubscribe());
    else {
      ignoreRejection(scheduled);
      waiting.add(asyncScheduler.schedule(run, delay));
    }
    return this;
  }

  private ask(run: () => void, delay: number): unknown {
    try {
      return this.given.schedule(run, delay);
    } catch {
      return undefined;
    }
  }
}

function isTakenBack(scheduled: unknown): scheduled is { unsubscribe(): void } {
  try {
    return typeof (scheduled as Partial<Subscription> | undefined)?.unsubscribe === 'function';
  } catch {
    return false;
  }
}
