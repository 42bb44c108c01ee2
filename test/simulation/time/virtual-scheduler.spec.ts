import {
  asyncScheduler,
  delay,
  firstValueFrom,
  interval,
  map,
  merge,
  of,
  take,
  timeout,
  timer,
  toArray,
  type SchedulerAction,
  type SchedulerLike,
} from 'rxjs';
import { elapse, settle } from './elapse';
import { VirtualScheduler } from './virtual-scheduler';

describe('a virtual scheduler', () => {
  let scheduler: VirtualScheduler;
  let ran: string[];
  const note = (what: string) => (): void => {
    ran.push(`${scheduler.now()} ${what}`);
  };

  function runAll(): void {
    while (scheduler.runNext());
  }

  beforeEach(() => {
    scheduler = new VirtualScheduler(1000);
    ran = [];
  });

  it('runs actions in the order of their times, and of their scheduling at one time', () => {
    scheduler.schedule(note('late'), 20);
    scheduler.schedule(note('first'), 5);
    scheduler.schedule(note('second'), 5);
    scheduler.schedule(note('now'));
    expect([ran.length, scheduler.pendingCount, scheduler.nextTime]).toEqual([0, 4, 1000]);
    runAll();
    expect(ran).toEqual(['1000 now', '1005 first', '1005 second', '1020 late']);
    expect([scheduler.pendingCount, scheduler.nextTime, scheduler.runNext()]).toEqual([0, undefined, false]);
  });

  it('runs one action at a time, what that one schedules for the present after those before it', () => {
    scheduler.schedule(() => {
      note('a')();
      scheduler.schedule(note('c'));
    });
    scheduler.schedule(note('b'));
    expect(scheduler.runNext()).toBe(true);
    expect(ran).toEqual(['1000 a']);
    runAll();
    expect(ran).toEqual(['1000 a', '1000 b', '1000 c']);
  });

  it('counts whole milliseconds, and none of a negative delay', () => {
    scheduler.schedule(note('part'), 1.9);
    scheduler.schedule(note('fraction'), 0.25);
    scheduler.schedule(note('negative'), -5);
    runAll();
    expect(ran).toEqual(['1000 negative', '1001 part', '1001 fraction']);
  });

  it('runs nothing that was unsubscribed, and counts it no more', () => {
    const kept = scheduler.schedule(note('kept'), 5);
    const cancelled = scheduler.schedule(note('cancelled'), 1);
    cancelled.unsubscribe();
    cancelled.unsubscribe();
    expect([scheduler.pendingCount, scheduler.nextTime]).toEqual([1, 1005]);
    runAll();
    expect(ran).toEqual(['1005 kept']);
    kept.unsubscribe();
    expect(scheduler.pendingCount).toBe(0);
  });

  it('keeps its order where most of many actions were cancelled', () => {
    const actions = Array.from({ length: 1000 }, (_, index) =>
      scheduler.schedule(note('x'), (index * 7) % 1000),
    );
    actions.forEach((action, index) => {
      if (index % 10 !== 0) action.unsubscribe();
    });
    expect(scheduler.pendingCount).toBe(100);
    runAll();
    const times = ran.map((line) => Number.parseInt(line, 10));
    expect(times).toHaveLength(100);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('hands over state, and lets an action schedule itself again', () => {
    const seen: unknown[] = [];
    function work(this: SchedulerAction<number>, state?: number): void {
      seen.push([scheduler.now(), state]);
      if (state !== undefined && state < 3) this.schedule(state + 1, 10);
    }
    const action = scheduler.schedule(work, 5, 1);
    runAll();
    expect(seen).toEqual([
      [1005, 1],
      [1015, 2],
      [1025, 3],
    ]);
    expect(action.closed).toBe(false);
  });

  it('does not run an action again that was unsubscribed while it ran', () => {
    const action = scheduler.schedule(function (this: SchedulerAction<unknown>) {
      note('once')();
      action.unsubscribe();
      this.schedule(undefined, 1);
    });
    runAll();
    expect(ran).toEqual(['1000 once']);
    expect(scheduler.pendingCount).toBe(0);
  });

  it('throws what an action throws, and goes on with the next', () => {
    const action = scheduler.schedule(() => {
      throw new Error('from inside');
    });
    scheduler.schedule(note('next'));
    expect(() => scheduler.runNext()).toThrow('from inside');
    expect(action.closed).toBe(true);
    runAll();
    expect(ran).toEqual(['1000 next']);
  });

  it('serves the operators of RxJS as their own schedulers do', () => {
    interval(10, scheduler)
      .pipe(take(3), delay(5, scheduler))
      .subscribe({ next: (tick) => note(`tick ${tick}`)(), complete: note('done') });
    of('x')
      .pipe(delay(100, scheduler), timeout({ first: 50, scheduler }))
      .subscribe({ error: note('timed out') });
    const endless = timer(0, 1, scheduler).subscribe();
    scheduler.schedule(() => {
      endless.unsubscribe();
    }, 60);
    runAll();
    expect(ran).toEqual(['1015 tick 0', '1025 tick 1', '1035 tick 2', '1035 done', '1050 timed out']);
    expect(scheduler.pendingCount).toBe(0);
  });

  it('orders a crowd of timers as real time does', async () => {
    // Further apart than a busy machine may take to begin the next of them.
    const delays = [400, 150, 250, 150, 50, 400, 100];
    const order = (using: SchedulerLike): Promise<number[]> =>
      firstValueFrom(
        merge(...delays.map((ms, index) => timer(ms, using).pipe(map(() => index)))).pipe(toArray()),
      );
    const virtual = order(scheduler);
    runAll();
    expect(await virtual).toEqual(await order(asyncScheduler));
  });
});

describe('elapse', () => {
  it('lets happen what is due, promises included, and moves the time on', async () => {
    const scheduler = new VirtualScheduler();
    const seen: string[] = [];
    scheduler.schedule(() => {
      void Promise.resolve().then(() => {
        seen.push(`promise at ${scheduler.now()}`);
        scheduler.schedule(() => seen.push(`after it at ${scheduler.now()}`), 3);
      });
    }, 5);
    scheduler.schedule(() => seen.push(`too late at ${scheduler.now()}`), 20);
    await elapse(scheduler, 10);
    expect(seen).toEqual(['promise at 5', 'after it at 8']);
    expect(scheduler.now()).toBe(10);
    await elapse(scheduler, 10);
    expect(seen.at(-1)).toBe('too late at 20');
  });

  it('settles chains of promises', async () => {
    let depth = 0;
    const chain = async (): Promise<void> => {
      for (; depth < 10; depth++) await Promise.resolve();
    };
    void chain();
    await settle();
    expect(depth).toBe(10);
  });
});
