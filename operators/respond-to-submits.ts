import {
  from,
  isObservable,
  Observable,
  type ObservableInput,
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
import { encodeTokens } from '../src/protocol/operation/token-delta';
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
   * answer; `session.pressure$` is meant. Observables, promises and synchronous iterables cannot wait,
   * and are not held back. Never errors. Default: never.
   */
  readonly pressure$?: Observable<boolean>;
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
      /** Those that have not been answered at once. */
      const running = new Set<AnsweredSubmit<S>>();
      let active = 0;
      let index = 0;
      let isSourceDone = false;
      const host: AnswerHost<S> = {
        options,
        results,
        done(answered) {
          active -= 1;
          if (running.size > 0) running.delete(answered);
          if (isSourceDone && active === 0) results.complete();
        },
      };
      results.add(() => {
        for (const answered of running) answered.abandon();
      });
      listen(submits$, {
        subscribed: (subscription) => {
          results.add(subscription);
        },
        next: (submit) => {
          const answered = new AnsweredSubmit(submit, host);
          active += 1;
          answered.start(handler, index++);
          if (!answered.isDone) running.add(answered);
        },
        error: (error) => {
          results.error(error);
        },
        complete: () => {
          isSourceDone = true;
          if (active === 0) results.complete();
        },
      });
    });
}

interface AnswerHost<S extends RespondableSubmit> {
  readonly options: RespondOptions<S>;
  readonly results: Subscriber<Result>;
  done(answered: AnsweredSubmit<S>): void;
}

/**
 * One submit on its way to its answer. A composition of operators says the same in ten lines and costs
 * ten times as much; this runs once for every submit of a server.
 */
class AnsweredSubmit<S extends RespondableSubmit> {
  isDone = false;
  private ended: Subscription | undefined;
  private answering: Subscription | undefined;

  constructor(
    private readonly submit: S,
    private readonly host: AnswerHost<S>,
  ) {}

  start(handler: SubmitHandler<S>, index: number): void {
    if (this.isOver()) return;
    try {
      this.take(handler(this.submit, index));
    } catch (error) {
      this.fail(error);
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
    this.answering?.unsubscribe();
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
    const { options } = this.host;
    const answers: ObservableInput<Answer> = isAsyncIterable(returned)
      ? fromAsyncIterable(returned, {
          ...(options.pressure$ && { pressure$: options.pressure$ }),
          onCloseError: (error) => {
            this.report(error);
          },
        })
      : returned;
    listen(answers, {
      subscribed: (subscription) => {
        this.answering = subscription;
        // It may have ended while its handler started.
        this.isOver();
      },
      next: (answer) => {
        this.next(answer);
      },
      error: (error) => {
        this.fail(error);
      },
      complete: () => {
        this.complete();
      },
    });
  }

  private next(answer: Answer): void {
    if (this.isOver()) return;
    let result: Result;
    try {
      result = resultOf(this.submit, answer);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.send(result);
  }

  private complete(): void {
    if (!this.isOver()) this.send(this.submit.complete());
  }

  private fail(error: unknown): void {
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
    this.answering?.unsubscribe();
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

interface Listening<T> {
  /** Called before the first value, so that a synchronous stream can be stopped too. */
  readonly subscribed: (subscription: Subscription) => void;
  readonly next: (value: T) => void;
  readonly error: (error: unknown) => void;
  readonly complete: () => void;
}

function listen<T>(input: ObservableInput<T>, { subscribed, ...observer }: Listening<T>): void {
  new Observable<T>((subscriber) => {
    subscribed(subscriber);
    return from(input).subscribe(subscriber);
  }).subscribe(observer);
}

/** A string is one answer, though it is an iterable of strings too. */
function isAnswer(returned: Answer | ObservableInput<Answer>): returned is Answer {
  return typeof returned === 'string' || returned instanceof Uint8Array || isResult(returned);
}

function resultOf(submit: RespondableSubmit, answer: Answer): Result {
  if (typeof answer === 'string') {
    const { body, fields } = encodeTokens([answer]);
    return submit.partial(body, fields);
  }
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
