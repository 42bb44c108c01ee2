import { EMPTY, Observable, take, type OperatorFunction, type Subscription } from 'rxjs';
import type { Result } from '../../src/protocol/operation/result';
import type { RespondableSubmit, SubmitHandler } from './responding/answer';
import type { RespondOptions } from './responding/respond-options';
import { respondToSubmits } from './respond-to-submits';

/** A submit whose place another can take; that of a server session is one. */
export interface SupersedableSubmit extends RespondableSubmit {
  /** Gives the operation up: its client hears that another has taken its place. */
  supersede(): void;
}

/**
 * Answers submits as `respondToSubmits` does, but of those of one key only the newest: it takes the place of the one
 * before, whose handler is unsubscribed and whose client hears so (`superseded`), before the new one's begins. What has a
 * key of undefined takes nobody's place. A key that throws costs its own submit, as a handler does.
 *
 * Those that are to meet must be with the application at once: a session has to run two operations at least
 * (`maxInFlightOperations`).
 *
 * @example
 * session.submits$
 *   .pipe(supersedeMap(({ traceId }) => traceId || undefined, (submit) => model.complete(submit.text)))
 *   .subscribe(session.results);
 *
 * @returns Results, as of `respondToSubmits`.
 */
export function supersedeMap<S extends SupersedableSubmit>(
  keyOf: (submit: S) => unknown,
  handler: SubmitHandler<S>,
  options: RespondOptions<S> = {},
): OperatorFunction<S, Result> {
  return (submits$) =>
    new Observable((results) => {
      const newest = new Newest<S>(results);
      const answer: SubmitHandler<S> = (submit, context) => {
        const key = keyOf(submit);
        if (key !== undefined) newest.put(key, submit);
        // Whoever heard of the end of the one before may have sent another already.
        return submit.hasEnded ? EMPTY : handler(submit, context);
      };
      return submits$.pipe(respondToSubmits(answer, options)).subscribe(results);
    });
}

/** The submits that go on, one a key. */
class Newest<S extends SupersedableSubmit> {
  private readonly byKey = new Map<unknown, S>();

  constructor(private readonly owner: Subscription) {}

  put(key: unknown, submit: S): void {
    const before = this.byKey.get(key);
    this.byKey.set(key, submit);
    const forget = (): void => {
      if (this.byKey.get(key) === submit) this.byKey.delete(key);
    };
    this.owner.add(submit.ended$.pipe(take(1)).subscribe({ next: forget, error: forget }));
    if (before?.hasEnded === false) before.supersede();
  }
}
