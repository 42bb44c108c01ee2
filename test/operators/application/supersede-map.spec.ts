import { NEVER, of, Subject } from 'rxjs';
import { supersedeMap, type SupersedableSubmit } from '../../../operators/application/supersede-map';
import type { Result } from '../../../src/protocol/operation/result';
import { marbles } from '../../support/marbles';
import { answers, EndableSubmit, raise, results } from './respond-to-submits/support';

/** A submit of some key, which notes what takes its place. */
class KeyedSubmit extends EndableSubmit implements SupersedableSubmit {
  superseded = 0;
  /** Done as it hears that another has taken its place. */
  react: () => void = () => undefined;

  constructor(
    frameId: number,
    readonly key: string | undefined,
  ) {
    super(frameId);
  }

  supersede(): void {
    this.superseded += 1;
    this.end();
    this.react();
  }
}

const keyOf = ({ key }: KeyedSubmit): unknown => key;

function keyed(first: string | undefined, second: string | undefined): { 1: KeyedSubmit; 2: KeyedSubmit } {
  return { 1: new KeyedSubmit(1, first), 2: new KeyedSubmit(2, second) };
}

describe('supersedeMap', () => {
  it('never ends where the source does not', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold<KeyedSubmit>('-');
      const subs = '                     ^';
      const expected = '                 -';

      expectObservable(source$.pipe(supersedeMap(keyOf, () => NEVER))).toBe(expected);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('completes where the source is empty', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold<KeyedSubmit>('|');
      const subs = '                     (^!)';
      const expected = '                 |';

      expectObservable(source$.pipe(supersedeMap(keyOf, () => NEVER))).toBe(expected);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('answers one', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source$ = hot(' --1-------|', keyed('k', 'k'));
      const answer$ = cold('  --a--b|', answers);
      const subs = '        ^---------!';
      const expected = '    ----a--be-|';

      expectObservable(source$.pipe(supersedeMap(keyOf, () => answer$))).toBe(expected, results);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('gives the newest of a key the place of the one before', () => {
    const submits = keyed('k', 'k');
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source$ = hot(' --1---2-------|', submits);
      const first$ = cold('   --a--b--c|', answers);
      const second$ = cold('      --a--b|', answers);
      const firstSubs = '   --^---!';
      const secondSubs = '  ------^-----!';
      const expected = '    ----a---A--BE-|';

      const handler = ({ frameId }: KeyedSubmit) => (frameId === 1 ? first$ : second$);
      expectObservable(source$.pipe(supersedeMap(keyOf, handler))).toBe(expected, results);
      expectSubscriptions(first$.subscriptions).toBe(firstSubs);
      expectSubscriptions(second$.subscriptions).toBe(secondSubs);
    });
    expect([submits[1].superseded, submits[2].superseded]).toEqual([1, 0]);
  });

  it.each([
    ['other keys', 'k', 'l'],
    ['no key', undefined, undefined],
  ])('leaves those of %s alone', (_, first, second) => {
    marbles(({ hot, cold, expectObservable }) => {
      const source$ = hot(' --1---2-------|', keyed(first, second));
      const answer$ = cold('  --a----b-|', answers);
      const expected = '    ----a---Ab-e-B-(E|)';

      expectObservable(source$.pipe(supersedeMap(keyOf, () => answer$))).toBe(expected, results);
    });
  });

  it('errors with the source, and unsubscribes every handler', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const fault = new Error('the cable was cut');
      const source$ = hot(' --1--#', keyed('k', 'k'), fault);
      const answer$ = cold('  -a-----|', answers);
      const answerSubs = '  --^--!';
      const expected = '    ---a-#';

      expectObservable(source$.pipe(supersedeMap(keyOf, () => answer$))).toBe(expected, results, fault);
      expectSubscriptions(answer$.subscriptions).toBe(answerSubs);
    });
  });

  it('unsubscribes all when it is unsubscribed, and takes nobody’s place', () => {
    const submits = keyed('k', 'k');
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source$ = hot(' --1-----2--|', submits);
      const answer$ = cold('  -a-b-c-|', answers);
      const unsub = '       ------!';
      const subs = '        ^-----!';
      const answerSubs = '  --^---!';
      const expected = '    ---a-b-';

      expectObservable(source$.pipe(supersedeMap(keyOf, () => answer$)), unsub).toBe(expected, results);
      expectSubscriptions(source$.subscriptions).toBe(subs);
      expectSubscriptions(answer$.subscriptions).toBe(answerSubs);
    });
    expect(submits[1].superseded).toBe(0);
  });

  it('has a key that throws cost its own submit', () => {
    const thrown = new Error('no such key');
    const told: unknown[] = [];
    marbles(({ hot, expectObservable }) => {
      const source$ = hot(' --1---2-----|', keyed('bad', 'good'));
      const expected = '    --x---(AE)--|';

      const badKey = ({ key }: KeyedSubmit): unknown => (key === 'bad' ? raise(thrown) : key);
      const answered$ = source$.pipe(
        supersedeMap(badKey, () => of(answers.a), { onError: (error) => told.push(error) }),
      );
      expectObservable(answered$).toBe(expected, results);
    });
    expect(told).toEqual([thrown]);
  });

  it('does not start one whose place is taken before its handler has begun', () => {
    const source$ = new Subject<KeyedSubmit>();
    const [first, second, third] = [1, 2, 3].map((frameId) => new KeyedSubmit(frameId, 'k'));
    const begun: number[] = [];
    source$.pipe(supersedeMap(keyOf, ({ frameId }) => (begun.push(frameId), NEVER))).subscribe();
    first!.react = () => {
      source$.next(third!);
    };
    source$.next(first!);
    source$.next(second!);
    expect(begun).toEqual([1, 3]);
    expect([first, second, third].map((submit) => submit!.superseded)).toEqual([1, 1, 0]);
  });

  it('forgets those that have ended', () => {
    const source$ = new Subject<KeyedSubmit>();
    const seen: Result[] = [];
    const [first, second] = [new KeyedSubmit(1, 'k'), new KeyedSubmit(2, 'k')];
    source$.pipe(supersedeMap(keyOf, () => NEVER)).subscribe((result) => seen.push(result));
    source$.next(first);
    first.end();
    source$.next(second);
    expect([first.superseded, seen]).toEqual([0, []]);
    expect(first.ends.observed).toBe(false);
  });
});
