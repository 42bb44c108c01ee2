import { from, isObservable, type Observable, type ObservableInput } from 'rxjs';
import { describeValue } from '../../../src/protocol/describe-value';
import { Failure } from '../../../src/protocol/operation/failure';
import type { Part } from '../../../src/protocol/content/parts/part';
import type { Result, ResultDrop, ResultFields, ResultPush } from '../../../src/protocol/operation/result';
import { RuntimeError } from '../../../src/protocol/runtime-error';

/** A submit that can be answered; that of a server session does. */
export interface RespondableSubmit extends HandlerContext {
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

/** Given to a handler besides its submit. */
export interface HandlerContext {
  /** Aborts when nobody wants the answer any more: the operation has ended, and was not completed. */
  readonly signal: AbortSignal;
}

/**
 * A handler's answer, once or many times:
 *
 * - bytes: a partial result with this body, which is read before the handler is asked for more
 * - a string: a partial result with this text as a TOKEN_CHUNK payload (protocol section 6); a character whose
 *   halves come in two strings is sent whole, with the second
 * - a part, by its `kind`: a partial result with it; a summary is the last of its submit
 * - a result: itself; one that is not partial is the last of its submit
 * - a failure (`failure`): that there is no answer, and why; to throw it is the same
 */
export type Answer = Uint8Array | string | Part | Result | Failure;

/** One answer, or a stream, an iterable or an async iterable of them. */
export type Answers = Answer | ObservableInput<Answer>;

/** Answers a submit: at once, or by a promise. */
export type SubmitHandler<S> = (submit: S, context: HandlerContext) => Answers | PromiseLike<Answers>;

/** A string is one answer, though it is an iterable of strings too. */
export function isAnswer(value: unknown): value is Answer {
  return (
    typeof value === 'string' ||
    value instanceof Uint8Array ||
    isResult(value) ||
    isPart(value) ||
    value instanceof Failure
  );
}

export function isResult(value: unknown): value is Result {
  if (!isObject(value) || !('type' in value)) return false;
  const { type } = value;
  return type === 'push' || type === 'drop' || type === 'failure';
}

/** What part it is, if any, is judged where it is sent. */
export function isPart(value: unknown): value is Part {
  return isObject(value) && 'kind' in value && typeof value.kind === 'string';
}

/** Answers that can be taken in a loop, which costs a tenth of a subscription. */
export function isIterable(value: unknown): value is Iterable<Answer> {
  return isObject(value) && Symbol.iterator in value && !isObservable(value);
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<Answer> {
  return isObject(value) && Symbol.asyncIterator in value;
}

/** Whatever RxJS takes for a stream. Throws a `RuntimeError` where it takes it for none. */
export function streamOf(value: ObservableInput<Answer>): Observable<Answer> {
  try {
    return from(value);
  } catch {
    throw noAnswer(value);
  }
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

export function noAnswer(cause: unknown): RuntimeError {
  const hint = cause === undefined ? '; is a `return` missing?' : '';
  const message = `it answered with ${describeValue(cause)}; an answer is a string, bytes, a part, a result or a stream of them${hint}`;
  return new RuntimeError('internal', message, { reach: 'operation', origin: 'application', cause });
}
