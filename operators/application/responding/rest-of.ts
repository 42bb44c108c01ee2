/** The rest of an iterator, as one that can be held back; items that are thrown reject. */
export function restOf<T>(iterator: Iterator<T>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => settled(() => iterator.next()),
      return: () => settled(() => iterator.return?.() ?? OVER),
    }),
  };
}

const OVER: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** A promise of what is there already. */
function settled<T>(make: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(make());
  });
}
