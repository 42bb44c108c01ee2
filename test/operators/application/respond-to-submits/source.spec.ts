import { BehaviorSubject, endWith, map, mergeMap, NEVER, Observable, of, Subject, take } from 'rxjs';
import { respondToSubmits, type Answer } from '../../../../operators/application/respond-to-submits';
import { type Result } from '../../../../src/protocol/operation/result';
import { ManualIterable, settled } from '../../../support/async';
import { marbles } from '../../../support/marbles';
import { text } from '../../../support/packets';
import { answers, results, resultsOf, submits, TestSubmit } from './support';

describe('respondToSubmits', () => {
  describe('the source', () => {
    const handler = (): Observable<Answer> => of(text('a'));

    it('may never end', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source$ = cold<TestSubmit>('-');
        const subs = '                    ^';
        const expected = '                -';

        expectObservable(source$.pipe(respondToSubmits(handler))).toBe(expected);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('may be empty', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source$ = cold<TestSubmit>('|');
        const subs = '                    (^!)';
        const expected = '                |';

        expectObservable(source$.pipe(respondToSubmits(handler))).toBe(expected);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('may have one submit', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source$ = hot('--1----|', submits);
        const subs = '       ^------!';
        const expected = '   --(ae)-|';

        expectObservable(source$.pipe(respondToSubmits(handler))).toBe(expected, results);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('may complete first: handlers go on to their end', () => {
      marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const source$ = hot('--1-|', submits);
        const answers$ = cold('--a---b---|', answers);
        const subs = '       ^---!';
        const expected = '   ----a---b---(e|)';

        expectObservable(source$.pipe(respondToSubmits(() => answers$))).toBe(expected, results);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('may error: every handler is unsubscribed', () => {
      marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const fault = new Error('the connection is gone');
        const source$ = hot('  --1--2---#', submits, fault);
        const slow$ = cold('     --a---b---|', answers);
        const subs = '         ^--------!';
        const firstHandler = ' --^------!';
        const secondHandler = '-----^---!';
        const expected = '     ----a--Ab#';

        expectObservable(source$.pipe(respondToSubmits(() => slow$))).toBe(expected, results, fault);
        expectSubscriptions(source$.subscriptions).toBe(subs);
        expectSubscriptions(slow$.subscriptions).toBe([firstHandler, secondHandler]);
      });
    });

    it('tells of the submits that nobody takes answers for any more', () => {
      const [a, b] = [submits[1], submits[2]];
      const abandoned: unknown[] = [];
      const source$ = new Subject<typeof a>();
      const onAbandoned = (submit: unknown): void => void abandoned.push(submit);
      const subscription = source$
        .pipe(respondToSubmits((submit) => (submit === a ? NEVER : of(submit.complete())), { onAbandoned }))
        .subscribe();
      source$.next(a);
      source$.next(b);
      subscription.unsubscribe();
      expect(abandoned).toEqual([a]);
    });

    it('is unsubscribed with every handler', () => {
      marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const source$ = hot('  --1--2--------|', submits);
        const slow$ = cold('     --a---b---|', answers);
        const subs = '         ^-------!';
        const firstHandler = ' --^-----!';
        const secondHandler = '-----^--!';
        const expected = '     ----a--A-';
        const unsub = '        --------!';

        const result$ = source$.pipe(
          mergeMap((submit) => of(submit)),
          respondToSubmits(() => slow$),
          mergeMap((result) => of(result)),
        );
        expectObservable(result$, unsub).toBe(expected, results);
        expectSubscriptions(source$.subscriptions).toBe(subs);
        expectSubscriptions(slow$.subscriptions).toBe([firstHandler, secondHandler]);
      });
    });

    it('is unsubscribed when take has enough', () => {
      marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const source$ = hot('--1--2--------|', submits);
        const slow$ = cold('   --a---b---|', answers);
        const subs = '       ^------!';
        const expected = '   ----a--(A|)';

        expectObservable(
          source$.pipe(
            respondToSubmits(() => slow$),
            take(2),
          ),
        ).toBe(expected, results);
        expectSubscriptions(source$.subscriptions).toBe(subs);
        expectSubscriptions(slow$.subscriptions).toBe(['--^----!', '-----^-!']);
      });
    });

    it('may emit synchronously, and is stopped', () => {
      const emitted: number[] = [];
      const source$ = new Observable<TestSubmit>((subscriber) => {
        for (let frameId = 1; !subscriber.closed && frameId < 10; frameId++) {
          emitted.push(frameId);
          subscriber.next(new TestSubmit(frameId));
        }
      });
      const taken: number[] = [];
      source$.pipe(respondToSubmits(handler), take(3)).subscribe(({ frameId }) => taken.push(frameId));
      expect(emitted).toEqual([1, 2]);
      expect(taken).toEqual([1, 1, 2]);
    });

    it('may emit because of a result', () => {
      const source$ = new Subject<TestSubmit>();
      const seen: Result[] = [];
      source$.pipe(respondToSubmits(handler)).subscribe((result) => {
        seen.push(result);
        if (seen.length === 1) source$.next(submits[2]);
      });
      source$.next(submits[1]);
      expect(seen).toStrictEqual([results.a, results.A, results.E, results.e]);
    });
  });

  describe('under pressure', () => {
    it('asks async iterables for nothing until there is none', async () => {
      const pressure$ = new BehaviorSubject(true);
      const iterable = new ManualIterable<Answer>();
      const seen = resultsOf(() => iterable, { pressure$ });
      await settled();
      expect(iterable.pulls).toBe(0);
      pressure$.next(false);
      await iterable.emit(text('a'));
      pressure$.next(true);
      await iterable.complete();
      expect(seen).toStrictEqual([results.a, results.e, 'complete']);
      expect(pressure$.observed).toBe(false);
    });

    it('still ends them when their operation does', () => {
      const pressure$ = new BehaviorSubject(true);
      const iterable = new ManualIterable<Answer>();
      const ended$ = new Subject<void>();
      const seen = resultsOf(() => iterable, { pressure$ }, new TestSubmit(1, ended$));
      ended$.next();
      expect(iterable.returns).toBe(1);
      expect(seen).toEqual(['complete']);
      expect(pressure$.observed).toBe(false);
    });

    it('does not hold back observables', () => {
      marbles(({ hot, cold, expectObservable }) => {
        const source$ = hot('--1-----------|', submits);
        const pressure$ = cold<boolean>('t', { t: true });
        const answers$ = cold('--a---b---|', answers);
        const expected = '   ----a---b---e-|';

        expectObservable(source$.pipe(respondToSubmits(() => answers$, { pressure$ }))).toBe(
          expected,
          results,
        );
      });
    });
  });

  it('closes an async iterable when it is unsubscribed', async () => {
    const iterable = new ManualIterable<Answer>();
    const subscription = new Observable<TestSubmit>((subscriber) => {
      subscriber.next(submits[1]);
    })
      .pipe(respondToSubmits(() => iterable))
      .subscribe();
    await iterable.emit(text('a'));
    subscription.unsubscribe();
    expect(iterable.returns).toBe(1);
  });

  it('does what the pipeline by hand does', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const source$ = hot('  --1--2------------|', submits);
      const infer$ = cold<Uint8Array>('--a----b---|', { a: text('a'), b: text('b') });

      const byHand$ = source$.pipe(
        mergeMap((submit) =>
          infer$.pipe(
            map((tokens) => submit.partial(tokens)),
            endWith(submit.complete()),
          ),
        ),
      );
      expectObservable(source$.pipe(respondToSubmits(() => infer$))).toEqual(byHand$);
    });
  });
});
