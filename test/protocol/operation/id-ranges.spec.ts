import fc from 'fast-check';
import { IdRanges } from '../../../src/protocol/operation/id-ranges';

function of(...ids: readonly number[]): IdRanges {
  const ranges = new IdRanges();
  for (const id of ids) ranges.add(id);
  return ranges;
}

/** The ranges that a set of ids forms, worked out the slow way. */
function rangesOf(ids: ReadonlySet<number>): { first: number; last: number }[] {
  const ranges: { first: number; last: number }[] = [];
  for (const id of [...ids].sort((a, b) => a - b)) {
    const current = ranges.at(-1);
    if (current?.last === id - 1) current.last = id;
    else ranges.push({ first: id, last: id });
  }
  return ranges;
}

describe('IdRanges', () => {
  it('is empty at first', () => {
    const ids = new IdRanges();
    expect({ size: ids.size, count: ids.rangeCount, exact: ids.isExact, has: ids.has(0) }).toEqual({
      size: 0,
      count: 0,
      exact: true,
      has: false,
    });
    expect([...ids.ranges()]).toEqual([]);
  });

  it.each([
    ['one id', [5], [[5, 5]]],
    ['ascending ids', [1, 2, 3], [[1, 3]]],
    ['descending ids', [3, 2, 1], [[1, 3]]],
    [
      'a gap',
      [1, 3],
      [
        [1, 1],
        [3, 3],
      ],
    ],
    ['a gap filled', [1, 3, 2], [[1, 3]]],
    [
      'a range before all',
      [8, 1],
      [
        [1, 1],
        [8, 8],
      ],
    ],
    [
      'a range between',
      [1, 9, 5],
      [
        [1, 1],
        [5, 5],
        [9, 9],
      ],
    ],
    [
      'a range grown upward',
      [1, 9, 5, 6],
      [
        [1, 1],
        [5, 6],
        [9, 9],
      ],
    ],
    [
      'a range grown downward',
      [1, 9, 5, 4],
      [
        [1, 1],
        [4, 5],
        [9, 9],
      ],
    ],
    [
      'two ranges joined among others',
      [1, 4, 6, 9, 5],
      [
        [1, 1],
        [4, 6],
        [9, 9],
      ],
    ],
    ['zero', [1, 0], [[0, 1]]],
    [
      'the ends of u32',
      [0xffff_fffe, 0xffff_ffff, 0],
      [
        [0, 0],
        [0xffff_fffe, 0xffff_ffff],
      ],
    ],
  ])('joins neighbours: %s', (_, added, expected) => {
    const ids = of(...added);
    expect([...ids.ranges()].map(({ first, last }) => [first, last])).toEqual(expected);
    expect(ids.size).toBe(added.length);
    expect(ids.rangeCount).toBe(expected.length);
  });

  it('tells whether an id is new', () => {
    const ids = of(1, 2, 7);
    expect([1, 2, 7].map((id) => ids.add(id))).toEqual([false, false, false]);
    expect([3, 8, 5].map((id) => ids.add(id))).toEqual([true, true, true]);
    expect(ids.size).toBe(6);
  });

  it('takes ids up to 2^53 - 1', () => {
    const ids = of(Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER);
    expect(ids.has(Number.MAX_SAFE_INTEGER)).toBe(true);
    expect(ids.has(Number.MAX_SAFE_INTEGER - 2)).toBe(false);
    expect(ids.rangeCount).toBe(1);
  });

  it('keeps a million ascending ids as one range', () => {
    const ids = new IdRanges();
    for (let id = 1; id <= 1_000_000; id++) ids.add(id);
    expect([...ids.ranges()]).toEqual([{ first: 1, last: 1_000_000 }]);
    expect(ids.size).toBe(1_000_000);
  });

  it('agrees with a Set', () => {
    const id = fc.oneof(fc.nat(40), fc.integer({ min: 0xffff_fff0, max: 0xffff_ffff }));
    fc.assert(
      fc.property(fc.array(id, { maxLength: 80 }), (added) => {
        const ids = new IdRanges();
        const model = new Set<number>();
        for (const next of added) {
          expect(ids.add(next)).toBe(!model.has(next));
          model.add(next);
          expect(ids.size).toBe(model.size);
        }
        expect([...ids.ranges()]).toEqual(rangesOf(model));
        for (let probe = 0; probe <= 42; probe++) expect(ids.has(probe)).toBe(model.has(probe));
        expect(ids.isExact).toBe(true);
      }),
    );
  });

  describe('with maxRanges', () => {
    it('is exact up to the limit', () => {
      const ids = new IdRanges({ maxRanges: 3 });
      for (const id of [1, 9, 5, 6]) ids.add(id);
      expect([ids.rangeCount, ids.size, ids.isExact]).toEqual([3, 4, true]);
    });

    it('is exact up to the limit with ascending ids', () => {
      const ids = new IdRanges({ maxRanges: 3 });
      for (const id of [1, 5, 9]) ids.add(id);
      expect([ids.rangeCount, ids.isExact]).toEqual([3, true]);
    });

    it('closes the narrowest gaps when there are too many ranges', () => {
      const ids = new IdRanges({ maxRanges: 4 });
      for (const id of [10, 20, 22, 40, 42]) ids.add(id);
      expect([...ids.ranges()]).toEqual([
        { first: 10, last: 10 },
        { first: 20, last: 22 },
        { first: 40, last: 42 },
      ]);
      expect(ids.isExact).toBe(false);
      expect(ids.has(21)).toBe(true);
      expect(ids.size).toBe(7);
    });

    it('closes a narrower gap before wider ones that come first', () => {
      const ids = new IdRanges({ maxRanges: 4 });
      for (const id of [10, 15, 20, 25, 27]) ids.add(id);
      expect([...ids.ranges()]).toEqual([
        { first: 10, last: 15 },
        { first: 20, last: 20 },
        { first: 25, last: 27 },
      ]);
    });

    it('closes gaps for an id in between, too', () => {
      const ids = new IdRanges({ maxRanges: 2 });
      for (const id of [1, 100, 50]) ids.add(id);
      expect([...ids.ranges()]).toEqual([{ first: 1, last: 100 }]);
    });

    it('may keep as little as one range', () => {
      const ids = new IdRanges({ maxRanges: 1 });
      for (const id of [5, 9, 1]) ids.add(id);
      expect([...ids.ranges()]).toEqual([{ first: 1, last: 9 }]);
      expect(ids.size).toBe(9);
    });

    it('refuses a limit below one', () => {
      expect(() => new IdRanges({ maxRanges: 0 })).toThrow(RangeError);
      expect(() => new IdRanges({ maxRanges: NaN })).toThrow(RangeError);
    });

    it('stays within the limit, never lacks an id, and counts what it has', () => {
      const property = fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.nat(300), { maxLength: 120 }),
        (maxRanges, added) => {
          const ids = new IdRanges({ maxRanges });
          for (const id of added) {
            ids.add(id);
            expect(ids.rangeCount).toBeLessThanOrEqual(maxRanges);
          }
          for (const id of added) expect(ids.has(id)).toBe(true);
          const covered = new Set(Array.from({ length: 302 }, (_, id) => id).filter((id) => ids.has(id)));
          expect([...ids.ranges()]).toEqual(rangesOf(covered));
          expect(ids.size).toBe(covered.size);
          if (ids.isExact) expect(covered).toEqual(new Set(added));
        },
      );
      fc.assert(property);
    });
  });
});
