import { NEVER, Observable } from 'rxjs';
import { iteratorOf } from './responding/iterator-of';

/** Options of an iteration. */
export interface FromAsyncIterableOptions {
  /**
   * While its latest value is true, no further item is asked for. Emits the present state on
   * subscription, then each change, as `session.pressure$` does; before a value, and after its end,
   * nothing is held back. Default: never.
   */
  readonly pressure$?: Observable<boolean>;
  /**
   * Told of what the iterator throws when it is closed early, for nobody listens any more by then. Must
   * not throw. Default: nobody is told.
   */
  readonly onCloseError?: (error: unknown) => void;
  /**
   * Told, where the iterator is closed early, of what settles when it is: a generator that awaits something is
   * closed once that has settled. Must not throw. Default: nobody is told.
   */
  readonly onClosing?: (closed: Promise<void>) => void;
}

/**
 * The items of an async iterable, each asked for only after the one before it was handled, and not
 * while there is pressure. Unlike `from`, unsubscribing closes the iterator (`return`) at once, and not
 * when its next item arrives: a generator that waits at a `yield` runs its `finally` blocks, and a
 * stream, the web's or Node's, is closed. A generator that awaits something runs them when that has settled: no one can wake it.
 *
 * @example
 * const tokens$ = fromAsyncIterable(model.stream(prompt), { pressure$: session.pressure$ });
 *
 * @returns The items. Errors with what the iterator throws, or `pressure$`.
 */
export function fromAsyncIterable<T>(
  iterable: AsyncIterable<T>,
  options: FromAsyncIterableOptions = {},
): Observable<T> {
  const { pressure$ = NEVER, onCloseError, onClosing } = options;
  return new Observable((subscriber) => {
    const iterator = iteratorOf(iterable);
    let isHeld = false;
    let isPulling = false;
    let isFinished = false;
    let asked: Promise<unknown> | undefined;

    const pull = (): void => {
      if (isHeld || isPulling || subscriber.closed) return;
      isPulling = true;
      void take();
    };
    const take = async (): Promise<void> => {
      try {
        const next = iterator.next();
        asked = next;
        const item = await next;
        isPulling = false;
        if (item.done === true) {
          isFinished = true;
          subscriber.complete();
        } else {
          subscriber.next(item.value);
          pull();
        }
      } catch (error) {
        isFinished = true;
        subscriber.error(error);
      }
    };
    const hold = (pressure: boolean): void => {
      isHeld = pressure;
      pull();
    };
    const close = async (): Promise<void> => {
      try {
        // One that cannot be closed is over with the item that it was asked for, whatever that is.
        await (iterator.return?.() ?? asked?.catch(() => undefined));
      } catch (error) {
        onCloseError?.(error);
      }
    };

    subscriber.add(() => {
      if (isFinished) return;
      const closed = close();
      onClosing?.(closed);
    });
    subscriber.add(
      pressure$.subscribe({
        next: hold,
        error: (error: unknown) => {
          subscriber.error(error);
        },
        complete: () => {
          hold(false);
        },
      }),
    );
    pull();
  });
}
