import { asyncScheduler, interval, timer } from 'rxjs';
import { FlowScheduler } from '../../../src/testing/time/flow-scheduler';
import { installClock } from '../../../src/testing/time/virtual-clock';

describe('installClock', () => {
  let scheduler: FlowScheduler;
  let restore: () => void;
  const clocks = () => ({ now: Date.now, performanceNow: performance.now });
  const before = { setTimeout, clearTimeout, setInterval, clearInterval, ...clocks() };

  /** Runs what is due until a frame. */
  function runUntil(frame: number): void {
    while ((scheduler.nextDue ?? Infinity) <= frame) scheduler.runNext();
  }

  beforeEach(() => {
    scheduler = new FlowScheduler();
    restore = installClock(scheduler);
  });

  afterEach(() => {
    restore();
  });

  it('puts everything back', () => {
    expect(globalThis.setTimeout).not.toBe(before.setTimeout);
    restore();
    expect({ setTimeout, clearTimeout, setInterval, clearInterval, ...clocks() }).toEqual(before);
  });

  it('runs setTimeout in virtual time, with its arguments', () => {
    const run = jest.fn();
    setTimeout(run, 5, 'a', 1);
    runUntil(4);
    expect(run).not.toHaveBeenCalled();
    runUntil(5);
    expect(run).toHaveBeenCalledWith('a', 1);
    expect(Date.now()).toBe(5);
    expect(performance.now()).toBe(5);
  });

  it('clears timeouts', () => {
    const run = jest.fn();
    clearTimeout(setTimeout(run, 5));
    clearTimeout(undefined);
    runUntil(10);
    expect(run).not.toHaveBeenCalled();
  });

  it('runs setInterval until it is cleared, also by its own handler', () => {
    const ticks: number[] = [];
    const ticking = setInterval(() => {
      ticks.push(Date.now());
      if (ticks.length === 3) clearInterval(ticking);
    }, 4);
    runUntil(100);
    expect(ticks).toEqual([4, 8, 12]);
  });

  it('lets time pass with an interval of 0', () => {
    const ticks: number[] = [];
    const ticking = setInterval(() => ticks.push(Date.now()), 0);
    runUntil(2);
    clearInterval(ticking);
    expect(ticks).toEqual([0, 1, 2]);
  });

  it('has the handles that Node has', () => {
    const run = jest.fn();
    const handle: NodeJS.Timeout = setTimeout(() => {
      run();
    }, 5);
    expect(handle.unref().ref().hasRef()).toBe(true);
    runUntil(3);
    scheduler.schedule(() => handle.refresh(), 1);
    runUntil(5);
    expect(run).not.toHaveBeenCalled();
    runUntil(6);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('runs RxJS’s schedulers', () => {
    const told: string[] = [];
    timer(3).subscribe(() => told.push(`timer@${asyncScheduler.now()}`));
    const ticking = interval(2).subscribe((tick) => told.push(`tick${tick}@${asyncScheduler.now()}`));
    runUntil(5);
    ticking.unsubscribe();
    runUntil(50);
    expect(told).toEqual(['tick0@2', 'timer@3', 'tick1@4']);
    expect(scheduler.pending).toEqual([]);
  });
});
