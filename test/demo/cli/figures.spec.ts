import { TestScheduler } from 'rxjs/testing';
import { describeFigures, measured, type Figures } from '../../../demo/cli/figures';

/** Times are of the virtual clock, one millisecond a frame. */
function figuresOf(marbles: string): Figures[] {
  const seen: Figures[] = [];
  const scheduler = new TestScheduler(() => undefined);
  scheduler.run(({ cold }) => {
    cold(marbles)
      .pipe(measured(scheduler))
      .subscribe((figures) => seen.push(figures));
  });
  return seen;
}

describe('measured', () => {
  it('counts tokens, and times the first one and the end', () => {
    expect(figuresOf('12ms a 19ms b 9ms (c|)')).toEqual([{ tokens: 3, firstMs: 12, totalMs: 42 }]);
  });

  it('has figures for an answer without tokens', () => {
    expect(figuresOf('30ms |')).toEqual([{ tokens: 0, firstMs: undefined, totalMs: 30 }]);
  });

  it('times every subscription by itself', () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
    scheduler.run(({ cold, expectObservable }) => {
      const figures$ = cold('5ms (a|)').pipe(measured(scheduler));
      const values = { f: { tokens: 1, firstMs: 5, totalMs: 5 } };
      expectObservable(figures$, '^').toBe('5ms (f|)', values);
      expectObservable(figures$, '100ms ^').toBe('105ms (f|)', values);
    });
  });

  it('passes an error on, and tells no figures of it', () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
    scheduler.run(({ cold, expectObservable }) => {
      expectObservable(cold('--a-#').pipe(measured(scheduler))).toBe('----#');
    });
  });
});

describe('describeFigures', () => {
  it('gives one line', () => {
    const line = describeFigures({ tokens: 42, firstMs: 12.4, totalMs: 702 });
    expect(line).toBe('42 tokens, first after 12 ms, 59.8 tokens/s');
  });

  it('counts a single token as one', () => {
    const line = describeFigures({ tokens: 1, firstMs: 8, totalMs: 10 });
    expect(line).toBe('1 token, first after 8 ms, 100.0 tokens/s');
  });

  it('has no rate where there is nothing', () => {
    expect(describeFigures({ tokens: 0, firstMs: undefined, totalMs: 5 })).toBe('no tokens');
  });
});
