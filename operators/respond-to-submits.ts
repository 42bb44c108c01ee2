import {
  from,
  isObservable,
  NEVER,
  Observable,
  type ObservableInput,
  type Observer,
  type OperatorFunction,
  type Subscriber,
  type Subscription,
} from 'rxjs';
import {
  isTerminal,
  type Result,
  type ResultDrop,
  type ResultFields,
  type ResultPush,
} from '../src/protocol/operation/result';
import { RuntimeError } from '../src/protocol/runtime-error';
import { TextResult } from '../src/protocol/operation/text-result';
import { fromAsyncIterable } from './from-async-iterable';

/** What a submit must offer to be answered; that of a server session does. */
export interface RespondableSubmit {
  readonly frameId: number;
  /** Whether the operation is over. */
  readonly hasEnded: boolean;
  /** Emits when the operation is over, at once where it is already. Never errors. */
  readonly ended$: Observable<unknown>;
  /** A part of the answer; others follow. */
  partial(body: Uint8Array, fields?: ResultFields): ResultPush;
  /** The end of the answer, or all of it. */
  complete(body?: Uint8Array, fields?: ResultFields): ResultPush;
  /** No answer. */
  drop(): ResultDrop;
}

/**
 * What a handler answers with, once or many times:
 *
 * - bytes: a partial result with this body
 * - a string: a partial result with this text as a TOKEN_CHUNK payload (protocol section 6)
 * - a result: itself; one that is not partial is the last of its submit
 */
export type Answer = Uint8Array | string | Result;

/** Answers a submit: with a stream, a promise, an iterable or an async iterable of answers, or with one. */
export type SubmitHandler<S> = (submit: S, index: number) => Answer | ObservableInput<Answer>;

export interface RespondOptions<S> {
  /**
   * Told of what a handler throws or errors with, also while it is torn down. What it throws itself is
   * discarded. Default: nobody is told but the peer, by RESULT_DROP; RxJS's own way, to throw where
   * nothing catches, would end a server's process.
   */
  readonly onError?: (error: unknown, submit: S) => void;
  /**
   * Told of each submit that is being answered when the results are unsubscribed from: nothing can be
   * sent for it any more. Must not throw. Default: nobody is told.
   */
  readonly onAbandoned?: (submit: S) => void;
  /**
   * While its latest value is true, handlers that are async iterables are not asked for their next
   * answer; `session.pressure$` is meant, or, for each submit its own, `(submit) => submit.pressure$`.
   * Observables, promises and synchronous iterables cannot wait, and are not held back. Never errors.
   * Default: never.
   */
  readonly pressure$?: Observable<boolean> | ((submit: S) => Observable<boolean>);
}

/**
 * Answers every submit with what `handler` makes of it.
 *
 * Handlers run concurrently: how many submits are with the application is admission's to limit. Where a
 * handler completes, a complete result ends the answer, unless the handler has sent a terminal result
 * itself, after which it is unsubscribed. It is unsubscribed too, and nothing more is sent for its
 * submit, when `submit.ended$` emits: a cancel, a close, a disconnect. A handler that throws or errors
 * costs its own submit: that is dropped, the others go on.
 *
 * @example
 * session.submits$
 *   .pipe(respondToSubmits((submit) => model.stream(submit.body), { pressure$: session.pressure$ }))
 *   .subscribe(session.results);
 *
 * @returns Results. Completes when the source has completed and every handler is done; errors with the
 * source, and then unsubscribes every handler.
 */
export function respondToSubmits<S extends RespondableSubmit>(
  handler: SubmitHandler<S>,
  options: RespondOptions<S> = {},
): OperatorFunction<S, Result> {
  return (submits$) =>
    new Observable((results) => {
      listen(submits$, new Responder(handler, options, results));
    });
}

/** Answers the submits of one stream. */
class Responder<S extends RespondableSubmit> implements Listening<S> {
  /** Those that have not been answered at once. */
  private running: Set<AnsweredSubmit<S>> | undefined;
  private active = 0;
  private index = 0;
  private isSourceDone = false;

  constructor(
    private readonly handler: SubmitHandler<S>,
    readonly options: RespondOptions<S>,
    readonly results: Subscriber<Result>,
  ) {}

  subscribed(subscription: Subscription): void {
    this.results.add(subscription);
    this.results.add(() => {
      for (const answered of this.running ?? []) answered.abandon();
    });
  }

  next(submit: S): void {
    const answered = new AnsweredSubmit(submit, this);
    this.active += 1;
    answered.start(this.handler, this.index++);
    if (!answered.isDone) (this.running ??= new Set()).add(answered);
  }

  error(error: unknown): void {
    this.results.error(error);
  }

  complete(): void {
    this.isSourceDone = true;
    if (this.active === 0) this.results.complete();
  }

