import { of } from 'rxjs';
import { inTime } from '../../../src/transport/time/in-time';
import { monotonicScheduler } from '../../../src/transport/time/monotonic-scheduler';
import { marbles } from '../../support/marbles';

describe('inTime', () => {
  const late = (ms: number) => inTime(monotonicScheduler, ms, () => of('late'));

  it('mirrors a source that says something in time, however long it goes on', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold('--a-------b|');
      expectObservable(source$.pipe(late(4))).toBe('--a-------b|');
      expectSubscriptions(source$.subscriptions).toBe('^----------!');
    });
  });

  it('says something else where the source says nothing, and leaves the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold('------a|');
      expectObservable(source$.pipe(late(4))).toBe('----(l|)', { l: 'late' });
      expectSubscriptions(source$.subscriptions).toBe('^---!');
    });
  });

  it('takes an end, an error and what comes at the last moment as something', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('---|').pipe(late(4))).toBe('---|');
      expectObservable(cold('---#').pipe(late(4))).toBe('---#');
      expectObservable(cold('----(a|)').pipe(late(4))).toBe('----(a|)');
    });
  });

  it('waits for ever where it is told to', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('99s a|').pipe(late(Infinity))).toBe('99s a|');
    });
  });

  it('leaves no timer', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold('---------a');
      expectObservable(source$.pipe(late(4)), '--!').toBe('---');
      expectSubscriptions(source$.subscriptions).toBe('^-!');
    });
  });
});
