import { filter, type Observable } from 'rxjs';
import { fusedFilter } from '../../src/transport/fused-filter';
import { marbles } from '../support/marbles';
import { itIsAnOperator } from '../support/operator-cases';

const isEven = (value: number): boolean => value % 2 === 0;
const isLarge = (value: number): boolean => value > 2;
const VALUES = { a: 1, b: 2, c: 4 };

describe('fusedFilter', () => {
  itIsAnOperator<number, number>({
    create: () => (source: Observable<number>) =>
      source.pipe(
        fusedFilter(() => true),
        fusedFilter(() => true),
      ),
    inputs: { a: 1, b: 2, c: 4 },
    outputs: { a: 1, b: 2, c: 4 },
  });

  it('passes what as many filters would pass', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot<number>('-a-b-(cab)-c-|', VALUES);
      const filtered$ = source$.pipe(filter(isEven), filter(isLarge));
      expectObservable(source$.pipe(fusedFilter(isEven), fusedFilter(isLarge))).toEqual(filtered$);
    });
  });

  it('asks the later only of what the earlier passes', () => {
    const asked: number[] = [];
    marbles(({ cold, expectObservable }) => {
      const later = fusedFilter((value: number) => asked.push(value) > 0);
      expectObservable(cold<number>('abc|', VALUES).pipe(fusedFilter(isEven), later)).toBe('-bc|', VALUES);
    });
    expect(asked).toEqual([2, 4]);
  });

  it.each([0, 1])('errors with what predicate %i throws', (which) => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const failing = fusedFilter<number>(() => {
        throw new Error('planted');
      });
      const operators =
        which === 0 ? [failing, fusedFilter<number>(isEven)] : [fusedFilter<number>(isEven), failing];
      const source$ = hot<number>('-b-b-|', VALUES);
      const [first, second] = operators;
      expectObservable(source$.pipe(first!, second!)).toBe('-#', undefined, new Error('planted'));
      expectSubscriptions(source$.subscriptions).toBe('^!');
    });
  });

  it('leaves a stream that others filter further as it is', () => {
    marbles(({ hot, expectObservable }) => {
      const even$ = hot<number>('-a-b-c-|', VALUES).pipe(fusedFilter(isEven));
      expectObservable(even$.pipe(fusedFilter(isLarge))).toBe('-----c-|', VALUES);
      expectObservable(even$).toBe('---b-c-|', VALUES);
    });
  });
});
