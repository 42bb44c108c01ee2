import { isDisturbed, ratios, spread } from '../../../bench/harness/statistics';

describe('spread', () => {
  it.each([
    [[3, 1, 2], { median: 2, min: 1, max: 3 }],
    [[4, 1, 3, 2], { median: 2.5, min: 1, max: 4 }],
    [[7], { median: 7, min: 7, max: 7 }],
  ])('sums %j up', (values, expected) => {
    expect(spread(values)).toEqual(expected);
  });

  it.each([[[]], [[1, NaN]], [[Infinity]]])('refuses %j', (values: number[]) => {
    expect(() => spread(values)).toThrow(RangeError);
  });
});

describe('ratios', () => {
  it('compares run by run, not median by median', () => {
    expect(ratios([10, 40, 90], [10, 20, 30])).toEqual({ median: 2, min: 1, max: 3 });
  });

  it('is undefined where a base is nothing', () => {
    expect(ratios([1, 1], [1, 0])).toBeUndefined();
  });
});

describe('isDisturbed', () => {
  it('allows runs that differ by a quarter', () => {
    expect(isDisturbed({ median: 100, min: 90, max: 115 })).toBe(false);
    expect(isDisturbed({ median: 100, min: 90, max: 116 })).toBe(true);
  });

  it('takes a growth below nothing by its size', () => {
    expect(isDisturbed({ median: -100, min: -110, max: -90 })).toBe(false);
  });
});
