import type { ResultPush } from '../../../protocol/operation/result';

export type PulledResults = AsyncIterableIterator<ResultPush, undefined, undefined>;

/** Makes values of the results of one answer. */
export interface ValueDecoder<T> {
  /** What is there already, of the result before. */
  waiting(): T | undefined;
  /** The first value of a result. Throws an `NnrpError` where its body is not what its record says. */
  take(result: ResultPush): T | undefined;
  /** What is left when the answer is over. */
  end(): T | undefined;
}

/** Values that wait until they are asked for. */
export class PulledValues<T> implements AsyncIterableIterator<T, undefined, undefined> {
  /** Settles when whoever asked last has what there is. */
  private turn: Promise<unknown> = Promise.resolve();
  private asking = 0;

  constructor(
    private readonly results: PulledResults,
    private readonly decoder: ValueDecoder<T>,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** One at a time: a result without a value gives its turn to nobody. */
  next(): Promise<IteratorResult<T, undefined>> {
    const pull = (): Promise<IteratorResult<T, undefined>> => this.pull();
    const value = this.asking === 0 ? this.pull() : this.turn.then(pull, pull);
    const done = (): void => {
      this.asking -= 1;
    };
    this.asking += 1;
    this.turn = value.then(done, done);
    return value;
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.results.return?.();
    return OVER;
  }

  async throw(error: Error): Promise<IteratorReturnResult<undefined>> {
    await this.results.return?.();
    throw error;
  }

  private async pull(): Promise<IteratorResult<T, undefined>> {
    const waiting = this.decoder.waiting();
    if (waiting !== undefined) return { done: false, value: waiting };
    for (;;) {
      const taken = await this.results.next();
      const value = taken.done === true ? this.decoder.end() : this.take(taken.value);
      if (value !== undefined) return { done: false, value };
      if (taken.done === true) return OVER;
    }
  }

  private take(result: ResultPush): T | undefined {
    try {
      return this.decoder.take(result);
    } catch (error) {
      void this.results.return?.();
      throw error;
    }
  }
}

const OVER: IteratorReturnResult<undefined> = { done: true, value: undefined };
