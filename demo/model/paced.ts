import {
  asyncScheduler,
  defer,
  finalize,
  from,
  map,
  type Observable,
  type SchedulerLike,
  takeWhile,
  timer,
} from 'rxjs';

/** The fastest pace: timers count in milliseconds. */
const MOST_PER_SECOND = 1000;

/**
 * Makes Observables that emit values one by one at a steady rate, the first at once. A value is taken from
 * its iterable only when it is due; unsubscribing takes no more and closes the iterator.
 *
 * @param perSecond values a second, at most 1000; 0 emits all of them at once, within the subscription.
 * @throws RangeError when `perSecond` is not from 0 to 1000.
 *
 * @example
 * paced(2)(['tick', 'tock']).subscribe(console.log); // tick, and half a second later tock
 */
export function paced(
  perSecond: number,
  scheduler: SchedulerLike = asyncScheduler,
): <T>(values: Iterable<T>) => Observable<T> {
  if (!(perSecond >= 0 && perSecond <= MOST_PER_SECOND)) {
    throw new RangeError(`a pace is from 0 to ${MOST_PER_SECOND} a second, not ${perSecond}`);
  }
  return (values) => (perSecond === 0 ? from(values) : spread(values, 1000 / perSecond, scheduler));
}

function spread<T>(values: Iterable<T>, periodMs: number, scheduler: SchedulerLike): Observable<T> {
  return defer(() => {
    const iterator = each(values);
    return timer(0, periodMs, scheduler).pipe(
      map(() => iterator.next()),
      takeWhile((step): step is IteratorYieldResult<T> => step.done !== true),
      map((step) => step.value),
      finalize(() => iterator.return()),
    );
  });
}

/** Closes the iterator of `values` when it is closed itself. */
function* each<T>(values: Iterable<T>): Generator<T, void, undefined> {
  yield* values;
}
