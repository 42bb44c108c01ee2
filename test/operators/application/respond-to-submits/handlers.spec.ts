import { BehaviorSubject, NEVER, Observable, of } from 'rxjs';
import { respondToSubmits, type SubmitHandler } from '../../../../operators/application/respond-to-submits';
import { settled } from '../../../../src/testing/time/settled';
import type { Answers } from '../../../../operators/application/responding/answer';
import { text } from '../../../support/packets';
import { answers, EndableSubmit, resultsOf, results, submits, type TestSubmit } from './support';

describe('a promise', () => {
  it.each<[string, SubmitHandler<TestSubmit>]>([
    ['bytes', async () => Promise.resolve(answers.a)],
    ['an Observable', async () => Promise.resolve(of(answers.a))],
    ['an array', async () => Promise.resolve([answers.a])],
    ['an async generator', async () => Promise.resolve(generated())],
    [
      'a promise',
      async () => Promise.resolve({ then: (done: (a: Uint8Array) => void) => done(answers.a) } as never),
    ],
  ])('of %s is flattened', async (_, handler) => {
    const seen = resultsOf(handler);
    await settled();
    expect(seen).toEqual([results.a, results.e, 'complete']);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a number', 7],
    ['an object', {}],
  ])('of %s costs its own submit, and says so', async (_, value) => {
    const errors: unknown[] = [];
    const handler = async () => Promise.resolve(value as never);
    const seen = resultsOf(handler, { onError: (error) => errors.push(error) });
    await settled();
    expect(seen).toEqual([results.x, 'complete']);
    expect(errors).toEqual([expect.any(Error)]);
  });

  it('of a stream that comes after the end is not subscribed to', async () => {
    let subscriptions = 0;
    const submit = new EndableSubmit(1);
    const stream$ = new Observable<never>(() => void (subscriptions += 1));
    resultsOf(async () => Promise.resolve(stream$), {}, submit);
    submit.end();
    await settled();
    expect(subscriptions).toBe(0);
  });

  it.each<[string, (closed: () => void) => Answers]>([
    ['a web stream', (cancel) => new ReadableStream<Uint8Array>({ cancel })],
    ['an async iterable', (closed) => ({ [Symbol.asyncIterator]: () => closable(closed) }) as never],
    ['an iterable', (closed) => ({ [Symbol.iterator]: () => closable(closed) }) as never],
  ])('of %s that comes after the end is closed, unread', async (_, streamOf) => {
    const closed: string[] = [];
    const submit = new EndableSubmit(1);
    const stream = streamOf(() => closed.push('closed'));
    resultsOf(async () => Promise.resolve(stream), {}, submit);
    submit.end();
    await settled();
    expect(closed).toEqual(['closed']);
  });

  it('of a stream that comes after the end and cannot be closed costs nobody anything', async () => {
    const errors: unknown[] = [];
    const submit = new EndableSubmit(1);
    const failure = new Error('not to be closed');
    const stream = { [Symbol.iterator]: () => closable(() => fail(failure)) } as never;
    resultsOf(async () => Promise.resolve(stream), { onError: (error) => errors.push(error) }, submit);
    submit.end();
    await settled();
    expect(errors).toEqual([failure]);
  });
});

/** An iterator that is not to be read. */
function closable(closed: () => void) {
  return {
    next: () => fail(new Error('it was read')),
    return: () => {
      closed();
      return { done: true, value: undefined };
    },
  };
}

function fail(error: Error): never {
  throw error;
}

describe('work that goes on behind a stopped answer', () => {
  it.each<[string, () => SubmitHandler<TestSubmit>]>([
    [
      'a promise',
      () => async () =>
        new Promise<never>(() => {
          // Never settles.
        }),
    ],
    ['a generator that awaits something', () => waiting],
  ])('is told of: %s', async (_, handlerOf) => {
    const told: unknown[] = [];
    const submit = new EndableSubmit(1);
    resultsOf(handlerOf(), { onUnsettled: (work, of) => told.push([typeof work.then, of]) }, submit);
    await settled();
    expect(told).toEqual([]);
    submit.end();
    expect(told).toEqual([['function', submit]]);
  });

  it('is nothing where the handler has settled', async () => {
    const told: unknown[] = [];
    const onUnsettled = (): void => void told.push('told');
    resultsOf(async () => Promise.resolve('a'), { onUnsettled });
    resultsOf(() => NEVER, { onUnsettled });
    resultsOf(() => generated(), { onUnsettled });
    await settled();
    expect(told).toEqual([]);
  });
});

describe('pressure on synchronous iterables', () => {
  /** A part of 32 KiB: two of them are taken whether there is pressure or not. */
  const part = new Uint8Array(32 * 1024);

  function* counted(taken: { count: number; isClosed: boolean }): Generator<Uint8Array> {
    try {
      for (; taken.count < 100; taken.count++) yield part;
    } finally {
      taken.isClosed = true;
    }
  }

  it('holds back what is more than 64 KiB, until there is none', async () => {
    const pressure$ = new BehaviorSubject(true);
    const taken = { count: 0, isClosed: false };
    const seen = resultsOf(() => counted(taken), { pressure$ });
    await settled();
    expect(seen).toHaveLength(2);
    pressure$.next(false);
    await settled();
    expect(seen).toHaveLength(102);
    expect(taken.isClosed).toBe(true);
  });

  it('that comes while they are answered is heeded', async () => {
    const pressure$ = new BehaviorSubject(false);
    let count = 0;
    of(submits[1])
      .pipe(respondToSubmits(() => Array.from({ length: 100 }, () => part), { pressure$ }))
      .subscribe(() => {
        count += 1;
        if (count === 10) pressure$.next(true);
      });
    await settled();
    expect(count).toBe(10);
    pressure$.next(false);
    await settled();
    expect(count).toBe(101);
  });

  it('lets two of them take turns', async () => {
    const ids: number[] = [];
    of(submits[1], submits[2])
      .pipe(respondToSubmits(() => Array.from({ length: 6 }, () => part)))
      .subscribe(({ frameId }) => ids.push(frameId));
    await settled();
    expect(ids.slice(4, 12)).toEqual([1, 2, 1, 2, 1, 2, 1, 2]);
  });

  it('does not keep them from being closed when their operation ends', async () => {
    const taken = { count: 0, isClosed: false };
    const submit = new EndableSubmit(1);
    const seen = resultsOf(() => counted(taken), { pressure$: new BehaviorSubject(true) }, submit);
    submit.end();
    await settled();
    expect(taken.isClosed).toBe(true);
    expect(seen).toHaveLength(3);
  });

  it('costs an operation whose iterator throws late', async () => {
    const seen = resultsOf(function* () {
      yield part;
      yield part;
      throw new Error('no more');
    });
    await settled();
    expect(seen.slice(2)).toEqual([results.x, 'complete']);
  });
});

async function* generated(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(text('a'));
}

async function* waiting(): AsyncGenerator<Uint8Array> {
  yield await new Promise<never>(() => {
    // Never settles.
  });
}
