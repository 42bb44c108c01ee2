import { Observable } from 'rxjs';
import { fromAsyncIterable } from '../../../../operators/application/from-async-iterable';
import type { ValueDecoder } from '../../../protocol/content/value-decoder';
import type { ResultPush } from '../../../protocol/operation/result';
import type { Capabilities } from '../../../protocol/capability/capabilities';
import type { Progress } from '../../../protocol/operation/progress';
import { showAsJson } from '../../../wire/show-as-json';
import { takeTerms } from '../../option-rules';
import type { AnswerCalls } from '../answer-calls';
import { AnswerParts, type PartStream } from './answer-parts';
import { AnswerText, wholeAnswer, type TextStream, type WholeAnswer } from './answer-text';
import { PulledValues, UNDECODED } from './pulled-values';
import type { ResultQueue } from './result-queue';
import type { ResultStream } from './result-stream';
import type { Submissions } from '../submissions';
import type { OperationTerms } from '../operation-terms';
import type { ToolCall } from '../tools/tool-calls';

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
    super((subscriber) => fromAsyncIterable(this).subscribe(subscriber));
  }

  get tools$(): Observable<ToolCall> {
    return this.calls.calls$;
  }

  get progress$(): Observable<Progress> {
    return this.calls.progress$;
  }

  get degraded$(): Observable<Capabilities> {
    return this.calls.degraded$;
  }

  update(changes: OperationTerms): void {
    this.submits.update(this.calls, takeTerms(changes));
  }

  get text$(): TextStream {
    return new AnswerText(this);
  }

  get parts$(): PartStream {
    return new AnswerParts(this);
  }

  whole(): Promise<WholeAnswer> {
    return wholeAnswer(this);
  }

  /** For logs: what it holds besides is endless, and secret in part. */
  toJSON(): object {
    return {};
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ResultPush, undefined, undefined> {
    return this.pull(UNDECODED);
  }

  /** Takes the results, and pulls the values that `decoder` makes of them. */
  pull<T>(decoder: ValueDecoder<ResultPush, T>): AsyncIterableIterator<T, undefined, undefined> {
    if (this.isTaken) throw new TypeError('the results of a resumed operation can be read once');
    this.isTaken = true;
    return new TakenResults(this.queue, decoder, this.submits);
  }
}

class TakenResults<T> extends PulledValues<T> {
  constructor(
    queue: ResultQueue,
    decoder: ValueDecoder<ResultPush, T>,
    private readonly submits: Submissions,
  ) {
    super(queue, decoder);
  }

  protected begin(): void {
    // Another client has.
  }

  /** Nobody else will read them. */
  protected leave(): void {
    const { submission } = this.queue;
    if (submission !== undefined) this.submits.giveUp(submission);
    this.queue.clear();
  }
}

showAsJson('ResumedResults', ResumedResults);
