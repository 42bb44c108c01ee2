/** Makes values of the results of one answer. */
export interface ValueDecoder<In, T> {
  /** The first value of a result. Throws an `NnrpError` where its body is not what its record says. */
  take(result: In): T | undefined;
  /** The next value of what was taken last. */
  waiting(): T | undefined;
  /** The first of what is left when the answer is over. */
  end(): T | undefined;
}
