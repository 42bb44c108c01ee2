import { PrintableError } from '../../wire/json';
import { integer, rule, wireMs } from '../options/rules';
import { takeOptions, takeValue, type Rules } from '../options/take-options';

/** Why a handler has no answer, in words for its client; see {@link failure}. */
export class Failure extends PrintableError {
  override readonly name = 'Failure';

  constructor(
    /** From 400 to 599, as HTTP numbers what went wrong. */
    readonly status: number,
    /** For the client; may be empty. */
    readonly text: string,
    /** Milliseconds, 0 where nothing is said of it. */
    readonly retryAfterMs: number,
  ) {
    super(`status ${status}${text && `: ${text}`}`);
  }
}

const STATUS = integer(400, 599);
/** What another's servers may say of a handler's end. */
const STATUS_OF_OTHERS = integer(100, 599);
const TEXT = rule<string>('a string', (value) => typeof value === 'string');
const OPTIONS: Rules<Partial<Pick<Failure, 'retryAfterMs'>>> = { retryAfterMs: wireMs };

/** The status of what is thrown and is no {@link Failure}. */
export const INTERNAL_STATUS = 500;

/** Told to a client for anything else that a handler throws, whose text may not be for strangers. */
export const INTERNAL_FAILURE = new Failure(INTERNAL_STATUS, '', 0);

/** Whether the code of an ERROR is a handler's status. */
export function isFailureStatus(errorCode: number): boolean {
  return STATUS_OF_OTHERS.fits(errorCode);
}

/** The status of a failure that another end tells; of one that no failure has, the status of what says none. */
export function failureStatus(told: unknown): number {
  return typeof told === 'number' && STATUS.fits(told) ? told : INTERNAL_STATUS;
}

/**
 * Thrown by a handler, or answered with, where it has no answer: its client's `OperationError` has the status, the
 * text and the time to try again in (`retryAfterMs`, milliseconds; Infinity for the longest that the wire has). What was answered before it is delivered. Of the text, 256 bytes are sent.
 * Throws a `TypeError` or a `RangeError` where a status is none from 400 to 599: 200, say, is no failure.
 *
 * @example
 * session.respond(async ({ body }, { signal }) => {
 *   const answer = await fetch(url, { method: 'POST', body, signal });
 *   if (answer.status === 429) throw failure(429, 'too many requests', { retryAfterMs: 2000 });
 *   return answer.text();
 * });
 */
export function failure(
  status: number,
  text = '',
  options: {
    /** Milliseconds after which the client may try again, Infinity for the longest that the wire has. Default 0: not said. */
    readonly retryAfterMs?: number;
  } = {},
): Failure {
  const { retryAfterMs = 0 } = takeOptions('failure', options, OPTIONS);
  return new Failure(
    takeValue(status, 'the status of a failure', STATUS),
    takeValue(text, 'the text of a failure', TEXT),
    retryAfterMs,
  );
}
