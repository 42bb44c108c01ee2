import {
  catchError,
  concatWith,
  defer,
  map,
  mergeMap,
  takeUntil,
  takeWhile,
  type Observable,
  type ObservableInput,
  type OperatorFunction,
} from 'rxjs';
import {
  isTerminal,
  type Result,
  type ResultDrop,
  type ResultFields,
  type ResultPush,
} from '../src/protocol/result';
import { RuntimeError } from '../src/protocol/runtime-error';
import { encodeTokens } from '../src/protocol/token-delta';
import { fromAsyncIterable, type FromAsyncIterableOptions } from './from-async-iterable';

/** What a submit must offer to be answered; that of a server session does. */
export interface RespondableSubmit {
  readonly frameId: number;
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
  const { onError, ...flow } = options;
  return mergeMap((submit, index) => {
    const report = (error: unknown): void => {
      try {
        onError?.(error, submit);
      } catch {
        // Reporting must not cost the other submits.
      }
    };
    return defer(() => answersOf(handler(submit, index), { ...flow, onCloseError: report })).pipe(
      map((answer) => resultOf(submit, answer)),
      catchError((error: unknown) => {
        report(error);
        return [submit.drop()];
      }),
      concatWith(defer(() => [submit.complete()])),
      takeWhile((result) => !isTerminal(result), true),
      takeUntil(submit.ended$),
    );
  });
}

function answersOf(
  returned: Answer | ObservableInput<Answer>,
  options: FromAsyncIterableOptions,
): ObservableInput<Answer> {
  // A string is one answer, though it is an iterable of strings too.
  if (typeof returned === 'string' || returned instanceof Uint8Array || isResult(returned)) return [returned];
  return isAsyncIterable(returned) ? fromAsyncIterable(returned, options) : returned;
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

/** Of anything, for RxJS says better what is wrong with a handler that returns nothing. */
function isAsyncIterable(input: unknown): input is AsyncIterable<Answer> {
  return typeof input === 'object' && input !== null && Symbol.asyncIterator in input;
}
