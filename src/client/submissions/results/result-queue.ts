import type { Observer, Unsubscribable } from 'rxjs';
import type { ResultPush } from '../../../protocol/operation/result';
import { HEADER_LENGTH } from '../../../wire/header';
import { ResultPushMetadata } from '../../../wire/messages/result-push';
import type { AnswerQueue, Backlog, Stop } from './backlog';
import type { Submission } from '../submission';

/** A call of `next` that waits for its result. */
interface Taker {
  readonly resolve: (result: IteratorResult<ResultPush, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** Bytes that a result counts besides its body. */
const HEAD_BYTES = HEADER_LENGTH + ResultPushMetadata.length;
/** So many results that were taken are kept in the array before it is moved up. */
const MOVE_UP_AT = 1024;

const over = (): IteratorReturnResult<undefined> => ({ done: true, value: undefined });

/** The results of one submit that wait for who pulls them, or who pulls and waits for them. */
export class ResultQueue implements Observer<ResultPush>, AnswerQueue {
  submission: Submission | undefined;
  waitingBytes = 0;
  stop: Stop | undefined;
  wasHeld = false;
  private results: (ResultPush | undefined)[] = [];
  private head = 0;
  /** From here on bodies are views of one read, and not yet on their own. */
  private looseFrom = 0;
  private looseBuffer: ArrayBufferLike | undefined;
  private takers: Taker[] = [];
  private end: { readonly error: Error } | 'complete' | undefined;
  private done: Unsubscribable | undefined;

  constructor(private readonly backlog: Backlog) {}

  next(result: ResultPush): void {
    const taker = this.takers.shift();
    if (taker === undefined) this.keep(result);
    else taker.resolve({ done: false, value: result });
  }

  error(error: Error): void {
    if (this.end !== undefined) return;
    const taker = this.takers.shift();
    this.end = taker === undefined ? { error } : 'complete';
    taker?.reject(error);
    this.finish();
  }

  complete(): void {
    this.end ??= 'complete';
    this.finish();
  }

  fail(error: Error): void {
    if (this.takers.length > 0) {
      this.error(error);
      return;
    }
    this.clear();
    this.end = { error };
  }

  /** To be unsubscribed from once there is nothing more to take; at once where there is not. */
  onDone(done: Unsubscribable): void {
    if (this.end === undefined || this.waitingBytes > 0) this.done = done;
    else done.unsubscribe();
  }

  /** Lets go of what waits, and of who waits. */
  clear(): void {
    this.results = [];
    this.head = 0;
    this.looseFrom = 0;
    this.looseBuffer = undefined;
    this.forget();
    this.complete();
  }

  /** The next result, at once where one waits; rejects once where the submit has none any more. */
  take(): Promise<IteratorResult<ResultPush, undefined>> {
    const result = this.results[this.head];
    if (result !== undefined) {
      this.moveOn();
      this.backlog.took(this, HEAD_BYTES + result.body.length);
      if (this.end !== undefined && this.waitingBytes === 0) this.forget();
      return Promise.resolve({ done: false, value: result });
    }
    const { end } = this;
    if (end === undefined) {
      return new Promise((resolve, reject) => {
        this.takers.push({ resolve, reject });
      });
    }
    this.end = 'complete';
    return end === 'complete' ? Promise.resolve(over()) : Promise.reject(end.error);
  }

  private finish(): void {
    for (const { resolve } of this.takers.splice(0)) resolve(over());
    if (this.waitingBytes === 0) this.forget();
  }

  /** Nothing waits any more, and nothing comes. */
  private forget(): void {
    this.backlog.remove(this);
    this.done?.unsubscribe();
  }

  private keep(result: ResultPush): void {
    const { buffer, length } = result.body;
    if (buffer !== this.looseBuffer) {
      this.tighten();
      this.looseBuffer = buffer;
    }
    this.results.push(result);
    this.backlog.added(this, HEAD_BYTES + length);
  }

  private moveOn(): void {
    const { results } = this;
    results[this.head] = undefined;
    this.head += 1;
    if (this.head === results.length) {
      results.length = 0;
      this.head = 0;
      this.looseFrom = 0;
    } else if (this.head >= MOVE_UP_AT && 2 * this.head >= results.length) {
      results.splice(0, this.head);
      this.looseFrom = Math.max(0, this.looseFrom - this.head);
      this.head = 0;
    }
  }

  /**
   * What waits from one read to the next is not to keep all alive that came with it. Not sooner: most results
   * wait only until the read that brought them has been handed on.
   */
  private tighten(): void {
    const { results } = this;
    for (let at = Math.max(this.looseFrom, this.head); at < results.length; at++) {
      const result = results[at];
      if (result === undefined) continue;
      const { body } = result;
      if (body.buffer.byteLength <= HEAD_BYTES + 2 * body.length) continue;
      results[at] = { ...result, body: new Uint8Array(body) };
    }
    this.looseFrom = results.length;
  }
}
