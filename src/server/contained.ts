import {
  Observable,
  Subscriber,
  type Observer,
  type OperatorFunction,
  type Subscription,
  type TeardownLogic,
} from 'rxjs';

/** Hears of what a subscriber throws. */
export interface Containment {
  /** A subscriber has thrown, while it took `value` if that is given. Must not throw. */
  failed(cause: unknown, value?: unknown): void;
  /** Whether an error is the stream's own: a subscriber without an error handler has to meet it as ever. */
  isOwn?(error: unknown): boolean;
}

/**
 * A stream whose subscribers cannot end the process. What a subscriber throws, RxJS throws again where
 * nothing catches it; here it is told to the {@link Containment} instead, and the stream goes on. That
 * holds behind `pipe`, too, whatever the operators: an error that nobody handles is told alike. It does not
 * hold for a stream of somebody else's that is fed from this one (`merge(stream$, other$)`, a Subject).
 */
export class ContainedObservable<T> extends Observable<T> {
  static {
    // Every result of `pipe` is contained alike. Assigned, as only so its many types stay those of RxJS.
    void Object.defineProperty(this.prototype, 'pipe', {
      configurable: true,
      writable: true,
      value(
        this: ContainedObservable<unknown>,
        ...operations: readonly OperatorFunction<unknown, unknown>[]
      ): unknown {
        const result = operations.reduce<Observable<unknown>>(
          (source$, operation) => operation(source$),
          this,
        );
        // Another kind, one that can be connected say, is left what it is.
        if (Object.getPrototypeOf(result) !== Observable.prototype) return result;
        return new ContainedObservable((subscriber) => result.subscribe(subscriber), this.containment);
      },
    });
  }

  constructor(
    subscribe: (subscriber: Subscriber<T>) => TeardownLogic,
    private readonly containment: Containment,
  ) {
    super(subscribe);
  }

  override subscribe(
    observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // What operators subscribe with hands errors on: they come to the end of the pipe.
    if (isSubscriber(observerOrNext)) return super.subscribe(observerOrNext);
    const target =
      typeof observerOrNext === 'function' || !observerOrNext
        ? {
            ...(observerOrNext && { next: observerOrNext }),
            ...(error && { error }),
            ...(complete && { complete }),
          }
        : observerOrNext;
    return super.subscribe(new ContainedObserver<T>(target, this.containment));
  }
}

/** A stream of this side's, as it is handed to strangers; see {@link ContainedObservable}. */
export function contained<T>(source$: Observable<T>, containment: Containment): Observable<T> {
  return new ContainedObservable<T>((subscriber) => {
    new Observable<T>((inner) => {
      // Before the first value: who takes no more is given no more.
      subscriber.add(inner);
      return source$.subscribe(inner);
    }).subscribe(new Relay(subscriber, containment));
  }, containment);
}

/** The stream, whose teardown cannot throw into whoever unsubscribes. */
export function withQuietTeardown<T>(
  source$: Observable<T>,
  failed: (cause: unknown) => void,
): Observable<T> {
  return new Observable((subscriber) => {
    new Observable<T>((inner) => {
      subscriber.add(() => {
        try {
          inner.unsubscribe();
        } catch (error) {
          failed(error);
        }
      });
      return source$.subscribe(inner);
    }).subscribe({
      next: (value) => {
        subscriber.next(value);
      },
      error: (error: unknown) => {
        subscriber.error(error);
      },
      complete: () => {
        subscriber.complete();
      },
    });
  });
}

/** As RxJS tells them, also those of another copy of it. */
function isSubscriber<T>(observer: unknown): observer is Subscriber<T> {
  if (observer instanceof Subscriber) return true;
  return (
    typeof observer === 'object' &&
    observer !== null &&
    ['next', 'error', 'complete', 'add', 'remove', 'unsubscribe', 'closed'].every((name) => name in observer)
  );
}

/** Stands between RxJS and a stranger's observer. */
class ContainedObserver<T> implements Observer<T> {
  constructor(
    private readonly target: Partial<Observer<T>>,
    private readonly containment: Containment,
  ) {}

  next(value: T): void {
    try {
      this.target.next?.(value);
    } catch (error) {
      this.containment.failed(error, value);
    }
  }

  error(error: unknown): void {
    const { target, containment } = this;
    if (target.error === undefined) {
      // RxJS takes what is thrown here for what it is: an error that nobody has handled.
      if (containment.isOwn?.(error) === true) throw error;
      containment.failed(error);
      return;
    }
    try {
      target.error(error);
    } catch (failure) {
      containment.failed(failure);
    }
  }

  complete(): void {
    try {
      this.target.complete?.();
    } catch (error) {
      this.containment.failed(error);
    }
  }
}

/** Stands between a stream of this side's and a stranger's operators: neither they nor their teardown throw back. */
export class Relay<T> implements Observer<T> {
  constructor(
    private readonly subscriber: Subscriber<T>,
    private readonly containment: Containment,
  ) {}

  next(value: T): void {
    try {
      this.subscriber.next(value);
    } catch (error) {
      this.containment.failed(error, value);
    }
  }

  error(error: unknown): void {
    try {
      this.subscriber.error(error);
    } catch (failure) {
      this.containment.failed(failure);
    }
  }

  complete(): void {
    try {
      this.subscriber.complete();
    } catch (error) {
      this.containment.failed(error);
    }
  }
}
