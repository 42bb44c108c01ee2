import fc from 'fast-check';
import {
  catchError,
  defer,
  endWith,
  map,
  mergeMap,
  type Observable,
  of,
  type OperatorFunction,
  takeUntil,
  takeWhile,
} from 'rxjs';
import { respondToSubmits, type Answer } from '../../../../operators/application/respond-to-submits';
import type { Part } from '../../../../src/protocol/content/parts/part';
import { INTERNAL_FAILURE, type Failure } from '../../../../src/protocol/operation/failure';
import { failureResult, isTerminal, type Result } from '../../../../src/protocol/operation/result';
import { marbles } from '../../../support/marbles';
import { answers, results, TestSubmit } from './support';

type Handler = (submit: TestSubmit) => Observable<Exclude<Answer, string | Part | Failure>>;

/** What `respondToSubmits` says in a class, said in operators. */
function composition(handler: Handler): OperatorFunction<TestSubmit, Result> {
  return mergeMap((submit) =>
    defer(() => handler(submit)).pipe(
      map((answer) => (answer instanceof Uint8Array ? submit.partial(answer) : answer)),
      endWith(submit.complete()),
      catchError(() => of(failureResult(submit.frameId, INTERNAL_FAILURE))),
      takeWhile((result) => !isTerminal(result), true),
      takeUntil(submit.ended$),
    ),
  );
}

/** Answers in marbles: bytes, and results that end or drop the answer of the first submit. */
const answer = fc
  .tuple(
    fc.array(fc.constantFrom('-', '-', 'a', 'b', 'c', 'f', 'd'), { maxLength: 8 }),
    fc.constantFrom('|', '#', '-'),
  )
  .map(([marks, end]) => [...marks, end].join('-'));

/** Frames after which an operation is over whatever becomes of its answer, never with a mark; 0 for never. */
const ending = fc.constantFrom(0, 1, 3, 5, 9, 13);

describe('respondToSubmits', () => {
  it('is the composition that it replaces', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(answer, ending), { minLength: 1, maxLength: 4 }), (scripts) => {
        marbles(({ hot, cold, expectObservable }) => {
          const values = { ...answers, f: results.f, d: results.d };
          const streams = scripts.map(([script]) =>
            cold<Exclude<Answer, string | Part | Failure>>(script, values),
          );
          const handler: Handler = ({ frameId }) => streams[frameId - 1]!;
          const submits = scripts.map(
            ([, at], index) => new TestSubmit(index + 1, cold(at === 0 ? '-' : `${'-'.repeat(at)}x`)),
          );
          const source$ = hot<TestSubmit>(
            `${submits.map((_, index) => index).join('')}|`,
            Object.fromEntries(Object.entries(submits)),
          );

          expectObservable(source$.pipe(respondToSubmits(handler))).toEqual(
            source$.pipe(composition(handler)),
          );
        });
      }),
    );
  });
});