  done(answered: AnsweredSubmit<S>): void {
    this.active -= 1;
    this.running?.delete(answered);
    if (this.isSourceDone && this.active === 0) this.results.complete();
  }
}

/**
 * One submit on its way to its answer. A composition of operators says the same in ten lines and costs
 * ten times as much; this runs once for every submit of a server.
 */
class AnsweredSubmit<S extends RespondableSubmit> implements Listening<Answer> {
  isDone = false;
  private ended: Subscription | undefined;
  private answering: Subscription | undefined;

  constructor(
    private readonly submit: S,
    private readonly host: Responder<S>,
  ) {}

  start(handler: SubmitHandler<S>, index: number): void {
    if (this.isOver()) return;
    try {
      this.take(handler(this.submit, index));
    } catch (error) {
      this.error(error);
    }
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
    const finish = (): void => {
      this.finish();
    };
    this.ended = this.submit.ended$.subscribe({ next: finish, error: finish });
    if (this.isDone) this.ended.unsubscribe();
  }

  /** Ends the answer without another result. */
  private stop(): void {
    this.isDone = true;
    this.ended?.unsubscribe();
    this.release();
  }

  /** Stops the handler, whose teardown may throw: that must not cost what is being done to other submits. */
  private release(): void {
    try {
      this.answering?.unsubscribe();
    } catch (error) {
      this.report(error);
    }
  }

  private take(returned: Answer | ObservableInput<Answer>): void {
    if (isAnswer(returned)) {
      this.next(returned);
      this.complete();
    } else if (isIterable(returned)) {
      for (const answer of returned) {
        this.next(answer);
        if (this.isDone) return;
      }
      this.complete();
    } else {
      this.listenTo(returned);
    }
  }

  private listenTo(returned: Exclude<ObservableInput<Answer>, Iterable<Answer>>): void {
    const { pressure$ = NEVER } = this.host.options;
    const answers: ObservableInput<Answer> = isAsyncIterable(returned)
      ? fromAsyncIterable(returned, {
          pressure$: isObservable(pressure$) ? pressure$ : pressure$(this.submit),
          onCloseError: (error) => {
            this.report(error);
          },
        })
      : returned;
    listen(answers, this);
  }

  subscribed(subscription: Subscription): void {
    this.answering = subscription;
    // It may have ended while its handler started.
    this.isOver();
  }

  next(answer: Answer): void {
    if (this.isOver()) return;
    let result: Result;
    try {
      result = resultOf(this.submit, answer);
    } catch (error) {
      this.error(error);
      return;
    }
    this.send(result);
  }

  complete(): void {
    if (!this.isOver()) this.send(this.submit.complete());
  }

  error(error: unknown): void {
    if (this.isOver()) return;
    this.report(error);
    this.send(this.submit.drop());
  }

  private send(result: Result): void {
    if (!isTerminal(result)) {
      this.host.results.next(result);
      return;
    }
    // Over before it is sent: whoever takes the result may end the operation at once.
    this.isDone = true;
    this.ended?.unsubscribe();
    this.host.results.next(result);
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

interface Listening<T> extends Observer<T> {
  /** Called before the first value, so that a synchronous stream can be stopped too. */
  subscribed(subscription: Subscription): void;
}

function listen<T>(input: ObservableInput<T>, listening: Listening<T>): void {
  new Observable<T>((subscriber) => {
    listening.subscribed(subscriber);
    return from(input).subscribe(subscriber);
  }).subscribe(listening);
}

/** A string is one answer, though it is an iterable of strings too. */
function isAnswer(returned: Answer | ObservableInput<Answer>): returned is Answer {
  return typeof returned === 'string' || returned instanceof Uint8Array || isResult(returned);
}

function resultOf(submit: RespondableSubmit, answer: Answer): Result {
  if (typeof answer === 'string') return new TextResult(submit.frameId, answer);
  if (answer instanceof Uint8Array) return submit.partial(answer);
  if (isResult(answer)) return answer;
  const message = `the handler of operation ${submit.frameId} answered with neither bytes, a string nor a result`;
  throw new RuntimeError('internal', message, { reach: 'operation', origin: 'application', cause: answer });
}

function isResult(value: unknown): value is Result {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false;
  return value.type === 'push' || value.type === 'drop';
}

/** What can be answered in a loop, which costs a tenth of a subscription. */
function isIterable(input: ObservableInput<Answer> | null): input is Iterable<Answer> {
  return typeof input === 'object' && input !== null && Symbol.iterator in input && !isObservable(input);
}

/** Of anything, for RxJS says better what is wrong with a handler that returns nothing. */
function isAsyncIterable(input: unknown): input is AsyncIterable<Answer> {
  return typeof input === 'object' && input !== null && Symbol.asyncIterator in input;
}
