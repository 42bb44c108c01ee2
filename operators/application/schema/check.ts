import { catchError, defer, from, map, of, throwError, type Observable } from 'rxjs';
import { isThenable } from '../../../src/protocol/is-thenable';
import { like, milliseconds, type Rule } from '../../../src/protocol/options/rules';
import { takeOptions, takeValue, type Rules } from '../../../src/protocol/options/take-options';
import { inTime } from '../../../src/transport/time/in-time';
import { monotonicScheduler } from '../../../src/transport/time/monotonic-scheduler';
import { invalid, late, SchemaError, threw } from './schema-error';
import type { Checked, Verdict, StandardSchema } from './standard-schema';

/** How long a schema may take. */
export interface CheckOptions {
  /** Milliseconds that an asynchronous schema has; past them the value is not taken, Infinity for no limit. Default 5,000. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 5000;

const OPTIONS: Rules<CheckOptions> = { timeoutMs: milliseconds };

/** ArkType's are functions. */
const SCHEMA: Rule<StandardSchema> = {
  ...like<StandardSchema>('a schema, which has `~standard`', {}),
  fits: (value) =>
    (typeof value === 'object' || typeof value === 'function') &&
    typeof (value as Partial<StandardSchema> | null)?.['~standard']?.validate === 'function',
};

/**
 * What a schema makes of a value, of its type: the other end's JSON is what it says. Rejects with a `SchemaError` where
 * the value does not fit, and where the schema throws or takes too long; with a `TypeError` where it is none.
 *
 * @example
 * const Weather = z.object({ degrees: z.number() });
 * const { degrees } = await check(Weather, await submit.tool({ name: 'weather' }));
 */
export async function check<S extends StandardSchema>(
  schema: S,
  value: unknown,
  options?: CheckOptions,
): Promise<Checked<S>> {
  const checked$ = checker(schema, options)(value);
  return new Promise((next, error) => {
    checked$.subscribe({ next, error });
  });
}

/** Judges a schema and its options once, and then values: at once, where the schema decides at once. */
export function checker<S extends StandardSchema>(
  schema: S,
  options: CheckOptions = {},
): (value: unknown) => Observable<Checked<S>> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = takeOptions('check', options, OPTIONS);
  const { '~standard': standard } = takeValue(schema, 'the schema', SCHEMA);
  const verdict = (value: unknown): Observable<Verdict<unknown>> => {
    const result = standard.validate(value);
    if (!isThenable(result)) return of(result);
    return from(result).pipe(inTime(monotonicScheduler, timeoutMs, () => throwError(() => late(timeoutMs))));
  };
  return (value) =>
    defer(() => verdict(value)).pipe(
      map(valueOf),
      catchError((error: unknown) => throwError(() => (error instanceof SchemaError ? error : threw(error)))),
    );
}

/** A schema of one's own may give anything. */
function valueOf<Output>(result: Verdict<Output>): Output {
  const given = result as Verdict<Output> | undefined | null;
  if (typeof given !== 'object' || given === null) throw new TypeError('it gave no result');
  if (given.issues) throw invalid(given.issues);
  return given.value;
}
