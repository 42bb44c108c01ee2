import { seededRandom } from '../../../demo/model/random';

const take = (count: number, seed: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random());
};

describe('seededRandom', () => {
  it('repeats itself for a seed, and not for another', () => {
    expect(take(100, 7)).toEqual(take(100, 7));
    expect(take(100, 7)).not.toEqual(take(100, 8));
  });

  it('takes any number for a seed, by its low 32 bits', () => {
    expect(take(5, -1)).toEqual(take(5, 0xffff_ffff));
    expect(take(5, 2 ** 32 + 3)).toEqual(take(5, 3));
  });

  it('spreads evenly over [0, 1)', () => {
    const numbers = take(100_000, 1);
    const tenths = Array.from(
      { length: 10 },
      (_, tenth) => numbers.filter((n) => Math.floor(n * 10) === tenth).length,
    );
    expect(tenths.reduce((a, b) => a + b)).toBe(100_000);
    // 27.9 is exceeded by chance once in a thousand, with nine degrees of freedom.
    expect(tenths.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(27.9);
  });

  it('is even for the first number of neighbouring seeds', () => {
    const firsts = Array.from({ length: 10_000 }, (_, seed) => seededRandom(seed)());
    const mean = firsts.reduce((a, b) => a + b) / firsts.length;
    // Four standard errors of the mean of uniform numbers.
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * firsts.length));
  });
});
