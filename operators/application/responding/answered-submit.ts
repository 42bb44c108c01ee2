import { isThenable } from '../../../src/protocol/is-thenable';
import { isObservable, NEVER, type Subscriber, type Subscription } from 'rxjs';
import { Failure, INTERNAL_FAILURE } from '../../../src/protocol/operation/failure';
import { failureResult, isTerminal, type Result } from '../../../src/protocol/operation/result';
import { bodyBytes } from '../../../src/protocol/operation/result-packet';
import { partResult } from '../../../src/protocol/content/parts/part-result';
import { TextResult } from '../../../src/protocol/content/text-result';
import { WholeCharacters } from '../../../src/protocol/content/whole-characters';
import { fromAsyncIterable } from '../from-async-iterable';
import {
  isAnswer,
  isAsyncIterable,
  isIterable,
  isObject,
  isPart,
  isResult,
  noAnswer,
  streamOf,
  type Answer,
  type Answers,
  type RespondableSubmit,
  type SubmitHandler,
} from './answer';
import { listen, type Listening } from './listening';
import type { RespondOptions } from './respond-options';
import { restOf } from './rest-of';

/** Whose submits are answered. */
export interface Answering<S extends RespondableSubmit> {
  readonly options: RespondOptions<S>;
  readonly results: Subscriber<Result>;
  /** Nothing more comes of this one. */
  done(answered: AnsweredSubmit<S>): void;
}

/**
 * Bytes of an iterable, about, that are answered in one go, whether there is pressure or not: to ask for
 * pressure costs more than most arrays.
 */
const AT_ONCE_BYTES = 64 * 1024;

/**
 * One submit on its way to its answer. A composition of operators says the same in ten lines and costs
 * ten times as much; this runs once for every submit of a server.
 */
export class AnsweredSubmit<S extends RespondableSubmit> implements Listening<Answer> {
  isDone = false;
  /** Whether its handler is stopped, or has ended. */
  private isReleased = false;
  private ended: Subscription | undefined;
  private answering: Subscription | undefined;
  /** The promise that the handler has returned, until it has settled. */
  private awaited: Promise<Answers> | undefined;
  /** Made with the first string. */
  private characters: WholeCharacters | undefined;

  constructor(
    readonly submit: S,
    private readonly host: Answering<S>,
  ) {}

  start(handler: SubmitHandler<S>): void {
    if (this.isOver()) return;
    this.attempt(() => handler(this.submit, this.submit));
    // What was answered at once needs nobody to say that it is over.
    if (!this.isOver()) this.watchEnd();
  }

  /** Nobody takes answers any more. */
  abandon(): void {
    if (this.isDone) return;
    this.stop();
    this.host.options.onAbandoned?.(this.submit);
  }

  /** Whether there is nobody to answer any more; then what is left of the answer is stopped. */
  private isOver(): boolean {
    if (this.isDone) return true;
    if (this.submit.hasEnded) this.finish();
    else if (this.host.results.closed) this.abandon();
    return this.isDone;
  }

  private watchEnd(): void {
    const over = (): void => {
      // By its last result: what goes on for it says so before another submit gets its slot.
      if (this.isDone) this.release();
      else this.finish();
    };
    this.ended = this.submit.ended$.subscribe({ next: over, error: over });
    if (this.isDone) this.ended.unsubscribe();
  }

  /** Ends the answer without another result. */
  private stop(): void {
    this.isDone = true;
    this.release();
  }

