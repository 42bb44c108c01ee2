import {
  filter,
  Subscription,
  type MonoTypeOperatorFunction,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import { onEach } from '../../src/transport/on-each';
import { monotonicScheduler } from '../../src/transport/time/monotonic-scheduler';
import { scheduleIn } from '../../src/transport/time/schedule-in';

/** A submit that can be dropped when it is late; that of a server session does. */
export interface DeadlineSubmit {
  /** Milliseconds of the scheduler's clock; Infinity for none. Its client may move it. */
  readonly deadline: number;
  /** Emits when its client has moved it. Never errors; absent where it cannot be moved. */
  readonly deadlineMoves$?: Observable<unknown> | undefined;
  /** Emits when the operation is over, at once where it is already. Never errors. */
  readonly ended$: Observable<unknown>;
  /** Gives the operation up: its client gets RESULT_DROP. */
  expire(): void;
}

/**
 * Until when a submit can be late:
 *
 * - `before-start`: until the application gets it; one that is in time may take as long as it likes
 * - `until-end`: until its operation has ended; one that is still answered at its deadline is given up
 */
export type Lateness = 'before-start' | 'until-end';

/** Options of `dropLate`. */
export interface DropLateOptions {
  /** Default `before-start`. */
  readonly when?: Lateness;
  /** Whose clock the deadlines are of; a session's is its server's. Default: a server's default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Drops submits that are past their deadline: nobody waits for the answer any more. A deadline is the
 * submit's latency budget, or its session's default, after it arrived (protocol sections 4 and 6).
 *
 * @example
 * session.submits$
 *   .pipe(dropLate(), respondToSubmits((submit) => model.stream(submit.body)))
 *   .subscribe(session.results);
 */
export function dropLate<S extends DeadlineSubmit>({
  when = 'before-start',
  scheduler = monotonicScheduler,
}: DropLateOptions = {}): MonoTypeOperatorFunction<S> {
  return filter((submit) => {
    const leftMs = submit.deadline - scheduler.now();
    if (leftMs <= 0) {
      submit.expire();
      return false;
    }
    if (when === 'until-end') expireInTime(submit, scheduler);
    return true;
  });
}

/**
 * The timer ends with the operation, not with the stream: what has started outlives the stream of new ones.
 */
function expireInTime(submit: DeadlineSubmit, scheduler: SchedulerLike): void {
  const { deadlineMoves$ } = submit;
  if (submit.deadline === Infinity && deadlineMoves$ === undefined) return;
  let timer = Subscription.EMPTY;
  const wait = (): void => {
    timer.unsubscribe();
    const leftMs = submit.deadline - scheduler.now();
    if (leftMs === Infinity) return;
    timer = scheduleIn(scheduler, Math.max(0, leftMs), () => {
      if (submit.deadline > scheduler.now()) wait();
      else submit.expire();
    });
  };
  wait();
  const moves = deadlineMoves$ && onEach(deadlineMoves$, wait);
  const forget = (): void => {
    timer.unsubscribe();
    moves?.unsubscribe();
  };
  submit.ended$.subscribe({ next: forget, error: forget });
}
