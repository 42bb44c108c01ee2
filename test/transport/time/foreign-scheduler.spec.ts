import { asapScheduler, asyncScheduler, timer, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { schedulerOf } from '../../../src/transport/time/foreign-scheduler';
import { monotonicScheduler } from '../../../src/transport/time/monotonic-scheduler';
import { pause } from '../../support/until';
import { VirtualTime } from '../../support/virtual-time';

/** A scheduler of somebody else's. */
function foreign(parts: { now?: () => unknown; schedule?: (...args: never[]) => unknown }): SchedulerLike {
  const given = { now: () => 7, schedule: asyncScheduler.schedule.bind(asyncScheduler), ...parts };
  return schedulerOf(given as SchedulerLike);
}

/** What such a one may have in the place of its own. */
const FAILURES: readonly [string, () => unknown][] = [
  ['nothing', () => undefined],
  ['a promise that rejects', () => Promise.reject(new Error('no'))],
  ['what throws when it is looked at', () => new Proxy({}, { get: thrown })],
  ['an error', thrown],
];

function thrown(): never {
  throw new Error('no');
}

describe('a scheduler', () => {
  it.each([asyncScheduler, asapScheduler, monotonicScheduler, new VirtualTime()])(
    'is what it is where it is of RxJS, or the default',
    (given) => {
      expect(schedulerOf(given)).toBe(given);
    },
  );

  it('of somebody else tells its time, and does what is due, again and again, until it is taken back', () => {
    const time = new VirtualTime();
    const scheduler = foreign({ schedule: (work: () => void, ms: number) => time.schedule(work, ms) });
    expect(scheduler.now()).toBe(7);
    const done: unknown[] = [];
    const work = scheduler.schedule(
      function (this: SchedulerAction<number>, left = 0) {
        done.push([time.now(), left]);
        if (left > 0) this.schedule(left - 1, 10);
      },
      5,
      2,
    );
    time.advance(16);
    expect(done).toEqual([
      [5, 2],
      [15, 1],
    ]);
    work.unsubscribe();
    time.advance(100);
    expect(done).toHaveLength(2);
    expect(time.pendingCount).toBe(0);
  });

  it.each(FAILURES)(
    'whose `schedule` gives %s does what is due once, and can be taken back',
    async (_, schedule) => {
      const scheduler = foreign({ schedule });
      const done: string[] = [];
      scheduler.schedule(() => done.push('done'), 1);
      scheduler.schedule(() => done.push('taken back'), 1).unsubscribe();
      const ticks = timer(0, 1, scheduler).subscribe((tick) => done.push(`${tick}`));
      while (!done.includes('2')) await pause(1);
      ticks.unsubscribe();
      const before = done.length;
      await pause(20);
      expect(done).toHaveLength(before);
      expect(done.filter((each) => each === 'done')).toHaveLength(1);
      expect(done).not.toContain('taken back');
    },
  );

  it('that does what is due and gives nothing has it done once', async () => {
    const scheduler = foreign({
      schedule: (work: () => void) => {
        work();
      },
    });
    let count = 0;
    scheduler.schedule(() => (count += 1), 1);
    await pause(20);
    expect(count).toBe(1);
  });

  it.each([...FAILURES, ['NaN', () => NaN], ['a bigint', () => 5n]] as [string, () => unknown][])(
    'whose `now` gives %s tells the date',
    (_, now) => {
      expect(Math.abs(foreign({ now }).now() - Date.now())).toBeLessThan(10_000);
    },
  );
});
