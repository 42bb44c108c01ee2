import type { Observable, Subscription } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describeValue } from '../matching/describe-value';
import { mismatch } from '../marbles/mismatch';
import type { ExpectedMoment, Moment } from '../marbles/moment';
import { readTimeline } from '../marbles/timeline';
import { VALUES } from '../marbles/value-kinds';
import type { PeerStage } from './scripted-peer';

type Values = Readonly<Record<string, unknown>>;

/** What a stream is expected to emit; see `FlowHelpers.expectObservable`. */
export interface ObservableExpectation {
  /** The letters stand for `values`, or for themselves; `error` is what `#` stands for, by default any. */
  toBe(marbles: string, values?: Values, error?: unknown): void;
}

/** A stream that a flow watches. */
export class ObservedStream implements ObservableExpectation {
  private readonly moments: Moment<unknown>[] = [];
  private expected:
    { readonly marbles: string; readonly values: Values; readonly error: unknown } | undefined;
  private subscription: Subscription | undefined;

  /** `window` says when to subscribe and unsubscribe, `'--^---!'`; by default now, and never. */
  constructor(
    source$: Observable<unknown>,
    private readonly stage: PeerStage,
    window = '',
  ) {
    const { subscribedFrame, unsubscribedFrame } = stage.scheduler.inRunMode(() =>
      TestScheduler.parseMarblesAsSubscriptions(window, true),
    );
    if (subscribedFrame === Infinity) this.watch(source$);
    else stage.at(subscribedFrame, () => this.watch(source$));
    if (unsubscribedFrame !== Infinity) stage.at(unsubscribedFrame, () => this.subscription?.unsubscribe());
  }

  toBe(marbles: string, values: Values = {}, error?: unknown): void {
    this.stage.lasts(readTimeline(marbles, this.stage.scheduler).duration);
    this.expected = { marbles, values, error };
  }

  /** What it did not emit as it should, told for people; undefined where all is well. */
  verify(): string | undefined {
    if (this.expected === undefined) return undefined;
    const { marbles, values, error } = this.expected;
    const { marks } = readTimeline(marbles, this.stage.scheduler);
    const valueOf = (letter: string): unknown => (letter in values ? values[letter] : letter);
    const letters = new Set([
      ...Object.keys(values),
      ...marks.flatMap((mark) => (mark.kind === 'letter' ? [mark.letter] : [])),
    ]);
    const found = mismatch({
      title: 'a stream did not emit what it should',
      expected: marks.map((mark): ExpectedMoment<unknown> => {
        const { frame } = mark;
        if (mark.kind !== 'letter') return { frame, kind: mark.kind };
        return { frame, kind: 'value', value: valueOf(mark.letter), letter: mark.letter, index: 0 };
      }),
      actual: this.moments,
      dictionary: new Map([...letters].map((letter) => [letter, [valueOf(letter)]])),
      kind: VALUES,
    });
    return found ?? this.verifyError(error);
  }

  private watch(source$: Observable<unknown>): void {
    const now = (): number => this.stage.scheduler.frame;
    this.subscription = source$.subscribe({
      next: (value) => this.moments.push({ frame: now(), kind: 'value', value }),
      error: (error: unknown) => this.moments.push({ frame: now(), kind: 'cut', error }),
      complete: () => this.moments.push({ frame: now(), kind: 'end' }),
    });
  }

  private verifyError(expected: unknown): string | undefined {
    const failure = this.moments.find((moment) => moment.kind === 'cut');
    if (expected === undefined || failure === undefined) return undefined;
    if (VALUES.same(expected, failure.error)) return undefined;
    const [wanted, came] = [describeValue(expected), describeValue(failure.error)];
    return `a stream did not fail as it should at frame ${failure.frame}\n\n  expected  ${wanted}\n  actual    ${came}`;
  }
}
