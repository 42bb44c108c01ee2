import {
  Observable,
  type OperatorFunction,
  type Subscriber,
  type Subscription,
  type Unsubscribable,
} from 'rxjs';
import type { Result } from '../../src/protocol/operation/result';
import type { RespondableSubmit, SubmitHandler } from './responding/answer';
import { AnsweredSubmit, type Answering } from './responding/answered-submit';
import { intercepted } from './responding/intercepted';
import { listen, type Listening } from './responding/listening';
import type { RespondOptions } from './responding/respond-options';

export type { RespondOptions } from './responding/respond-options';
export type { Answer, Answers, HandlerContext, RespondableSubmit, SubmitHandler } from './responding/answer';

/**
 * Answers every submit with what `handler` makes of it.
 *
 * Handlers run concurrently: how many submits are with the application is admission's to limit. Where a
 * handler completes, a complete result ends the answer, unless the handler has sent a terminal result
 * itself, after which it is unsubscribed. It is unsubscribed too, and nothing more is sent for its
 * submit, when `submit.ended$` emits: a cancel, a close, a disconnect. A generator that awaits something then is
 * torn down when that settles, which the signal that a handler is given can see to at once. A handler that
 * throws or errors costs its own submit, the others go on: a failure (`failure`) is what its client hears, of anything
 * else that there was one, status 500.
 *
 * @example
 * session.submits$
 *   .pipe(respondToSubmits((submit, { signal }) => model.stream(submit.body, { signal }), { pressure$: session.pressure$ }))
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
      const { interceptors = [] } = options;
      const answer = interceptors.length === 0 ? handler : intercepted(handler, interceptors, options);
      listen(submits$, new Responder(answer, options, results));
    });
}

/** Answers the submits of one stream. */
class Responder<S extends RespondableSubmit> implements Listening<S>, Answering<S>, Unsubscribable {
  /** Those that have not been answered at once. */
  private running: Set<AnsweredSubmit<S>> | undefined;
  private active = 0;
  private isSourceDone = false;

  constructor(
    private readonly handler: SubmitHandler<S>,
    readonly options: RespondOptions<S>,
    readonly results: Subscriber<Result>,
  ) {}

  subscribed(subscription: Subscription): void {
    this.results.add(subscription);
    // Itself, and no function of its own: a session that waits has one of these.
    this.results.add(this);
  }

  /** Nobody wants the results any more. */
  unsubscribe(): void {
    for (const answered of this.running ?? []) answered.abandon();
  }

  next(submit: S): void {
    const answered = new AnsweredSubmit(submit, this);
    this.active += 1;
    answered.start(this.handler);
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
