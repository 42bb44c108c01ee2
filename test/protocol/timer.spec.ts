import { pause } from '../support/until';
import { MAX_TIMER_MS, timerMs } from '../../src/protocol/timer';

describe('timerMs', () => {
  it('leaves a delay that a timer takes', () => {
    expect([0, 1, MAX_TIMER_MS].map(timerMs)).toEqual([0, 1, MAX_TIMER_MS]);
  });

  it('shortens one that would fire at once', () => {
    expect([MAX_TIMER_MS + 1, 2 ** 32 - 1, Infinity].map(timerMs)).toEqual(Array(3).fill(MAX_TIMER_MS));
  });

  it('knows the longest that Node takes', async () => {
    const fired: number[] = [];
    const timers = [MAX_TIMER_MS, MAX_TIMER_MS + 1].map((ms) => setTimeout(() => fired.push(ms), ms));
    await pause(20);
    timers.forEach(clearTimeout);
    expect(fired).toEqual([MAX_TIMER_MS + 1]);
  });
});
