import {
  BehaviorSubject,
  EMPTY,
  endWith,
  map,
  mergeMap,
  NEVER,
  Observable,
  of,
  Subject,
  take,
  throwError,
} from 'rxjs';
import {
  respondToSubmits,
  type Answer,
  type RespondableSubmit,
  type RespondOptions,
  type SubmitHandler,
} from '../../operators/respond-to-submits';
import { completeResult, dropResult, partialResult, type Result } from '../../src/protocol/operation/result';
import { RuntimeError } from '../../src/protocol/runtime-error';
import { decodeTokens } from '../../src/protocol/operation/token-delta';
import { ManualIterable, settled } from '../support/async';
import { marbles, particulars } from '../support/marbles';
import { text } from '../support/packets';
import { holds, type Same } from '../support/types';

/** A submit as a session gives it, with the end of its operation in the test's hands. */
class TestSubmit implements RespondableSubmit {
  constructor(
    readonly frameId: number,
    private readonly ending$: Observable<unknown> = NEVER,
  ) {}

  get ended$(): Observable<unknown> {
    return this.ending$;
  }

  hasEnded = false;
  partial = (...rest: Tail<typeof partialResult>) => partialResult(this.frameId, ...rest);
  complete = (...rest: Tail<typeof completeResult>) => completeResult(this.frameId, ...rest);
  drop = () => dropResult(this.frameId);
}

/** A submit whose operation the test ends. */
class EndableSubmit extends TestSubmit {
  readonly ends = new Subject<void>();

  constructor(frameId: number) {
    super(frameId);
  }

  override get ended$(): Observable<unknown> {
    return this.hasEnded ? of(undefined) : this.ends;
  }

  end(): void {
    this.hasEnded = true;
    this.ends.next();
  }
}

type Tail<F extends (first: number, ...rest: never[]) => unknown> =
  Parameters<F> extends [unknown, ...infer Rest] ? Rest : never;

const submits = { 1: new TestSubmit(1), 2: new TestSubmit(2), 3: new TestSubmit(3) };

/** What handlers answer with. */
const answers = { a: text('a'), b: text('b'), c: text('c') };

/** Results: `a`, `b` and `c` are parts of submit 1, `A`, `B`, `C` of submit 2; then ends and drops. */
const results = {
  a: partialResult(1, text('a')),
  b: partialResult(1, text('b')),
  c: partialResult(1, text('c')),
  A: partialResult(2, text('a')),
  B: partialResult(2, text('b')),
  C: partialResult(2, text('c')),
  e: completeResult(1),
  E: completeResult(2),
  f: completeResult(1, text('the end')),
  d: dropResult(1),
  D: dropResult(2),
};

/** What the answers of synchronous handlers come to. */
function resultsOf(
  handler: SubmitHandler<TestSubmit>,
  options: RespondOptions<TestSubmit> = {},
  submit: TestSubmit = submits[1],
): unknown[] {
  const seen: unknown[] = [];
  of(submit)
    .pipe(respondToSubmits(handler, options))
    .subscribe({
      next: (result) => seen.push(result),
      error: (error: unknown) => seen.push(error),
      complete: () => seen.push('complete'),
    });
  return seen;
}

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

    it('are given the submit and its number', () => {
      const given: unknown[] = [];
      of(submits[3], submits[1])
        .pipe(
          respondToSubmits((submit, index) => {
            given.push([submit, index]);
            return EMPTY;
          }),
        )
        .subscribe();
      expect(given).toEqual([
        [submits[3], 0],
        [submits[1], 1],
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
      ['a number', 7],
      ['undefined', undefined],
      ['null', null],
      ['an object', { body: text('a') }],
    ])('that is %s costs its submit', (_name, answer) => {
      const errors: unknown[] = [];
      const seen = resultsOf(() => of(answer as unknown as Answer), {
        onError: (error) => errors.push(particulars(error)),
      });
      expect(seen).toStrictEqual([results.d, 'complete']);
      const message = 'the handler of operation 1 answered with neither bytes, a string nor a result';
      const reach = { reach: 'operation', origin: 'application' } as const;
      expect(errors).toEqual([
        particulars(new RuntimeError('internal', message, { ...reach, cause: answer })),
      ]);
    });
  });

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

    it('costs its own submit: it is dropped, the others go on', () => {
      marbles(({ hot, cold, expectObservable }) => {
        const source$ = hot('   --1--2----------|', submits);
        const handlers = {
          1: cold('               --a--#', answers, fault),
          2: cold('                  --a---b---|', answers),
        };
        const expected = '      ----a--(dA)B---E|';

        const handler = ({ frameId }: TestSubmit): Observable<Answer> =>
          frameId === 1 ? handlers[1] : handlers[2];
        expectObservable(source$.pipe(respondToSubmits(handler))).toBe(expected, results);
      });
    });

    it('by throwing before it returns costs its own submit too', () => {
      marbles(({ hot, expectObservable }) => {
        const source$ = hot('--1--2-----|', submits);
        const expected = '   --d--(AE)--|';

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
      expect(seen).toStrictEqual([results.d, 'complete']);
      expect(reports).toEqual([[fault, submits[1]]]);
    });

    it('is dropped where nobody asked for reports', () => {
      expect(resultsOf(() => throwError(() => fault))).toStrictEqual([results.d, 'complete']);
    });

    it('is dropped where the report throws', () => {
      const onError = (): never => raise(new Error('the log is full'));
      expect(resultsOf(() => throwError(() => fault), { onError })).toStrictEqual([results.d, 'complete']);
    });

    it.each([undefined, null, 7])('by returning %s is reported as RxJS says it', (nothing) => {
      const errors: unknown[] = [];
      const onError = (error: unknown): number => errors.push(error);
      const seen = resultsOf(() => nothing as unknown as Answer, { onError });
      expect(seen).toStrictEqual([results.d, 'complete']);
      expect(errors.map(String)).toEqual([
        expect.stringContaining(`You provided '${nothing}' where a stream was expected`),
      ]);
    });

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

function raise(error: Error): never {
  throw error;
}
