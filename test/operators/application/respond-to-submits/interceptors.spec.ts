import { catchError, EMPTY, finalize, ignoreElements, map, NEVER, of, take, tap, throwError } from 'rxjs';
import type { Interceptor } from '../../../../operators';
import { respondToSubmits } from '../../../../operators/application/respond-to-submits';
import { failure } from '../../../../src/protocol/operation/failure';
import {
  completeResult,
  failureResult,
  partialResult,
  type Result,
} from '../../../../src/protocol/operation/result';
import { marbles } from '../../../support/marbles';
import { text } from '../../../support/packets';
import { answers, EndableSubmit, results, resultsOf, submits, type TestSubmit } from './support';

type TestInterceptor = Interceptor<TestSubmit, Result>;

/** Writes down what an interceptor sees of the operations that it is around. */
function witness(log: string[], name = ''): TestInterceptor {
  return (submit, next) =>
    next(submit).pipe(
      tap({
        subscribe: () => log.push(`${name}begin ${submit.frameId}`),
        next: ({ type }) => log.push(`${name}${type}`),
        complete: () => log.push(`${name}complete`),
        unsubscribe: () => log.push(`${name}unsubscribe`),
        finalize: () => log.push(`${name}finalize`),
      }),
    );
}

describe('interceptors of respondToSubmits', () => {
  it('see an answer from its beginning to its end, the first outermost', () => {
    const log: string[] = [];
    const interceptors = [witness(log, 'outer '), witness(log, 'inner ')];
    expect(resultsOf(() => of(answers.a), { interceptors })).toStrictEqual([
      results.a,
      results.e,
      'complete',
    ]);
    expect(log).toEqual([
      'outer begin 1',
      'inner begin 1',
      ...['push', 'push', 'complete'].flatMap((seen) => [`inner ${seen}`, `outer ${seen}`]),
      'inner finalize',
      'outer finalize',
    ]);
  });

  it('see the failure of a handler, of which one who listens to errors is told whole', () => {
    const seen: unknown[] = [];
    const told: unknown[] = [];
    const broken = new Error('broken');
    const options = {
      interceptors: [
        ((submit, next) => next(submit).pipe(tap((result) => seen.push(result)))) as TestInterceptor,
      ],
      onError: (error: unknown) => told.push(error),
    };
    expect(resultsOf(() => throwError(() => broken), options)).toStrictEqual([results.x, 'complete']);
    expect(seen).toStrictEqual([results.x]);
    expect(told).toEqual([broken]);
  });

  it('are unsubscribed from where the operation is cancelled, and so is the handler', () => {
    const log: string[] = [];
    const submit = new EndableSubmit(1);
    let stopped = 0;
    const handler = () => NEVER.pipe(finalize(() => (stopped += 1)));
    of(submit)
      .pipe(respondToSubmits(handler, { interceptors: [witness(log)] }))
      .subscribe();
    submit.end();
    expect(log).toEqual(['begin 1', 'unsubscribe', 'finalize']);
    expect(stopped).toBe(1);
  });

  it('stop the handler where they have enough, and answer in its place', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source$ = hot(' --1---------|', submits);
      const answer$ = cold('  --a--b--c|', answers);
      const subs = '         --^----!';
      const expected = '     ----a--(be)-|';
      const enough: TestInterceptor = (submit, next) => next(submit).pipe(take(2));

      expectObservable(source$.pipe(respondToSubmits(() => answer$, { interceptors: [enough] }))).toBe(
        expected,
        results,
      );
      expectSubscriptions(answer$.subscriptions).toBe(subs);
    });
  });

  it('may answer by themselves: the handler does not hear of it', () => {
    let handled = 0;
    const handler = () => {
      handled += 1;
      return EMPTY;
    };
    const cached: TestInterceptor = () => of(partialResult(1, text('a')), completeResult(1));
    expect(resultsOf(handler, { interceptors: [cached] })).toStrictEqual([results.a, results.e, 'complete']);
    expect(handled).toBe(0);
  });

  it('may ask again', () => {
    let tries = 0;
    const handler = () => {
      tries += 1;
      return tries === 1 ? throwError(() => failure(503, 'not now')) : of(answers.a);
    };
    const twice: TestInterceptor = (submit, next) =>
      next(submit).pipe(
        map((result) => {
          if (result.type === 'failure') throw failure(result.status, result.text);
          return result;
        }),
        catchError(() => next(submit)),
      );
    expect(resultsOf(handler, { interceptors: [twice] })).toStrictEqual([results.a, results.e, 'complete']);
  });

  it('that throw, error or give no stream cost their operation', () => {
    const told: unknown[] = [];
    const options = (interceptor: unknown) => ({
      interceptors: [interceptor as TestInterceptor],
      onError: (error: unknown) => told.push((error as Error).message),
    });
    const outOfBudget = (): never => {
      throw failure(429, 'out of budget');
    };
    const thrower = (): never => {
      throw new Error('broken');
    };
    const rejecting = async (): Promise<never> => {
      throw new Error('nobody hears of this');
    };
    const failed = failureResult(1, failure(429, 'out of budget'));
    expect(resultsOf(() => of(answers.a), options(outOfBudget))).toStrictEqual([failed, 'complete']);
    for (const interceptor of [
      thrower,
      () => throwError(() => new Error('errs')),
      () => undefined,
      rejecting,
      (_: unknown, next: (submit?: never) => unknown) => next(),
    ]) {
      expect(resultsOf(() => of(answers.a), options(interceptor))).toStrictEqual([results.x, 'complete']);
    }
    expect(told).toEqual([
      'broken',
      'errs',
      'an interceptor must return an Observable, got undefined; is a `return` missing?',
      expect.stringMatching(/^an interceptor must return an Observable, got .*Promise/),
      'an interceptor must call next with the operation, or another one: next(operation), got undefined',
    ]);
  });

  it('that keep the end to themselves have the answer completed for them', () => {
    const silent: TestInterceptor = (submit, next) => next(submit).pipe(ignoreElements());
    expect(resultsOf(() => of(answers.a), { interceptors: [silent] })).toStrictEqual([results.e, 'complete']);
  });

  it('send one last result, the first', () => {
    const twice: TestInterceptor = () => of(results.f, results.d);
    expect(resultsOf(() => EMPTY, { interceptors: [twice] })).toStrictEqual([results.f, 'complete']);
  });

  it('are abandoned once, where nobody takes results any more', () => {
    const log: string[] = [];
    const abandoned: number[] = [];
    const options = {
      interceptors: [witness(log)],
      onAbandoned: ({ frameId }: TestSubmit) => abandoned.push(frameId),
    };
    const answering = of(submits[1], submits[2])
      .pipe(respondToSubmits(() => NEVER, options))
      .subscribe();
    answering.unsubscribe();
    expect(abandoned).toEqual([1, 2]);
    expect(log.filter((line) => line === 'unsubscribe')).toHaveLength(2);
  });
});
