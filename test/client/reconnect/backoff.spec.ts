import fc from 'fast-check';
import { backoffMs } from '../../../src/client/reconnect/backoff';

const attempts = Array.from({ length: 10 }, (_, index) => index);

describe('backoffMs', () => {
  it('doubles from 100 ms to 10 s by default', () => {
    expect(attempts.map((attempt) => backoffMs(attempt, {}, () => 0))).toEqual([
      100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000,
    ]);
  });

  it('takes up to half of it off by chance', () => {
    expect(backoffMs(0, {}, () => 1)).toBe(50);
    expect(backoffMs(3, {}, () => 0.5)).toBe(600);
  });

  it('does as it is told', () => {
    const options = { minDelayMs: 5, maxDelayMs: 15, jitter: 0 };
    expect(attempts.slice(0, 4).map((attempt) => backoffMs(attempt, options, () => 1))).toEqual([
      5, 10, 15, 15,
    ]);
    expect(backoffMs(0, { minDelayMs: 500, maxDelayMs: 100, jitter: 0 }, () => 0)).toBe(100);
  });

  it('grows also where the first attempt is to be made at once', () => {
    const waits = (minDelayMs: number): number[] =>
      attempts.slice(0, 5).map((attempt) => backoffMs(attempt, { minDelayMs }, () => 0));
    expect(waits(0)).toEqual([0, 2, 4, 8, 16]);
    expect(waits(1e-300)).toEqual([1e-300, 2, 4, 8, 16]);
    expect(backoffMs(30, { minDelayMs: 0 }, () => 0)).toBe(10_000);
  });

  it('is a wait, but for the first, whatever chance has it', () => {
    const options = { minDelayMs: 0, maxDelayMs: 1, jitter: 1 };
    expect(attempts.slice(0, 4).map((attempt) => backoffMs(attempt, options, () => 1))).toEqual([0, 1, 1, 1]);
  });

  it('is a wait within its bounds, whatever it is told and however often it was tried', () => {
    const options = fc.record({
      minDelayMs: fc.nat(10_000),
      maxDelayMs: fc.integer({ min: 1, max: 100_000 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const chance = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(options, fc.nat(), chance, (given, attempt, random) => {
        const wait = backoffMs(attempt, given, () => random);
        const longest = backoffMs(attempt, { ...given, jitter: 0 }, () => random);
        expect(longest).toBeLessThanOrEqual(given.maxDelayMs);
        expect(wait).toBeLessThanOrEqual(longest);
        expect(wait).toBeGreaterThanOrEqual(longest * (1 - given.jitter) - 1e-9);
        expect(backoffMs(attempt + 1, { ...given, jitter: 0 }, () => 0)).toBeGreaterThanOrEqual(longest);
      }),
    );
  });
});
