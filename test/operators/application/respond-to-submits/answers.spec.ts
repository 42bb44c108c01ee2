import { EMPTY, NEVER, type Observable, of } from 'rxjs';
import {
  respondToSubmits,
  type Answer,
  type SubmitHandler,
} from '../../../../operators/application/respond-to-submits';
import {
  completeResult,
  dropResult,
  partialResult,
  type Result,
} from '../../../../src/protocol/operation/result';
import { RuntimeError } from '../../../../src/protocol/runtime-error';
import { decodeTokens } from '../../../../src/protocol/content/token-decoder';
import { settled } from '../../../support/async';
import { marbles, particulars } from '../../../support/marbles';
import { text } from '../../../support/packets';
import { holds, type Same } from '../../../support/types';
import { answers, results, resultsOf, submits, TestSubmit } from './support';

describe('respondToSubmits', () => {
  describe('handlers', () => {
    it('run side by side', () => {
      marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const source$ = hot('--1--2------------|', submits);
        const slow$ = cold('   --a----b---|', answers);
        const subs = '       ^-----------------!';
        const expected = '   ----a--A-b--Be--E-|';

        expectObservable(source$.pipe(respondToSubmits(() => slow$))).toBe(expected, results);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('are given the submit and its signal', () => {
      const given: unknown[] = [];
      of(submits[3], submits[1])
        .pipe(
          respondToSubmits((submit, { signal }) => {
            given.push([submit, signal]);
            return EMPTY;
          }),
        )
        .subscribe();
      expect(given).toEqual([
        [submits[3], submits[3].signal],
        [submits[1], submits[1].signal],
      ]);
    });

    it('get the type of submit that the source has', () => {
      class Prompt extends TestSubmit {
        readonly prompt = 'Call me Ishmael.';
      }
      const result$ = of(new Prompt(1)).pipe(respondToSubmits((submit) => text(submit.prompt)));
      holds<Same<typeof result$, Observable<Result>>>();

      const seen: Result[] = [];
      result$.subscribe((result) => seen.push(result));
      expect(seen[0]).toStrictEqual(partialResult(1, text('Call me Ishmael.')));
    });

    it('that complete without an answer have answered: the result is complete', () => {
      expect(resultsOf(() => EMPTY)).toStrictEqual([results.e, 'complete']);
    });

    it('that never answer leave the operation open', () => {
      marbles(({ hot, expectObservable }) => {
        const source$ = hot('--1--|', submits);
        const expected = '   ------';

        expectObservable(source$.pipe(respondToSubmits(() => NEVER))).toBe(expected);
      });
    });

    it.each<[string, SubmitHandler<TestSubmit>]>([
      ['an observable', () => of(text('a'), text('b'))],
      ['an array', () => [text('a'), text('b')]],
      [
        'a generator',
        function* () {
          yield text('a');
          yield text('b');
        },
      ],
    ])('may return %s', (_name, handler) => {
      expect(resultsOf(handler)).toStrictEqual([results.a, results.b, results.e, 'complete']);
    });

    it.each<[string, SubmitHandler<TestSubmit>]>([
      ['a promise', () => Promise.resolve(text('a'))],
      ['an async function', async () => text('a')],
      [
        'an async generator',
        async function* () {
          yield text('a');
        },
      ],
      [
        'a ReadableStream',
        () =>
          new ReadableStream<Uint8Array>({
            start(controller) {
              controller.enqueue(text('a'));
              controller.close();
            },
          }),
      ],
    ])('may return %s', async (_name, handler) => {
      const seen = resultsOf(handler);
      for (let turn = 0; turn < 4; turn++) await settled();
      expect(seen).toStrictEqual([results.a, results.e, 'complete']);
    });

    it.each<[string, Answer, Result[]]>([
      ['bytes', text('a'), [partialResult(1, text('a')), completeResult(1)]],
      ['a partial result', submits[1].partial(text('b')), [partialResult(1, text('b')), completeResult(1)]],
      ['a complete result', submits[1].complete(text('the end')), [completeResult(1, text('the end'))]],
      ['a drop', submits[1].drop(), [dropResult(1)]],
    ])('may return %s, and no stream of it', (_name, answer, expected) => {
      expect(resultsOf(() => answer)).toStrictEqual([...expected, 'complete']);
    });
  });

  describe('an answer', () => {
    it('of text becomes a TOKEN_CHUNK payload', () => {
      const [first, second, end] = resultsOf(() => ['Call', ' me']) as Result[];
      if (first?.type !== 'push' || second?.type !== 'push') throw new Error('two parts were expected');
      expect([first, second].map(decodeTokens)).toEqual([['Call'], [' me']]);
      expect(first).toMatchObject({ frameId: 1, metadata: { resultClass: 1, payloadFrameCount: 1 } });
      expect(end).toStrictEqual(results.e);
    });

    it('of one text is one part, though a string is an iterable of characters', () => {
      const [first, ...rest] = resultsOf(() => 'Call me') as Result[];
      if (first?.type !== 'push') throw new Error('a part was expected');
      expect(decodeTokens(first)).toEqual(['Call me']);
      expect(rest).toStrictEqual([results.e, 'complete']);
    });

    it('that is a result is passed on as it is', () => {
      const degraded = submits[1].complete(text('a'), { statusCode: 206, resultClass: 3 });
      const [first] = resultsOf(() => of(degraded));
      expect(first).toBe(degraded);
    });

    it('that is terminal is the last, and unsubscribes the handler', () => {
      marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const source$ = hot(' --1--------------|', submits);
        const answers$ = cold(' --a--f--b--|', { ...answers, f: results.f });
        const handlerSubs = ' --^----!';
        const expected = '    ----a--f---------|';

        expectObservable(source$.pipe(respondToSubmits(() => answers$))).toBe(expected, results);
        expectSubscriptions(answers$.subscriptions).toBe(handlerSubs);
      });
    });

    it('that is a drop is the last as well', () => {
      marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const source$ = hot(' --1--------------|', submits);
        const answers$ = cold(' --a--d--b--|', { ...answers, d: results.d });
        const handlerSubs = ' --^----!';
        const expected = '    ----a--d---------|';

        expectObservable(source$.pipe(respondToSubmits(() => answers$))).toBe(expected, results);
        expectSubscriptions(answers$.subscriptions).toBe(handlerSubs);
      });
    });

    it('that is terminal stops a handler that emits synchronously', () => {
      const emitted: number[] = [];
      const seen = resultsOf(function* (submit) {
        for (let count = 0; count < 10; count++) {
          emitted.push(count);
          yield count === 1 ? submit.complete(text('the end')) : text('a');
        }
      });
      expect(emitted).toEqual([0, 1]);
      expect(seen).toStrictEqual([results.a, results.f, 'complete']);
    });

    it.each([
      ['a number', 7, '7'],
      ['undefined', undefined, 'undefined'],
      ['null', null, 'null'],
      ['an object', { body: text('a') }, 'an object with body'],
    ])('that is %s costs its submit, in a stream and alone', (_name, answer, described) => {
      const hand = answer as unknown as Answer;
      const hint = answer === undefined ? '; is a `return` missing?' : '';
      const message = `it answered with ${described}; an answer is a string, bytes, a part, a result or a stream of them${hint}`;
      const reach = { reach: 'operation', origin: 'application' } as const;
      for (const handler of [() => of(hand), () => hand]) {
        const errors: unknown[] = [];
        const seen = resultsOf(handler, { onError: (error) => errors.push(particulars(error)) });
        expect(seen).toStrictEqual([results.x, 'complete']);
        expect(errors).toEqual([
          particulars(new RuntimeError('internal', message, { ...reach, cause: answer })),
        ]);
      }
    });
  });
});
