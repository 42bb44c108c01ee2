import { Observable, Subscription } from 'rxjs';
import type { ValueDecoder } from '../../../protocol/content/value-decoder';
import type { ResultPush } from '../../../protocol/operation/result';
import type { Capabilities } from '../../../protocol/capability/capabilities';
import type { Progress } from '../../../protocol/operation/progress';
import { showAsJson } from '../../../wire/show-as-json';
import { onAbort } from '../../abort';
import { takeSubmitRequest, takeTerms } from '../../option-rules';
import { AnswerCalls } from '../answer-calls';
import { AnswerParts, type PartStream } from './answer-parts';
import { AnswerText, wholeAnswer, type TextStream, type WholeAnswer } from './answer-text';
import type { Backlog } from './backlog';
import { intercepted, submitFor } from '../operation';
import { PulledValues, UNDECODED } from './pulled-values';
import { ResultQueue } from './result-queue';
import { cancelledBy, type Submission, type SubmitRequest } from '../submission';
import type { Submissions } from '../submissions';
import type { OperationTerms } from '../operation-terms';
import type { CallListener, ToolCall } from '../tools/tool-calls';

/**
 * The results of a submit, cold: each subscription and each loop submits.
 *
 * - **subscribed to**, they are pushed as they come. What a slow subscriber gathers nobody sees.
 * - **pulled**, with `for await`, they wait for the loop, in the bounds of `maxBufferedBytes`; the server waits
 *   when they are full. `break` sends FRAME_CANCEL.
 */
export interface ResultStream extends Observable<ResultPush>, AsyncIterable<ResultPush> {
  /**
   * What the server asks for in the middle of the answer (`submit.tool`): of each submit that this makes, and of those
   * only while somebody listens; what nobody hears of is answered with a failure. Completes with the session.
   *
   * @example
   * const answer = session.submit({ body: 'Will it rain?' });
   * answer.tools$.subscribe((call) => call.answer(() => runTool(call.name, call.arguments)));
   * for await (const text of answer.text$) await write(text);
   */
  readonly tools$: Observable<ToolCall>;
  /**
   * How far the answer is, as its handler says with `submit.progress`, while it is made: of each submit that this makes.
   * Only a server of preview4 says it. Completes with the session.
   *
   * @example
   * const answer = session.submit({ body: 'Translate this book' });
   * answer.progress$.subscribe(({ percent, text }) => show(percent, text));
   * const { text } = await answer.whole();
   */
  readonly progress$: Observable<Progress>;
  /**
   * What the answer goes on with, where that is less than was asked for (`submit.degrade`): of each submit that this
   * makes. Only a server of preview4 says it. Completes with the session.
   */
  readonly degraded$: Observable<Capabilities>;
  /**
   * The text of the answer as it comes, in whole characters.
   *
   * @example
   * for await (const text of session.submit({ body: 'Call me' }).text$) await write(text);
   */
  readonly text$: TextStream;
  /**
   * All that the answer is made of, in order: texts, structured events, tool deltas, audio, video, bytes, tensors, and
   * what the server says of it at its end. Errors with an `NnrpError` where a body is not what its record says, or what
   * has to be JSON is none.
   *
   * @example
   * for await (const part of session.submit({ body: 'Sing' }).parts$) {
   *   if (part.kind === 'text') await write(part.text);
   *   if (part.kind === 'audio') speaker.write(part.bytes);
   * }
   */
  readonly parts$: PartStream;
  /**
   * Submits, and resolves with all of the text, and what the server says of the answer where it does: usage, model
   * and finish reason. Rejects with what the Observable errors with.
   *
   * @example
   * const { text, usage } = await session.submit({ body: 'Call me' }).whole();
   */
  whole(): Promise<WholeAnswer>;
  /**
   * Says of what this has submitted, and has not ended, another deadline, priority or budget: a budget is what may be used
   * from now on. While there is no connection it is kept for the next; and what was said over one that is lost is said
   * again, but for a budget. Throws a `TypeError` or a `RangeError` that names what may not be,
   * and an `NnrpError` where a hint or tokens are larger than the server takes; of a later connection's server that is told
   * on `failures$`.
   *
   * @example
   * const answer = session.submit({ body: 'Tell me all', budget: { tokens: 500 } });
   * more$.subscribe(() => answer.update({ budget: { tokens: 500 } }));
   */
  update(changes: OperationTerms): void;
  /** Submits, and pulls the results. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ResultPush, undefined, undefined>;
}

export class SubmittedResults extends Observable<ResultPush> implements ResultStream, CallListener {
  /** Made for who listens. */
  private calls: AnswerCalls | undefined;

