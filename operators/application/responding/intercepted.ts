import { Observable, type MonoTypeOperatorFunction, type Subscriber } from 'rxjs';
import { isTerminal, type Result } from '../../../src/protocol/operation/result';
import { intercept, type Interceptor } from './interceptor';
import type { RespondableSubmit, SubmitHandler } from './answer';
import { AnsweredSubmit, type Answering } from './answered-submit';
import type { RespondOptions } from './respond-options';

/** A handler with interceptors around it, which is a handler like any other. */
export function intercepted<S extends RespondableSubmit>(
  handler: SubmitHandler<S>,
  interceptors: readonly Interceptor<S, Result>[],
  options: RespondOptions<S>,
): SubmitHandler<S> {
  const within = optionsWithin(options);
  const answer = intercept<S, Result>(
    interceptors,
    (submit) =>
      new Observable((results) => {
        const answered = new AnsweredSubmit(submit, new InterceptedAnswer(within, results));
        results.add(() => {
          answered.abandon();
        });
        answered.start(handler);
      }),
  );
  return (submit) => answer(submit).pipe(lastAtEnd());
}

/** What is abandoned by an interceptor may still be answered by it. */
function optionsWithin<S extends RespondableSubmit>(options: RespondOptions<S>): RespondOptions<S> {
  const { pressure$ } = options;
  return {
    onError: (error, submit) => options.onError?.(error, submit),
    onUnsettled: (work, submit) => options.onUnsettled?.(work, submit),
    ...(pressure$ && { pressure$ }),
  };
}

class InterceptedAnswer<S extends RespondableSubmit> implements Answering<S> {
  constructor(
    readonly options: RespondOptions<S>,
    readonly results: Subscriber<Result>,
  ) {}

  /** What ended before its last result was cancelled: interceptors see that they are unsubscribed from. */
  done({ submit }: AnsweredSubmit<S>): void {
    if (!submit.hasEnded) this.results.complete();
  }
}

/** Interceptors see a stream complete: the last result, which ends the operation, is sent when it has. */
function lastAtEnd(): MonoTypeOperatorFunction<Result> {
  return (results$) =>
    new Observable((subscriber) => {
      let last: Result | undefined;
      return results$.subscribe({
        next: (result) => {
          if (last !== undefined) return;
          if (isTerminal(result)) last = result;
          else subscriber.next(result);
        },
        error: (error: unknown) => {
          subscriber.error(error);
        },
        complete: () => {
          if (last !== undefined) subscriber.next(last);
          subscriber.complete();
        },
      });
    });
}
