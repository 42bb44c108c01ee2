import { take, VirtualTimeScheduler } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';

import { paced } from '../../../demo/model/paced';

/** Counts for ever, and what was asked of it. */
function counter(): { values: Iterable<number>; log: { taken: number; closed: number } } {
  const log = { taken: 0, closed: 0 };
  function* count(): Generator<number> {
    try {
      for (;;) {
        yield log.taken++;
      }
    } finally {
      log.closed++;
    }
  }
  return { values: { [Symbol.iterator]: count }, log };
}

const inVirtualTime = (run: Parameters<TestScheduler['run']>[0]): void => {
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(run);
};

describe('paced', () => {
  it('emits at its rate, the first value at once', () => {
    inVirtualTime(({ expectObservable }) => {
      expectObservable(paced(100)('abc')).toBe('a 9ms b 9ms c 9ms |');
    });
  });

  it('completes at once when there is nothing', () => {
    inVirtualTime(({ expectObservable }) => {
      expectObservable(paced(100)('')).toBe('|');
    });
  });

  it('keeps the time of the scheduler it is given', () => {
    const scheduler = new VirtualTimeScheduler();
    const at: number[] = [];
    paced(10, scheduler)('abcd').subscribe(() => at.push(scheduler.now()));
    expect(at).toEqual([]);
    scheduler.flush();
    expect(at).toEqual([0, 100, 200, 300]);
  });

  it('takes a value only when it is due, and closes the iterator when it is unsubscribed', () => {
    const { values, log } = counter();
    inVirtualTime(({ expectObservable, flush }) => {
      expectObservable(paced(100)(values), '25ms !').toBe('a 9ms b 9ms c', { a: 0, b: 1, c: 2 });
      flush();
    });
    expect(log).toEqual({ taken: 3, closed: 1 });
  });

  it('stops when its subscriber has enough', () => {
    const { values, log } = counter();
    inVirtualTime(({ expectObservable }) => {
      expectObservable(paced(100)(values).pipe(take(2))).toBe('a 9ms (b|)', { a: 0, b: 1 });
    });
    expect(log).toEqual({ taken: 2, closed: 1 });
  });

  it('hands on what the iterable throws', () => {
    inVirtualTime(({ expectObservable }) => {
      const broken = (function* () {
        yield 'a';
        throw new Error('leak');
      })();
      expectObservable(paced(100)(broken)).toBe('a 9ms #', undefined, new Error('leak'));
    });
  });

  it('starts over for every subscriber', () => {
    inVirtualTime(({ expectObservable }) => {
      const values$ = paced(100)('ab');
      expectObservable(values$).toBe('a 9ms b 9ms |');
      expectObservable(values$, '5ms ^').toBe('5ms a 9ms b 9ms |');
    });
  });

  it('emits within the subscription at 0, no more than is taken', () => {
    const { values, log } = counter();
    const seen: number[] = [];
    paced(0)(values)
      .pipe(take(3))
      .subscribe((value) => seen.push(value));
    expect(seen).toEqual([0, 1, 2]);
    expect(log).toEqual({ taken: 3, closed: 1 });
  });

  it.each([-1, 1001, NaN])('refuses a pace of %d', (perSecond) => {
    expect(() => paced(perSecond)).toThrow(
      new RangeError(`a pace is from 0 to 1000 a second, not ${perSecond}`),
    );
  });
});
