import type { ValueDecoder } from '../../../protocol/content/value-decoder';
import type { ResultPush } from '../../../protocol/operation/result';
import { showAsJson } from '../../../wire/show-as-json';
import type { ResultQueue, ResultReader } from './result-queue';

/** The results themselves. */
export const UNDECODED: ValueDecoder<ResultPush, ResultPush> = {
  take: (result) => result,
  waiting: () => undefined,
  end: () => undefined,
};

/** A call of `next` that waits for its value. */
interface Taker<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The values of an answer, which wait until they are asked for; whoever leaves early wants no more of them. Who waits is
 * given a value with the packet that brings it: a promise between the two would be a second turn of every loop.
 */
export abstract class PulledValues<T>
  implements AsyncIterableIterator<T, undefined, undefined>, ResultReader
{
  /** Who waits first, and who waits behind: a loop waits alone. */
  private taker: Taker<T> | undefined;
  private readonly behind: Taker<T>[] = [];
  /** Whether nobody wants what is left in the decoder. */
  private isLeft = false;

  constructor(
    protected readonly queue: ResultQueue,
    private readonly decoder: ValueDecoder<ResultPush, T>,
  ) {
    queue.reader = this;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next value, at once where one waits; rejects once where the submit has none any more. */
  next(): Promise<IteratorResult<T, undefined>> {
    this.begin();
    if (this.taker !== undefined) return this.wait();
    try {
      const value = this.pull();
      if (value !== undefined) return Promise.resolve({ done: false, value });
    } catch (error) {
      return this.throw(error as Error);
    }
    const end = this.queue.takeEnd();
    if (end === undefined) return this.wait();
    return end === 'complete' ? Promise.resolve(this.last()) : this.throw(end.error);
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.quit();
    return Promise.resolve(over());
  }

  throw(error: Error): Promise<IteratorResult<T, undefined>> {
    this.quit();
    return Promise.reject(error);
  }

  hear(result: ResultPush): 'heard' | 'unheard' {
    if (this.taker === undefined) return 'unheard';
    try {
      for (let value = this.decoder.take(result); value !== undefined; value = this.decoder.waiting()) {
        this.shift()?.resolve({ done: false, value });
        if (this.taker === undefined) break;
      }
    } catch (error) {
      this.shift()?.reject(error);
      this.quit();
    }
    return 'heard';
  }

  fail(error: Error): 'heard' | 'unheard' {
    if (this.taker === undefined) return 'unheard';
    this.isLeft = true;
    this.shift()?.reject(error);
    return 'heard';
  }

  complete(): void {
    while (this.taker !== undefined) this.shift()?.resolve(this.last());
  }

  /** For logs: what it holds besides is endless, and secret in part. */
  toJSON(): object {
    return {};
  }

  /** Called before each value is. */
  protected abstract begin(): void;

  /** Nobody wants more: ends the operation. */
  protected abstract leave(): void;

  private wait(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      const taker = { resolve, reject };
      if (this.taker === undefined) this.taker = taker;
      else this.behind.push(taker);
    });
  }

  private shift(): Taker<T> | undefined {
    const { taker, behind } = this;
    this.taker = behind.length === 0 ? undefined : behind.shift();
    return taker;
  }

  private pull(): T | undefined {
    let value = this.decoder.waiting();
    while (value === undefined) {
      const result = this.queue.take();
      if (result === undefined) return undefined;
      value = this.decoder.take(result);
    }
    return value;
  }

  /** What comes after the last result. */
  private last(): IteratorResult<T, undefined> {
    const value = this.isLeft ? undefined : (this.decoder.waiting() ?? this.decoder.end());
    return value === undefined ? over() : { done: false, value };
  }

  private quit(): void {
    this.isLeft = true;
    this.leave();
  }
}

const over = (): IteratorReturnResult<undefined> => ({ done: true, value: undefined });

showAsJson('ResultIterator', PulledValues);
