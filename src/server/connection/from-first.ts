import { Observable, throwError, type OperatorFunction, type Subscriber } from 'rxjs';

/**
 * Makes `operator` with the first value: who only waits for one costs no more than a subscription.
 *
 * @example
 * transport.packets$.pipe(fromFirst(() => judgePackets(rules)));
 */
export function fromFirst<T, R>(operator: () => OperatorFunction<T, R>): OperatorFunction<T, R> {
  return (source) =>
    new Observable<R>((subscriber) => {
      let head: Subscriber<T> | undefined;
      const begin = (first: Subscriber<T>): void => {
        head = first;
      };
      new Observable<T>((reader) => {
        // Before the source is: it may give more than is wanted before it returns.
        subscriber.add(reader);
        source.subscribe(reader);
      }).subscribe({
        next: (value) => {
          if (head === undefined) made(begin, operator).subscribe(subscriber);
          head?.next(value);
        },
        error: (error: unknown) => {
          (head ?? subscriber).error(error);
        },
        complete: () => {
          (head ?? subscriber).complete();
        },
      });
    });
}

function made<T, R>(
  begin: (first: Subscriber<T>) => void,
  operator: () => OperatorFunction<T, R>,
): Observable<R> {
  try {
    return new Observable<T>(begin).pipe(operator());
  } catch (error) {
    return throwError(() => error);
  }
}
