import { Observable, of, Subject, take, throwError } from 'rxjs';
import {
  respondToSubmits,
  type Answer,
  type SubmitHandler,
} from '../../../../operators/application/respond-to-submits';
import { failure } from '../../../../src/protocol/operation/failure';
import { type Result } from '../../../../src/protocol/operation/result';
import { ManualIterable, settled } from '../../../support/async';
import { marbles } from '../../../support/marbles';
import { text } from '../../../support/packets';
import { answers, EndableSubmit, raise, results, resultsOf, submits, TestSubmit } from './support';

describe('respondToSubmits', () => {
  describe('the end of the operation', () => {
    it('unsubscribes its handler and sends nothing more for it', () => {
      marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const ended$ = hot('     ------x');
        const source$ = hot('    --1--2--------------|', { 1: new TestSubmit(1, ended$), 2: submits[2] });
        const slow$ = cold('       --a----b---|', answers);
        const endedSubs = '      --^---!';
        const cancelledSubs = '  --^---!';
        const otherSubs = '      -----^----------!';
        const expected = '       ----a--A----B---E---|';

        expectObservable(source$.pipe(respondToSubmits(() => slow$))).toBe(expected, results);
        expectSubscriptions(ended$.subscriptions).toBe(endedSubs);
        expectSubscriptions(slow$.subscriptions).toBe([cancelledSubs, otherSubs]);
      });
    });

    it('before its handler starts means that it does not start', () => {
      let calls = 0;
      const handler = (): Answer => {
        calls++;
        return text('a');
      };
      const submit = new EndableSubmit(1);
      submit.end();
      expect(resultsOf(handler, {}, submit)).toEqual(['complete']);
      expect(calls).toBe(0);
    });

    it('while its handler starts leaves nothing behind', () => {
      const submit = new EndableSubmit(1);
      const told: string[] = [];
      const seen = resultsOf(
        () => {
          submit.end();
          return new Observable<Answer>((subscriber) => {
            told.push('started');
            subscriber.next(text('a'));
            return () => told.push('stopped');
          });
        },
        {},
        submit,
      );
      expect(seen).toEqual(['complete']);
      expect(told).toEqual(['started', 'stopped']);
      expect(submit.ends.observed).toBe(false);
    });

    it('while an async iterable starts closes it, and asks it for nothing', () => {
      const submit = new EndableSubmit(1);
      const iterable = new ManualIterable<Answer>();
      const seen = resultsOf(
        () => {
          submit.end();
          return iterable;
        },
        {},
        submit,
      );
      expect(seen).toEqual(['complete']);
      expect(iterable.pulls).toBe(0);
      expect(iterable.returns).toBe(1);
    });

    it('while its first part is sent stops the rest', () => {
      const submit = new EndableSubmit(1);
      const source$ = new Subject<TestSubmit>();
      const seen: Result[] = [];
      source$.pipe(respondToSubmits(() => [text('a'), text('b')])).subscribe((result) => {
        seen.push(result);
        submit.end();
      });
      source$.next(submit);
      expect(seen).toStrictEqual([results.a]);
    });

    it('stops an iterable that would go on for ever, and closes it', () => {
      const submit = new EndableSubmit(1);
      let closed = 0;
      function* endless(): Generator<Answer> {
        try {
          for (;;) yield text('a');
        } finally {
          closed++;
        }
      }
      const seen: Result[] = [];
      of(submit)
        .pipe(respondToSubmits(endless))
        .subscribe((result) => {
          if (seen.push(result) === 3) submit.end();
        });
      expect(seen).toStrictEqual([results.a, results.a, results.a]);
      expect(closed).toBe(1);
    });

    it('is not the only end: whoever unsubscribes stops such an iterable too, and is told', () => {
      const abandoned: number[] = [];
      function* endless(): Generator<Answer> {
        for (;;) yield text('a');
      }
      const seen: Result[] = [];
      of(submits[1])
        .pipe(respondToSubmits(endless, { onAbandoned: ({ frameId }) => abandoned.push(frameId) }), take(2))
        .subscribe((result) => seen.push(result));
      expect(seen).toStrictEqual([results.a, results.a]);
      expect(abandoned).toEqual([1]);
    });

    it('that its last result causes changes nothing', () => {
      // As a session does: what it sends last ends the operation there and then.
      const submit = new EndableSubmit(1);
      const seen: unknown[] = [];
      of(submit)
        .pipe(respondToSubmits(() => of(text('a'))))
        .subscribe({
          next: (result) => {
            seen.push(result);
            if (result.type === 'push' && result.metadata.resultClass === 0) submit.end();
          },
          complete: () => seen.push('complete'),
        });
      expect(seen).toStrictEqual([results.a, results.e, 'complete']);
    });

    it('sends nothing for a handler that errors or completes after it', async () => {
      const ended$ = new Subject<void>();
      const errors: unknown[] = [];
      let reject: (error: Error) => void = () => undefined;
      const seen = resultsOf(
        () =>
          new Promise<Answer>((_resolve, fail) => {
            reject = fail;
          }),
        { onError: (error) => errors.push(error) },
        new TestSubmit(1, ended$),
      );
      ended$.next();
      reject(new Error('aborted'));
      await settled();
      expect(seen).toEqual(['complete']);
      expect(errors).toEqual([]);
    });

    it('is still awaited where ended$ completes without a word', () => {
      marbles(({ hot, cold, expectObservable }) => {
        const ended$ = cold('    |');
        const source$ = hot('--1---------|', { 1: new TestSubmit(1, ended$) });
        const answers$ = cold('--a---|', answers);
        const expected = '   ----a---e---|';

        expectObservable(source$.pipe(respondToSubmits(() => answers$))).toBe(expected, results);
      });
    });
  });

  describe('a handler that fails', () => {
    const fault = new Error('out of memory');

    it('costs its own submit: that fails, the others go on', () => {
      marbles(({ hot, cold, expectObservable }) => {
        const source$ = hot('   --1--2----------|', submits);
        const handlers = {
          1: cold('               --a--#', answers, fault),
          2: cold('                  --a---b---|', answers),
        };
        const expected = '      ----a--(xA)B---E|';

        const handler = ({ frameId }: TestSubmit): Observable<Answer> =>
          frameId === 1 ? handlers[1] : handlers[2];
        expectObservable(source$.pipe(respondToSubmits(handler))).toBe(expected, results);
      });
    });

    it('by throwing before it returns costs its own submit too', () => {
      marbles(({ hot, expectObservable }) => {
        const source$ = hot('--1--2-----|', submits);
        const expected = '   --x--(AE)--|';

        const handler = ({ frameId }: TestSubmit): Answer => {
          if (frameId === 1) throw fault;
          return text('a');
        };
        expectObservable(source$.pipe(respondToSubmits(handler))).toBe(expected, results);
      });
    });

    it.each<[string, SubmitHandler<TestSubmit>]>([
      ['throws', () => raise(fault)],
      ['returns a stream that errors', () => throwError(() => fault)],
      ['returns a promise that rejects', () => Promise.reject(fault)],
      [
        'is a generator that throws',
        function* () {
          yield raise(fault);
        },
      ],
      [
        'is an async generator that throws',
        async function* () {
          yield raise(fault);
        },
      ],
    ])('is reported where it %s', async (_name, handler) => {
      const reports: unknown[] = [];
      const onError = (error: unknown, submit: TestSubmit): number => reports.push([error, submit]);
      const seen = resultsOf(handler, { onError });
      await settled();
      expect(seen).toStrictEqual([results.x, 'complete']);
      expect(reports).toEqual([[fault, submits[1]]]);
    });

    it('fails where nobody asked for reports', () => {
      expect(resultsOf(() => throwError(() => fault))).toStrictEqual([results.x, 'complete']);
    });

    it('fails where the report throws', () => {
      const onError = (): never => raise(new Error('the log is full'));
      expect(resultsOf(() => throwError(() => fault), { onError })).toStrictEqual([results.x, 'complete']);
    });

    it.each([
      [
        undefined,
        'undefined; an answer is a string, bytes, a part, a result or a stream of them; is a `return` missing?',
      ],
      [null, 'null; an answer is a string, bytes, a part, a result or a stream of them'],
      [7, '7; an answer is a string, bytes, a part, a result or a stream of them'],
      [() => 'a', 'a function; an answer is a string, bytes, a part, a result or a stream of them'],
    ])('by returning %s is reported', (nothing, answered) => {
      const errors: unknown[] = [];
      const onError = (error: unknown): number => errors.push(error);
      const seen = resultsOf(() => nothing as unknown as Answer, { onError });
      expect(seen).toStrictEqual([results.x, 'complete']);
      expect(errors.map(String)).toEqual([`RuntimeError: it answered with ${answered}`]);
    });

    it.each<[string, SubmitHandler<TestSubmit>]>([
      ['throws', () => raise(failure(429, 'slowly', { retryAfterMs: 2000 }))],
      ['returns', () => failure(429, 'slowly', { retryAfterMs: 2000 })],
      ['yields', () => [failure(429, 'slowly', { retryAfterMs: 2000 }), 'more']],
      ['streams', () => of(failure(429, 'slowly', { retryAfterMs: 2000 }), 'more')],
      ['rejects with', () => Promise.reject(failure(429, 'slowly', { retryAfterMs: 2000 }))],
      ['promises', () => Promise.resolve(failure(429, 'slowly', { retryAfterMs: 2000 }))],
    ])(
      'may say why: what it %s is its last result, and no failure of the application',
      async (_, handler) => {
        const reports: unknown[] = [];
        const seen = resultsOf(handler, { onError: (error) => reports.push(error) });
        await settled();
        const last = { type: 'failure', frameId: 1, status: 429, text: 'slowly', retryAfterMs: 2000 };
        expect(seen).toStrictEqual([last, 'complete']);
        expect(reports).toEqual([]);
      },
    );

    it('while it is torn down is reported', async () => {
      const iterable = new ManualIterable<Answer>();
      iterable.closeError = fault;
      const ended$ = new Subject<void>();
      const submit = new TestSubmit(1, ended$);
      const reports: unknown[] = [];
      const onError = (error: unknown, of: TestSubmit): number => reports.push([error, of]);
      resultsOf(() => iterable, { onError }, submit);
      ended$.next();
      await settled();
      expect(reports).toEqual([[fault, submit]]);
    });
  });
});
