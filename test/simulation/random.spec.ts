import { Random } from './random';

const numbers = (random: Random, count = 20): number[] => Array.from({ length: count }, () => random.next());

describe('random numbers', () => {
  it('are those of their seed', () => {
    expect(numbers(new Random(7))).toEqual(numbers(new Random(7)));
    expect(numbers(new Random(7))).not.toEqual(numbers(new Random(8)));
    expect(numbers(new Random(2 ** 40))).not.toEqual(numbers(new Random(0)));
  });

  it('are apart in streams of their own, whatever others have drawn', () => {
    const first = new Random(7);
    const second = new Random(7);
    numbers(second);
    expect(numbers(first.fork('network'))).toEqual(numbers(second.fork('network')));
    expect(numbers(first.fork('network'))).not.toEqual(numbers(first.fork('application')));
    expect(numbers(first.fork('a').fork('b'))).not.toEqual(numbers(first.fork('b').fork('a')));
  });

  it('are spread evenly', () => {
    const random = new Random(3);
    const tenths = Array<number>(10).fill(0);
    for (const value of numbers(random, 20_000)) tenths[Math.floor(value * 10)]! += 1;
    for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });

  it('keep to their bounds, both included', () => {
    const random = new Random(5);
    const drawn = new Set(Array.from({ length: 500 }, () => random.int(-2, 3)));
    expect([...drawn].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3]);
    expect(random.int(4, 4)).toBe(4);
    expect(new Set(random.bytes(2000)).size).toBeGreaterThan(250);
    expect(random.bytes(3)).toHaveLength(3);
  });

  it('decide by chance and by weight', () => {
    const random = new Random(9);
    const count = (draw: () => boolean): number => Array.from({ length: 5000 }, draw).filter(Boolean).length;
    expect(count(() => random.chance(0))).toBe(0);
    expect(count(() => random.chance(1))).toBe(5000);
    expect(Math.abs(count(() => random.chance(0.2)) - 1000)).toBeLessThan(150);
    expect(Math.abs(count(() => random.weighted({ a: 3, b: 1, c: 0 }) === 'b') - 1250)).toBeLessThan(150);
    expect(count(() => random.weighted({ a: 3, b: 1, c: 0 }) === 'c')).toBe(0);
    expect(new Set(Array.from({ length: 100 }, () => random.pick(['x', 'y'])))).toEqual(new Set(['x', 'y']));
  });

  it('cannot come from nothing', () => {
    expect(() => new Random(1).pick([])).toThrow(RangeError);
    expect(() => new Random(1).weighted({ a: 0 })).toThrow(RangeError);
  });
});
