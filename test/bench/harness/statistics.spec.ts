import { isDisturbed, ratios, spread } from '../../../bench/harness/statistics';

describe('spread', () => {
  it.each([
    [[3, 1, 2], { median: 2, lower: 1.5, upper: 2.5 }],
    [[4, 1, 3, 2], { median: 2.5, lower: 1.75, upper: 3.25 }],
    [[50, 10, 30, 40, 20], { median: 30, lower: 20, upper: 40 }],
    [[7], { median: 7, lower: 7, upper: 7 }],
  ])('sums %j up', (values, expected) => {
    expect(spread(values)).toEqual(expected);
  });

  it.each([[[]], [[1, NaN]], [[Infinity]]])('refuses %j', (values: number[]) => {
    expect(() => spread(values)).toThrow(RangeError);
  });
});

describe('ratios', () => {
  it('compares run by run, not median by median', () => {
    expect(ratios([10, 40, 90], [10, 20, 30])).toEqual({ median: 2, lower: 1.5, upper: 2.5 });
  });

  it('is undefined where a base is nothing', () => {
    expect(ratios([1, 1], [1, 0])).toBeUndefined();
  });
});

describe('isDisturbed', () => {
  it('allows runs half of which differ by a quarter', () => {
    expect(isDisturbed({ median: 100, lower: 90, upper: 115 })).toBe(false);
    expect(isDisturbed({ median: 100, lower: 90, upper: 116 })).toBe(true);
  });

  it('takes a growth below nothing by its size', () => {
    expect(isDisturbed({ median: -100, lower: -110, upper: -90 })).toBe(false);
  });
});
