/** What is used of a stream of the web's. */
interface WebStream<T> {
  getReader(): {
    read(): Promise<IteratorResult<T, unknown>>;
    cancel(): Promise<void>;
  };
}

/** What is used of a stream of Node's. */
interface NodeStream {
  destroy(): unknown;
}

/**
 * The iterator of an iterable. Those of streams do not return before what they were asked for has come, which may be
 * never: such a stream is closed itself, at once.
 */
export function iteratorOf<T>(iterable: AsyncIterable<T>): AsyncIterator<T> {
  if (isWebStream<T>(iterable)) return readerOf(iterable);
  const iterator = iterable[Symbol.asyncIterator]();
  if (!isNodeStream(iterable)) return iterator;
  return {
    next: () => iterator.next(),
    return: () => {
      iterable.destroy();
      return iterator.return?.() ?? Promise.resolve(OVER);
    },
  };
}

const OVER: IteratorReturnResult<undefined> = { done: true, value: undefined };

function readerOf<T>(stream: WebStream<T>): AsyncIterator<T> {
  const reader = stream.getReader();
  return {
    next: () => reader.read(),
    return: async () => {
      await reader.cancel();
      return OVER;
    },
  };
}

function isWebStream<T>(iterable: object): iterable is WebStream<T> {
  return 'getReader' in iterable && typeof iterable.getReader === 'function';
}

function isNodeStream(iterable: object): iterable is NodeStream {
  return 'destroy' in iterable && typeof iterable.destroy === 'function';
}
