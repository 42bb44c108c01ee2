import { BehaviorSubject, Subject, take, type Observable } from 'rxjs';
import { fromAsyncIterable } from '../../../operators/application/from-async-iterable';
import { describeError } from '../../../src/protocol/runtime-error';
import { ManualIterable, settled } from '../../support/async';

/** What a stream tells, as lines: values, `complete`, `error: …`. */
function tellingOf(stream$: Observable<unknown>) {
  const told: string[] = [];
  const subscription = stream$.subscribe({
    next: (value) => told.push(String(value)),
    error: (error: unknown) => told.push(`error: ${describeError(error)}`),
    complete: () => told.push('complete'),
  });
  return { told, subscription };
}

describe('fromAsyncIterable', () => {
  it('gives every item of a generator, then completes', async () => {
    async function* words() {
      yield 'Call';
      await settled();
      yield 'me';
      yield 'Ishmael';
    }
    const { told } = tellingOf(fromAsyncIterable(words()));
    await settled();
    await settled();
    expect(told).toEqual(['Call', 'me', 'Ishmael', 'complete']);
  });

  it('asks for nothing before it is subscribed to', () => {
    const source = new ManualIterable<string>();
    const stream$ = fromAsyncIterable(source);
    expect(source.pulls).toBe(0);
    stream$.subscribe();
    expect(source.pulls).toBe(1);
  });

  it('asks for the next item once the one before it was handled', async () => {
    const source = new ManualIterable<string>();
    const pullsAtValue: number[] = [];
    fromAsyncIterable(source).subscribe(() => pullsAtValue.push(source.pulls));
    await source.emit('a');
    await source.emit('b');
    expect(pullsAtValue).toEqual([1, 2]);
    expect(source.pulls).toBe(3);
  });

  it('errors where the iterable throws, and does not close it', async () => {
    const source = new ManualIterable<string>();
    const { told } = tellingOf(fromAsyncIterable(source));
    await source.emit('a');
    await source.fail(new Error('out of memory'));
    expect(told).toEqual(['a', 'error: out of memory']);
    expect(source.returns).toBe(0);
  });

  it('errors where asking throws at once', async () => {
    const throwing: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          throw new Error('not now');
        },
      }),
    };
    const { told } = tellingOf(fromAsyncIterable(throwing));
    await settled();
    expect(told).toEqual(['error: not now']);
  });

  it('errors where there is no iterator', () => {
    const throwing: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => {
        throw new Error('read already');
      },
    };
    expect(tellingOf(fromAsyncIterable(throwing)).told).toEqual(['error: read already']);
  });

  describe('that is unsubscribed', () => {
    it('closes the iterator at once, while an item is awaited', async () => {
      const source = new ManualIterable<string>();
      const { told, subscription } = tellingOf(fromAsyncIterable(source));
      await source.emit('a');
      subscription.unsubscribe();
      expect(source.returns).toBe(1);
      await source.emit('b');
      expect(told).toEqual(['a']);
      expect(source.pulls).toBe(2);
    });

    it('by take closes the iterator too, and asks for no more', async () => {
      const source = new ManualIterable<string>();
      const { told } = tellingOf(fromAsyncIterable(source).pipe(take(1)));
      await source.emit('a');
      expect(told).toEqual(['a', 'complete']);
      expect(source.pulls).toBe(1);
      expect(source.returns).toBe(1);
    });

    it('runs the finally blocks of a generator', async () => {
      const told: string[] = [];
      async function* endless() {
        try {
          for (;;) {
            yield 'word';
            await settled();
          }
        } finally {
          told.push('cleaned up');
        }
      }
      fromAsyncIterable(endless())
        .pipe(take(2))
        .subscribe((word) => told.push(word));
      for (let turn = 0; turn < 4; turn++) await settled();
      expect(told).toEqual(['word', 'word', 'cleaned up']);
    });

    it('does not close an iterator that has ended by itself', async () => {
      const source = new ManualIterable<string>();
      const { told, subscription } = tellingOf(fromAsyncIterable(source));
      await source.complete();
      subscription.unsubscribe();
      expect(told).toEqual(['complete']);
      expect(source.returns).toBe(0);
    });

    it('takes an iterator that cannot be closed', async () => {
      const bare: AsyncIterable<string> = {
        [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: false, value: 'a' }) }),
      };
      const reported: unknown[] = [];
      const onCloseError = (error: unknown): number => reported.push(error);
      const { told } = tellingOf(fromAsyncIterable(bare, { onCloseError }).pipe(take(1)));
      await settled();
      expect(told).toEqual(['a', 'complete']);
      expect(reported).toEqual([]);
    });

    it('reports what closing throws, and a rejection after it to nobody', async () => {
      const source = new ManualIterable<string>();
      source.closeError = new Error('socket gone');
      const reported: unknown[] = [];
      const onCloseError = (error: unknown): number => reported.push(error);
      const { told, subscription } = tellingOf(fromAsyncIterable(source, { onCloseError }));
      subscription.unsubscribe();
      await settled();
      await source.fail(new Error('aborted'));
      expect(reported).toEqual([source.closeError]);
      expect(told).toEqual([]);
    });

    it('keeps to itself what closing throws where nobody asked', async () => {
      const source = new ManualIterable<string>();
      source.closeError = new Error('socket gone');
      const { told, subscription } = tellingOf(fromAsyncIterable(source));
      subscription.unsubscribe();
      await settled();
      expect(told).toEqual([]);
      expect(source.returns).toBe(1);
    });
  });

  describe('under pressure', () => {
    it('asks for nothing until there is none', async () => {
      const pressure$ = new BehaviorSubject(true);
      const source = new ManualIterable<string>();
      const { told } = tellingOf(fromAsyncIterable(source, { pressure$ }));
      await settled();
      expect(source.pulls).toBe(0);
      pressure$.next(false);
      expect(source.pulls).toBe(1);
      await source.emit('a');
      expect(told).toEqual(['a']);
    });

    it('still gives the item that was asked for, and then waits', async () => {
      const pressure$ = new BehaviorSubject(false);
      const source = new ManualIterable<string>();
      const { told } = tellingOf(fromAsyncIterable(source, { pressure$ }));
      pressure$.next(true);
      await source.emit('a');
      expect(told).toEqual(['a']);
      expect(source.pulls).toBe(1);
      pressure$.next(false);
      expect(source.pulls).toBe(2);
    });

    it('asks once where pressure comes and goes while an item is awaited', async () => {
      const pressure$ = new BehaviorSubject(false);
      const source = new ManualIterable<string>();
      const { told } = tellingOf(fromAsyncIterable(source, { pressure$ }));
      for (const pressure of [true, false, true, false]) pressure$.next(pressure);
      expect(source.pulls).toBe(1);
      await source.emit('a');
      expect(told).toEqual(['a']);
      expect(source.pulls).toBe(2);
    });

    it('waits where handling an item is what causes the pressure', async () => {
      const pressure$ = new BehaviorSubject(false);
      const source = new ManualIterable<string>();
      fromAsyncIterable(source, { pressure$ }).subscribe(() => {
        pressure$.next(true);
      });
      await source.emit('a');
      expect(source.pulls).toBe(1);
      pressure$.next(false);
      expect(source.pulls).toBe(2);
    });

    it('closes the iterator where it is unsubscribed while it waits', () => {
      const pressure$ = new BehaviorSubject(true);
      const source = new ManualIterable<string>();
      const { subscription } = tellingOf(fromAsyncIterable(source, { pressure$ }));
      subscription.unsubscribe();
      expect(source.returns).toBe(1);
      expect(pressure$.observed).toBe(false);
    });

    it('ends where pressure$ completes', async () => {
      const pressure$ = new BehaviorSubject(true);
      const source = new ManualIterable<string>();
      const { told } = tellingOf(fromAsyncIterable(source, { pressure$ }));
      pressure$.complete();
      await source.emit('a');
      expect(told).toEqual(['a']);
    });

    it('errors with pressure$, and closes the iterator', () => {
      const pressure$ = new Subject<boolean>();
      const source = new ManualIterable<string>();
      const { told } = tellingOf(fromAsyncIterable(source, { pressure$ }));
      pressure$.error(new Error('no gauge'));
      expect(told).toEqual(['error: no gauge']);
      expect(source.returns).toBe(1);
    });

    it('leaves pressure$ when the iterable ends', async () => {
      const pressure$ = new BehaviorSubject(false);
      const source = new ManualIterable<string>();
      const { told } = tellingOf(fromAsyncIterable(source, { pressure$ }));
      await source.complete();
      expect(told).toEqual(['complete']);
      expect(pressure$.observed).toBe(false);
    });
  });
});
