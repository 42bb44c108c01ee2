import { NEVER, type Observable, of, Subject } from 'rxjs';
import {
  respondToSubmits,
  type RespondableSubmit,
  type RespondOptions,
  type SubmitHandler,
} from '../../../../operators/application/respond-to-submits';
import { INTERNAL_FAILURE } from '../../../../src/protocol/operation/failure';
import {
  completeResult,
  dropResult,
  failureResult,
  partialResult,
} from '../../../../src/protocol/operation/result';
import { text } from '../../../support/packets';

/** A submit as a session gives it, with the end of its operation in the test's hands. */
export class TestSubmit implements RespondableSubmit {
  constructor(
    readonly frameId: number,
    private readonly ending$: Observable<unknown> = NEVER,
  ) {}

  get ended$(): Observable<unknown> {
    return this.ending$;
  }

  hasEnded = false;
  readonly signal = new AbortController().signal;
  partial = (...rest: Tail<typeof partialResult>) => partialResult(this.frameId, ...rest);
  complete = (...rest: Tail<typeof completeResult>) => completeResult(this.frameId, ...rest);
  drop = () => dropResult(this.frameId);
}

/** A submit whose operation the test ends. */
export class EndableSubmit extends TestSubmit {
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

export const submits = { 1: new TestSubmit(1), 2: new TestSubmit(2), 3: new TestSubmit(3) };

/** What handlers answer with. */
export const answers = { a: text('a'), b: text('b'), c: text('c') };

/** Results: `a`, `b` and `c` are parts of submit 1, `A`, `B`, `C` of submit 2; then ends, drops, and a failure. */
export const results = {
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
  x: failureResult(1, INTERNAL_FAILURE),
};

/** What the answers of synchronous handlers come to. */
export function resultsOf(
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

/** Throws where only an expression fits. */
export function raise(error: Error): never {
  throw error;
}
