import { describeValue } from '../../../protocol/describe-value';
import type { Result } from '../../../protocol/operation/result';
import { TextResult } from '../../../protocol/content/text-result';
import { requireBytes } from '../../../wire/bytes/require-bytes';

/** What the application wants sent, as it is. Throws a `TypeError` where that is no result. */
export function takeResult(given: Result): Result {
  if (!isResult(given)) {
    const one = 'one of submit.partial, submit.complete or submit.drop';
    throw new TypeError(`a result must be ${one}, got ${describeValue(given)}`);
  }
  // A text is asked for no body: it would be made.
  if (given instanceof TextResult) return given;
  if (given.type === 'push') requireBytes(given.body, 'the body of a result');
  return given;
}

/** Of which operation it was to be, whatever it is; undefined where it does not say. */
export function operationOf(given: unknown): number | undefined {
  if (!isObject(given)) return undefined;
  const { frameId } = given as Partial<Result>;
  return typeof frameId === 'number' ? frameId : undefined;
}

function isResult(given: Result): boolean {
  if (operationOf(given) === undefined) return false;
  const { type } = given;
  return type === 'drop' || type === 'failure' || (type === 'push' && isObject(given.metadata));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
