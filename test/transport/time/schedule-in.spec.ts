import { spawnSync } from 'node:child_process';
import { VirtualTime } from '../../support/virtual-time';
import { MAX_TIMER_MS, scheduleAt, scheduleIn } from '../../../src/transport/time/schedule-in';

const DAY_MS = 24 * 3_600_000;

/** When some work is done, in virtual time that passes for `ms`. */
function doneAt(start: (time: VirtualTime, work: () => void) => unknown, ms: number): number[] {
  const time = new VirtualTime();
  const done: number[] = [];
  start(time, () => done.push(time.now()));
  time.advance(ms);
  return done;
}

describe('scheduleIn', () => {
  it.each([0, 1, MAX_TIMER_MS, MAX_TIMER_MS + 1, 2 ** 32 - 1, 365 * DAY_MS])(
    'waits for %d ms, once',
    (ms) => {
      expect(doneAt((time, work) => scheduleIn(time, ms, work), 500 * DAY_MS)).toEqual([ms]);
    },
  );

  it('comes to an end of the least that may be left, which a sum with the time does not show', () => {
    const time = new VirtualTime();
    time.advance(100_000.3);
    const left = 1e-13;
    expect(time.now() + left).toBe(time.now());
    let end = 0;
    scheduleIn(time, left, () => (end = time.now()));
    time.advance(1);
    expect(end).toBeGreaterThan(100_000.3);
    expect(end).toBeLessThan(100_000.31);
  });

  it('never does what is to be done in Infinity', () => {
    expect(doneAt((time, work) => scheduleIn(time, Infinity, work), 500 * DAY_MS)).toEqual([]);
  });

  it('does at once what was to be done before', () => {
    expect(doneAt((time, work) => scheduleIn(time, -5, work), 10)).toEqual([0]);
  });

  it('gives no timer more than it takes', () => {
    const time = new VirtualTime();
    const schedule = jest.spyOn(time, 'schedule');
    scheduleIn(time, 365 * DAY_MS, () => undefined);
    expect(schedule.mock.calls.map(([, ms]) => ms)).toEqual([MAX_TIMER_MS]);
  });

  it.each([10, 100 * DAY_MS])('does nothing once it is unsubscribed, of %d ms', (ms) => {
    const time = new VirtualTime();
    const work = jest.fn();
    const timer = scheduleIn(time, ms, work);
    time.advance(ms / 2);
    timer.unsubscribe();
    time.advance(ms);
    expect(work).not.toHaveBeenCalled();
    expect(time.pendingCount).toBe(0);
  });

  it('knows the longest that Node takes', () => {
    // In a process of its own: there Node warns of the delay that it cannot take.
    const program = `
      const timers = [${MAX_TIMER_MS}, ${MAX_TIMER_MS + 1}].map((ms) => setTimeout(() => console.log(ms), ms));
      setTimeout(() => timers.forEach(clearTimeout), 20);
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
    expect(stdout).toBe(`${MAX_TIMER_MS + 1}\n`);
    expect(stderr).toContain(`TimeoutOverflowWarning: ${MAX_TIMER_MS + 1} does not fit`);
  });
});

describe('scheduleAt', () => {
  /** A clock whose date is `offset` ahead of virtual time. */
  class WallClock {
    offset = 0;

    constructor(private readonly time: VirtualTime) {}

    now(): number {
      return this.time.now() + this.offset;
    }
  }

  function at(instant: number) {
    const time = new VirtualTime();
    const clock = new WallClock(time);
    const done: number[] = [];
    const timer = scheduleAt(time, clock, instant, () => done.push(time.now()));
    return { time, clock, done, timer };
  }

  it.each([0, 5, 90_000, 100 * DAY_MS])('waits for an instant, %d ms from now', (instant) => {
    const { time, done } = at(instant);
    time.advance(200 * DAY_MS);
    expect(done).toEqual([instant]);
  });

  it('does at once what was to be done before, and never what has no instant', () => {
    const [past, never] = [at(-5), at(Infinity)];
    for (const { time } of [past, never]) time.advance(DAY_MS);
    expect([past.done, never.done]).toEqual([[0], []]);
  });

  it('waits on where the clock was set back', () => {
    const { time, clock, done } = at(90_000);
    time.advance(1000);
    clock.offset = -3_600_000;
    time.advance(2 * 3_600_000);
    expect(done).toEqual([90_000 + 3_600_000]);
  });

  it('notices within a minute that the clock was set forward', () => {
    const { time, clock, done } = at(10 * 3_600_000);
    time.advance(1000);
    clock.offset = 10 * 3_600_000;
    time.advance(60_000);
    expect(done).toEqual([60_000]);
  });

  it('does nothing once it is unsubscribed', () => {
    const { time, done, timer } = at(90_000);
    time.advance(61_000);
    timer.unsubscribe();
    time.advance(DAY_MS);
    expect(done).toEqual([]);
    expect(time.pendingCount).toBe(0);
  });
});