  /** Stops the handler, once, whose teardown may throw: that must not cost what is being done to other submits. */
  private release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.ended?.unsubscribe();
    try {
      this.answering?.unsubscribe();
    } catch (error) {
      this.report(error);
    }
    // Nobody can stop a promise.
    if (this.awaited !== undefined) this.host.options.onUnsettled?.(this.awaited, this.submit);
  }

  /** Takes what `make` returns; what it throws ends the answer. */
  private attempt(make: () => Answers | PromiseLike<Answers>): void {
    try {
      this.take(make());
    } catch (error) {
      this.error(error);
    }
  }

  private take(returned: Answers | PromiseLike<Answers>): void {
    if (isAnswer(returned)) {
      this.next(returned);
      this.complete();
    } else if (isIterable(returned)) this.takeAll(returned[Symbol.iterator]());
    else if (isThenable(returned)) this.await(returned);
    else if (isAsyncIterable(returned)) this.pull(returned);
    else if (isObject(returned)) listen(streamOf(returned), this);
    else throw noAnswer(returned);
  }

  /** Answers in a loop, which goes on as the pressure allows where there is much. */
  private takeAll(answers: Iterator<Answer>): void {
    let bytes = 0;
    while (bytes < AT_ONCE_BYTES) {
      const answer = answers.next();
      if (answer.done === true) {
        this.complete();
        return;
      }
      this.next(answer.value);
      if (this.isDone) {
        answers.return?.();
        return;
      }
      bytes += sizeOf(answer.value);
    }
    this.pull(restOf(answers));
  }

  private pull(answers: AsyncIterable<Answer>): void {
    const { pressure$ = NEVER, onUnsettled } = this.host.options;
    const pulled$ = fromAsyncIterable(answers, {
      pressure$: isObservable(pressure$) ? pressure$ : pressure$(this.submit),
      onCloseError: (error) => {
        this.report(error);
      },
      ...(onUnsettled && {
        onClosing: (closed) => {
          onUnsettled.call(this.host.options, closed, this.submit);
        },
      }),
    });
    listen(pulled$, this);
  }

  /** A promise of an answer, or of a stream of answers. */
  private await(answers: PromiseLike<Answers>): void {
    // Asked once: a promise of somebody else's may do its work anew each time.
    const awaited = Promise.resolve(answers);
    this.awaited = awaited;
    awaited.then(
      (value) => {
        this.awaited = undefined;
        if (this.isOver()) this.close(value);
        else this.attempt(() => value);
      },
      (error: unknown) => {
        this.awaited = undefined;
        this.error(error);
      },
    );
  }

  /** Closes a stream that has come too late to be read: what it was opened for is not to stay open. */
  private close(answers: Answers): void {
    if (isAnswer(answers)) return;
    try {
      if (isIterable(answers)) answers[Symbol.iterator]().return?.();
      else if (isAsyncIterable(answers)) this.pull(answers);
    } catch (error) {
      this.report(error);
    }
  }

  subscribed(subscription: Subscription): void {
    this.answering = subscription;
    // It may have ended while its handler started, or before.
    if (this.isOver()) subscription.unsubscribe();
  }

  next(answer: Answer): void {
    if (this.isOver()) return;
    try {
      this.answer(answer);
    } catch (error) {
      this.error(error);
    }
  }

  complete(): void {
    if (this.isOver()) return;
    this.sendHalf();
    if (!this.isOver()) this.send(this.submit.complete());
  }

  error(error: unknown): void {
    if (this.isOver()) return;
    if (error instanceof Failure) this.fail(error);
    else {
      this.report(error);
      this.fail(INTERNAL_FAILURE);
    }
  }

  private fail(failure: Failure): void {
    this.send(failureResult(this.submit.frameId, failure));
  }

  private answer(answer: Answer): void {
    if (typeof answer === 'string') {
      const text = (this.characters ??= new WholeCharacters()).take(answer);
      if (text !== '' || answer === '') this.send(new TextResult(this.submit.frameId, text));
    } else if (answer instanceof Uint8Array) {
      this.send(this.submit.partial(answer));
    } else if (isResult(answer)) {
      if (isTerminal(answer)) this.sendHalf();
      if (!this.isOver()) this.send(answer);
    } else if (answer instanceof Failure) {
      this.sendHalf();
      if (!this.isOver()) this.fail(answer);
    } else if (isPart(answer)) {
      this.answer(answer.kind === 'text' ? answer.text : partResult(this.submit, answer));
    } else {
      throw noAnswer(answer);
    }
  }

  /** The half of a character whose other half will not come any more. */
  private sendHalf(): void {
    const half = this.characters?.rest();
    if (half) this.send(new TextResult(this.submit.frameId, half));
  }

  private send(result: Result): void {
    if (!isTerminal(result)) {
      this.host.results.next(result);
      return;
    }
    // Over before it is sent: whoever takes the result may end the operation at once.
    this.isDone = true;
    this.host.results.next(this.host.options.finish?.(result, this.submit) ?? result);
    this.release();
    this.host.done(this);
  }

  private finish(): void {
    if (this.isDone) return;
    this.stop();
    this.host.done(this);
  }

  private report(error: unknown): void {
    try {
      this.host.options.onError?.(error, this.submit);
    } catch {
      // Reporting must not cost the other submits.
    }
  }
}

function sizeOf(answer: Answer): number {
  if (typeof answer === 'string' || answer instanceof Uint8Array) return answer.length;
  if ('type' in answer) return answer.type === 'push' ? bodyBytes(answer) : 0;
  if ('bytes' in answer) return answer.bytes.length;
  return 'body' in answer ? answer.body.length : 0;
}