  constructor(
    private readonly request: SubmitRequest,
    private readonly submits: Submissions,
    private readonly backlog: Backlog,
  ) {
    super((subscriber) =>
      submits.settings.interceptors.length === 0
        ? submitFor(submits, request, subscriber, { listener: this })
        : intercepted(submits, request, this).subscribe(subscriber),
    );
  }

  /** For logs: what it holds besides is endless, and secret in part. */
  toJSON(): object {
    return {};
  }

  get tools$(): Observable<ToolCall> {
    return this.beside.calls$;
  }

  get progress$(): Observable<Progress> {
    return this.beside.progress$;
  }

  get degraded$(): Observable<Capabilities> {
    return this.beside.degraded$;
  }

  update(changes: OperationTerms): void {
    this.submits.update(this, takeTerms(changes));
  }

  called(call: ToolCall): 'heard' | 'unheard' {
    return this.calls?.called(call) ?? 'unheard';
  }

  progressed(progress: Progress): void {
    this.calls?.progressed(progress);
  }

  degraded(to: Capabilities): void {
    this.calls?.degraded(to);
  }

  private get beside(): AnswerCalls {
    return (this.calls ??= new AnswerCalls(this.submits.over$));
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

  [Symbol.asyncIterator](): AsyncIterableIterator<ResultPush, undefined, undefined> {
    return this.pull(UNDECODED);
  }

  /** Submits, and pulls the values that `decoder` makes of the results. */
  pull<T>(decoder: ValueDecoder<ResultPush, T>): PulledResults<T> {
    return new PulledResults(decoder, this.request, this.submits, this.backlog, this);
  }
}

showAsJson('ResultStream', SubmittedResults);

/** What an answer that waits is pulled with. The first question submits. */
export class PulledResults<T> extends PulledValues<T> {
  private state: 'new' | 'begun' | 'left' = 'new';
  /** Of the interceptors around it, where there are any. */
  private within = Subscription.EMPTY;

  constructor(
    decoder: ValueDecoder<ResultPush, T>,
    private readonly request: SubmitRequest,
    private readonly submits: Submissions,
    private readonly backlog: Backlog,
    private readonly listener: CallListener,
  ) {
    super(new ResultQueue(backlog), decoder);
  }

  protected begin(): void {
    if (this.state !== 'new') return;
    const { queue } = this;
    this.state = 'begun';
    this.backlog.add(queue);
    if (this.submits.settings.interceptors.length > 0) {
      this.beginWithin();
      return;
    }
    try {
      queue.submission = this.submits.begin(takeSubmitRequest(this.request), queue, this.listener);
      this.obeySignal();
    } catch (error) {
      queue.error(error as Error);
    }
  }

  /** With interceptors around it, which may submit later, or not at all. */
  private beginWithin(): void {
    const { queue, submits } = this;
    const { signal } = this.request;
    const within = (this.within = new Subscription());
    const begun = (submission: Submission): void => {
      queue.submission = submission;
    };
    within.add(intercepted(submits, this.request, this.listener, begun).subscribe(queue));
    if (signal !== undefined) {
      const aborted = onAbort(signal, () => {
        queue.fail(cancelledBy(signal, submits.sessionId, queue.submission?.frameId ?? 0));
      });
      within.add(aborted);
    }
    queue.onDone(within);
  }

  /** Also where its last result waits already: whoever loops wants no more of it. */
  private obeySignal(): void {
    const { queue, submits } = this;
    const { submission } = queue;
    const signal = submission?.signal;
    if (submission === undefined || signal === undefined) return;
    const aborted = onAbort(signal, () => {
      queue.fail(submits.abort(submission, signal));
    });
    queue.onDone(aborted);
  }

  protected leave(): void {
    if (this.state === 'left') return;
    this.state = 'left';
    const { submission } = this.queue;
    this.within.unsubscribe();
    if (submission !== undefined) this.submits.giveUp(submission);
    this.queue.clear();
  }
}
