import type { ResultPush } from '../../../protocol/operation/result';
import { showAsJson } from '../../../wire/show-as-json';

/** Results that wait until they are asked for; whoever leaves early wants no more of them. */
export abstract class ResultIterator implements AsyncIterableIterator<ResultPush, undefined, undefined> {
  [Symbol.asyncIterator](): this {
    return this;
  }

  abstract next(): Promise<IteratorResult<ResultPush, undefined>>;

  return(): Promise<IteratorResult<ResultPush, undefined>> {
    this.leave();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: Error): Promise<IteratorResult<ResultPush, undefined>> {
    this.leave();
    return Promise.reject(error);
  }

  /** For logs: what it holds besides is endless, and secret in part. */
  toJSON(): object {
    return {};
  }

  protected abstract leave(): void;
}

showAsJson('ResultIterator', ResultIterator);
