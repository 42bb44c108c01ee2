import { spawnSync } from 'node:child_process';
import { MAX_TIMER_MS, timerMs } from '../../src/protocol/timer';

describe('timerMs', () => {
  it('leaves a delay that a timer takes', () => {
    expect([0, 1, MAX_TIMER_MS].map(timerMs)).toEqual([0, 1, MAX_TIMER_MS]);
  });

  it('shortens one that would fire at once', () => {
    expect([MAX_TIMER_MS + 1, 2 ** 32 - 1, Infinity].map(timerMs)).toEqual(Array(3).fill(MAX_TIMER_MS));
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
