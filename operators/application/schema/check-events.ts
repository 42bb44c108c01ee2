import { concatMap, map, of, type OperatorFunction } from 'rxjs';
import type { EventPart } from '../../../src/protocol/content/parts/part';
import { checker, type CheckOptions } from './check';
import type { Checked, StandardSchema } from './standard-schema';

/**
 * Checks the structured events among what passes, at either end: the parts of an answer, or what a handler answers with.
 * The rest passes as it is, in order. See `check` for one value, and for `for await`.
 *
 * @example
 * session
 *   .submit({ body: 'Where is the whale?' })
 *   .parts$.pipe(checkEvents(Sighting))
 *   .subscribe((part) => {
 *     if (part.kind === 'event') chart.mark(part.value.latitude, part.value.longitude);
 *   });
 *
 * @returns What passes, its events with what the schema makes of their values. Errors with the source, and with a
 * `SchemaError` where one does not fit, or the schema throws or takes too long: the source is unsubscribed from then,
 * which cancels the operation. Throws a `TypeError` at once where the schema is none.
 */
export function checkEvents<T, S extends StandardSchema>(
  schema: S,
  options?: CheckOptions,
): OperatorFunction<T, Exclude<T, EventPart> | EventPart<Checked<S>>> {
  const checked = checker(schema, options);
  return concatMap((given) =>
    isEvent(given)
      ? checked(given.value).pipe(map((value) => ({ kind: 'event' as const, value })))
      : of(given as Exclude<T, EventPart>),
  );
}

function isEvent(value: unknown): value is EventPart {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'event';
}
