import {
  BehaviorSubject,
  config,
  finalize,
  map,
  mergeMap,
  Observable,
  of,
  Subject,
  take,
  toArray,
} from 'rxjs';
import { contained, ContainedObservable, withQuietTeardown } from '../../src/server/contained';
import { settled } from '../support/async';

const FAULT = new Error('the subscriber failed');

function fail(): never {
  throw FAULT;
}

/** What RxJS would have thrown where nothing catches it. */
let uncaught: unknown[];

beforeEach(() => {
  uncaught = [];
  config.onUnhandledError = (error) => uncaught.push(error);
});

afterEach(() => {
  config.onUnhandledError = null;
});

function make(source$ = new Subject<number>()) {
  const failures: unknown[][] = [];
  const containment = {
    failed: (...told: unknown[]): void => {
      failures.push(told);
    },
  };
  return { source$, failures, stream$: contained(source$, containment) };
}

/** RxJS throws in a turn of its own. */
async function nothingUncaught(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 5);
  });
  await settled();
  expect(uncaught).toEqual([]);
}

describe('a contained stream', () => {
  it('tells what is thrown by a function, with the value, and goes on', async () => {
    const { source$, stream$, failures } = make();
    const seen: number[] = [];
    stream$.subscribe((value) => {
      seen.push(value);
      if (value === 1) fail();
    });
    for (const value of [1, 2]) source$.next(value);
    expect([seen, failures]).toEqual([[1, 2], [[FAULT, 1]]]);
    await nothingUncaught();
  });

  it('tells what is thrown by each method of an observer', async () => {
    const { source$, stream$, failures } = make();
    stream$.subscribe({ next: fail, complete: fail });
    stream$.subscribe({ error: fail });
    source$.next(1);
    source$.complete();
    const other = make();
    other.stream$.subscribe({ error: fail });
    other.source$.error(new Error('of the stream'));
    expect([failures, other.failures]).toEqual([[[FAULT, 1], [FAULT]], [[FAULT]]]);
    await nothingUncaught();
  });

  it('calls an observer as its own methods', () => {
    const { source$, stream$ } = make();
    const observer = {
      seen: [] as unknown[],
      next(value: number): void {
        this.seen.push(value);
      },
      complete(): void {
        this.seen.push('|');
      },
    };
    stream$.subscribe(observer);
    source$.next(1);
    source$.complete();
    expect(observer.seen).toEqual([1, '|']);
  });

  it.each<[string, (source$: Observable<number>) => Observable<unknown>]>([
    ['an operator', map((value: number) => value + 1)],
    ['a stream of streams', mergeMap((value: number) => of(value))],
    ['an operator by hand', (source$) => new Observable((subscriber) => source$.subscribe(subscriber))],
  ])('is contained behind %s', async (_, operator) => {
    const { source$, stream$, failures } = make();
    const seen: unknown[] = [];
    const piped$ = stream$.pipe(operator);
    expect(piped$).toBeInstanceOf(ContainedObservable);
    piped$.pipe(map((value) => value)).subscribe((value) => {
      seen.push(value);
      fail();
    });
    for (const value of [1, 2]) source$.next(value);
    expect(seen).toHaveLength(2);
    expect(failures.map(([cause]) => cause)).toEqual([FAULT, FAULT]);
    await nothingUncaught();
  });

  it('tells of an operator that fails, where nobody handles its error', async () => {
    const { source$, stream$, failures } = make();
    stream$.pipe(map(fail)).subscribe();
    stream$.pipe(map(fail)).subscribe(() => undefined);
    const handled: unknown[] = [];
    stream$.pipe(map(fail)).subscribe({ error: (error: unknown) => handled.push(error) });
    source$.next(1);
    expect([failures, handled]).toEqual([[[FAULT], [FAULT]], [FAULT]]);
    await nothingUncaught();
  });

  it('hands who is next its value, whatever the teardown of another does', async () => {
    const { source$, stream$, failures } = make();
    stream$.pipe(finalize(fail), take(1)).subscribe();
    stream$.pipe(finalize(fail)).subscribe();
    const seen: unknown[] = [];
    stream$.subscribe({ next: (value) => seen.push(value), complete: () => seen.push('|') });
    source$.next(1);
    source$.complete();
    expect(seen).toEqual([1, '|']);
    // Of the first RxJS itself makes nothing: its operator had completed.
    expect(failures).toHaveLength(1);
    await nothingUncaught();
  });

  it('leaves an error of its own to RxJS, where nobody handles it', async () => {
    const own = new Error('the port is in use');
    const source$ = new Subject<number>();
    const failures: unknown[] = [];
    const isOwn = (error: unknown): boolean => error === own;
    const stream$ = contained(source$, { failed: (cause) => failures.push(cause), isOwn });
    stream$.subscribe();
    source$.error(own);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
    expect([uncaught, failures]).toEqual([[own], []]);
  });

  it('gives no more than is taken, also of values that come at once', () => {
    const source$ = new Observable<number>((subscriber) => {
      for (let value = 1; !subscriber.closed; value++) subscriber.next(value);
    });
    const seen: unknown[] = [];
    contained(source$, { failed: () => undefined })
      .pipe(take(3), toArray())
      .subscribe((values) => seen.push(values));
    expect(seen).toEqual([[1, 2, 3]]);
  });

  it('ends its source with its subscriber, and a source that errors with its error', () => {
    const { source$, stream$ } = make();
    stream$.subscribe().unsubscribe();
    expect(source$.observed).toBe(false);
    const errors: unknown[] = [];
    stream$.subscribe({ error: (error: unknown) => errors.push(error) });
    source$.error(FAULT);
    expect(errors).toEqual([FAULT]);
  });

  it('starts with what its source has', () => {
    const { stream$ } = make(new BehaviorSubject(7));
    const seen: unknown[] = [];
    stream$.subscribe((value) => seen.push(value));
    expect(seen).toEqual([7]);
  });
});

describe('a quiet teardown', () => {
  it('is told of and not thrown, whoever ends the stream', () => {
    const failures: unknown[] = [];
    const source$ = new Subject<number>();
    const quiet$ = withQuietTeardown(source$.pipe(finalize(fail)), (cause) => failures.push(cause));
    quiet$.subscribe().unsubscribe();
    expect(failures).toHaveLength(1);
    quiet$.pipe(take(1)).subscribe();
    source$.next(1);
    expect(failures).toHaveLength(2);
    quiet$.subscribe();
    source$.complete();
    expect(failures).toHaveLength(3);
    expect(source$.observed).toBe(false);
  });
});
