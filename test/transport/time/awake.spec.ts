import { PausableTime } from '../../support/virtual-time';
import { AwakeClock, scheduleAwake } from '../../../src/transport/time/awake';

describe('AwakeClock', () => {
  it('goes as time does while it is looked at', () => {
    const time = new PausableTime();
    const clock = new AwakeClock(time, 100);
    for (let look = 1; look <= 5; look++) {
      time.advance(100);
      expect(clock.now()).toBe(look * 100);
      expect(clock.look()).toBe(look * 100);
    }
  });

  it('counts a gap as two looks at most', () => {
    const time = new PausableTime();
    const clock = new AwakeClock(time, 100);
    time.standStill(60_000);
    expect(clock.look()).toBe(200);
    time.advance(100);
    expect(clock.look()).toBe(300);
  });

  it('leaves out what nobody needed to look at', () => {
    const time = new PausableTime();
    const clock = new AwakeClock(time, 100);
    time.advance(50);
    clock.look();
    time.advance(150);
    clock.resume();
    time.advance(25);
    expect(clock.look()).toBe(75);
  });
});

describe('scheduleAwake', () => {
  function start(ms: number) {
    const time = new PausableTime();
    const done: number[] = [];
    return { time, done, timer: scheduleAwake(time, ms, () => done.push(time.now())) };
  }

  it.each([0, 1, 5, 1000, 2 ** 32])('waits for %d ms, once', (ms) => {
    const { time, done } = start(ms);
    time.advance(2 ** 33);
    expect(done).toEqual([ms]);
  });

  it('never does what is to be done in Infinity', () => {
    const { time, done } = start(Infinity);
    time.advance(2 ** 33);
    expect(done).toEqual([]);
    expect(time.pendingCount).toBe(0);
  });

  it.each([0, 100, 240, 900])(
    'leaves half of the time to a peer with a pause in it that begins at %d ms',
    (at) => {
      const { time, done } = start(1000);
      time.advance(at);
      time.standStill(60_000);
      time.advance(1000);
      expect(done).toHaveLength(1);
      expect(done[0]! - 60_000).toBeGreaterThanOrEqual(500);
    },
  );

  it('leaves a quarter of the time after a pause', () => {
    const { time, done } = start(1000);
    time.advance(990);
    time.standStill(60_000);
    time.advance(1000);
    expect(done[0]! - 60_990).toBeGreaterThanOrEqual(240);
  });

  it('ends where the process stands still again and again', () => {
    const { time, done } = start(1000);
    for (let pause = 0; pause < 4; pause++) time.standStill(5_000);
    expect(done).toHaveLength(1);
  });

  it('comes after what happens at the same moment', () => {
    const { time } = start(1000);
    const order: string[] = [];
    const timer = scheduleAwake(time, 500, () => order.push('given up'));
    time.schedule(() => order.push('heard'), 500);
    time.advance(500);
    expect(order).toEqual(['heard', 'given up']);
    timer.unsubscribe();
  });

  it.each([10, 400, 999])('does nothing once it is unsubscribed, after %d ms', (ms) => {
    const { time, done, timer } = start(1000);
    time.advance(ms);
    timer.unsubscribe();
    time.advance(5000);
    expect(done).toEqual([]);
    expect(time.pendingCount).toBe(0);
  });
});
