import { Observable } from 'rxjs';
import type { ResultPush } from '../../protocol/operation/result';
import { showAsJson } from '../../wire/show-as-json';
import type { AnswerCalls } from './answer-calls';
import { AnswerText, wholeAnswer, type TextStream, type WholeAnswer } from './answer-text';
import type { ResultQueue } from './result-queue';
import type { ResultStream } from './result-stream';
import type { Submissions } from './submissions';
import type { ToolCall } from './tool-calls';

/**
 * The results of an operation that another client has submitted. They wait for whoever reads them, in the bounds of
 * `maxBufferedBytes`, and are read once.
 */
export class ResumedResults extends Observable<ResultPush> implements ResultStream {
  private isTaken = false;

  constructor(
    private readonly queue: ResultQueue,
    private readonly submits: Submissions,
    private readonly calls: AnswerCalls,
  ) {
    super((subscriber) => {
      const results = this[Symbol.asyncIterator]();
      const pull = (): void => {
        results.next().then(
          (taken) => {
            if (taken.done === true) subscriber.complete();
            else {
              subscriber.next(taken.value);
              if (!subscriber.closed) pull();
            }
          },
          (error: unknown) => {
            subscriber.error(error);
          },
        );
      };
      pull();
      return () => void results.return?.();
    });
  }

  get tools$(): Observable<ToolCall> {
    return this.calls.calls$;
  }

  get text$(): TextStream {
    return new AnswerText(this);
  }

  whole(): Promise<WholeAnswer> {
    return wholeAnswer(this);
  }

  /** For logs: what it holds besides is endless, and secret in part. */
  toJSON(): object {
    return {};
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ResultPush, undefined, undefined> {
    if (this.isTaken) throw new TypeError('the results of a resumed operation can be read once');
    this.isTaken = true;
    return new TakenResults(this.queue, this.submits);
  }
}

class TakenResults implements AsyncIterableIterator<ResultPush, undefined, undefined> {
  constructor(
    private readonly queue: ResultQueue,
    private readonly submits: Submissions,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<ResultPush, undefined>> {
    return this.queue.take();
  }

  /** Whoever reads leaves early: nobody else will. */
  return(): Promise<IteratorResult<ResultPush, undefined>> {
    this.leave();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: Error): Promise<IteratorResult<ResultPush, undefined>> {
    this.leave();
    return Promise.reject(error);
  }

  private leave(): void {
    const { submission } = this.queue;
    if (submission !== undefined) this.submits.giveUp(submission);
    this.queue.clear();
  }
}

showAsJson('ResumedResults', ResumedResults);
