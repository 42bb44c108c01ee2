import { delay, firstValueFrom, of, timeInterval } from 'rxjs';
import { monotonicScheduler, virtualNow } from '../../../src/transport/time/monotonic-scheduler';
import { marbles } from '../../support/marbles';

const HOUR_MS = 3_600_000;

describe('monotonicScheduler', () => {
  const realNow = Date.now;

  afterEach(() => {
    Date.now = realNow;
  });

  it.each([-HOUR_MS, HOUR_MS, -100 * 24 * HOUR_MS])(
    'has a clock that a date stepped by %d ms leaves',
    (step) => {
      const before = monotonicScheduler.now();
      Date.now = () => realNow() + step;
      expect(monotonicScheduler.now() - before).toBeLessThan(1000);
      expect(monotonicScheduler.now()).toBeGreaterThanOrEqual(before);
    },
  );

  it('is right on a machine that does not know the date yet, and learns it', () => {
    Date.now = () => 5;
    const before = monotonicScheduler.now();
    Date.now = realNow;
    expect(monotonicScheduler.now() - before).toBeLessThan(1000);
  });

  it('counts whole milliseconds', () => {
    expect(Number.isInteger(monotonicScheduler.now())).toBe(true);
  });

  it('waits as long as it is told', async () => {
    const { interval } = await firstValueFrom(
      of(1).pipe(delay(20, monotonicScheduler), timeInterval(monotonicScheduler)),
    );
    // A timer may be early by what its clock rounds.
    expect(interval).toBeGreaterThanOrEqual(19);
  });

  it('is virtual under TestScheduler.run, clock and timers', () => {
    marbles(({ cold, expectObservable, flush }) => {
      const seen: number[] = [];
      monotonicScheduler.schedule(() => seen.push(monotonicScheduler.now()), 90_000);
      expectObservable(cold('(a|)').pipe(delay(3, monotonicScheduler))).toBe('---(a|)');
      flush();
      expect(seen).toEqual([90_000]);
      expect(virtualNow()).toBe(90_000);
    });
    expect(virtualNow()).toBeUndefined();
  });
});
