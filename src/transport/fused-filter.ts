import { filter, type MonoTypeOperatorFunction, type Observable } from 'rxjs';

/** What a stream that is filtered was before, and by what it is. */
interface Filtered {
  readonly source$: Observable<unknown>;
  readonly predicates: readonly ((value: never) => boolean)[];
}

const filtered = new WeakMap<Observable<unknown>, Filtered>();

/**
 * RxJS's `filter`, several of which in a row are one: each would be a subscriber more that every packet passes.
 *
 * @example
 * packets$.pipe(fusedFilter(isPaid), fusedFilter(isWhole)); // packets$.pipe(filter((p) => isPaid(p) && isWhole(p)))
 */
export function fusedFilter<T>(predicate: (value: T) => boolean): MonoTypeOperatorFunction<T> {
  return (stream$) => {
    const before = filtered.get(stream$) as
      { source$: Observable<T>; predicates: (typeof predicate)[] } | undefined;
    const source$ = before?.source$ ?? stream$;
    const predicates = [...(before?.predicates ?? []), predicate];
    const passed$ = source$.pipe(
      filter((value) => {
        for (const passes of predicates) if (!passes(value)) return false;
        return true;
      }),
    );
    filtered.set(passed$, { source$, predicates });
    return passed$;
  };
}
