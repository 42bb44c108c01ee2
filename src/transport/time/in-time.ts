import { mergeMap, Observable, race, type OperatorFunction, type SchedulerLike } from 'rxjs';
import { scheduleAwake } from './awake';

/**
 * Passes a stream on, or something else where it says nothing within `ms` milliseconds (Infinity for no limit) of
 * {@link scheduleAwake}.
 */
export function inTime<T, R>(
  scheduler: SchedulerLike,
  ms: number,
  tooLate: () => Observable<R>,
): OperatorFunction<T, T | R> {
  const late$ = new Observable<void>((subscriber) =>
    scheduleAwake(scheduler, ms, () => {
      subscriber.next();
      subscriber.complete();
    }),
  );
  return (source$) => race(source$, late$.pipe(mergeMap(tooLate)));
}
