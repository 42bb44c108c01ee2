import { isObservable, type Observable } from 'rxjs';
import { describeValue } from '../../../src/protocol/describe-value';
import { ignoreRejection } from '../../../src/protocol/ignore-rejection';

/**
 * What is done around every operation: it is given the operation and what answers it, and answers with that, or
 * something else. To unsubscribe is to cancel, at either side of it. One that throws, or whose stream errors, costs its
 * operation and no other.
 *
 * @example
 * const logged: Interceptor<Submit, Result> = (submit, next) =>
 *   next(submit).pipe(finalize(() => console.log(submit.frameId, 'is over')));
 */
export type Interceptor<Operation, Result> = (
  operation: Operation,
  next: (operation: Operation) => Observable<Result>,
) => Observable<Result>;

/** What answers an operation, with interceptors around it: the first is the outermost. */
export function intercept<Operation, Result>(
  interceptors: readonly Interceptor<Operation, Result>[],
  answer: (operation: Operation) => Observable<Result>,
): (operation: Operation) => Observable<Result> {
  return interceptors.reduceRight<(operation: Operation) => Observable<Result>>((next, interceptor) => {
    const judged = (operation: Operation): Observable<Result> => next(requireOperation(operation));
    return (operation) => requireStream(interceptor(operation, judged));
  }, answer);
}

function requireOperation<Operation>(given: Operation): Operation {
  if (typeof given === 'object' && given !== null) return given;
  const must = 'an interceptor must call next with the operation, or another one: next(operation)';
  throw new TypeError(`${must}, got ${describeValue(given)}`);
}

function requireStream<Result>(returned: Observable<Result>): Observable<Result> {
  if (isObservable(returned)) return returned;
  ignoreRejection(returned);
  const hint = returned === undefined ? '; is a `return` missing?' : '';
  throw new TypeError(`an interceptor must return an Observable, got ${describeValue(returned)}${hint}`);
}
