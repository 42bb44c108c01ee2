import fc from 'fast-check';
import { bitmapOf, hasId, idBit, intersect, isSubset } from '../../../src/protocol/capability/bitmap';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
import { Profile } from '../../../src/wire/messages/payload-kind';

const bitmap = fc.integer({ min: 0, max: 0xffff_ffff });

/** The ids of a bitmap, ascending. */
function idsOf(bits: number): number[] {
  const digits = bits.toString(2).padStart(32, '0');
  return Array.from({ length: 32 }, (_, index) => index + 1).filter((id) => digits.at(-id) === '1');
}

describe('a bitmap of ids', () => {
  it('has id n at bit n - 1', () => {
    expect([1, 2, 9, 32].map(idBit)).toEqual([1, 2, 0x100, 0x8000_0000]);
    expect(bitmapOf([Profile.Tensor, Profile.Token])).toBe(0b11);
    expect(bitmapOf([CacheObjectKind.StructuredEventSchema])).toBe(0x100);
    expect(bitmapOf([])).toBe(0);
    expect(bitmapOf([32, 1, 32])).toBe(0x8000_0001);
  });

  it.each([0, -1, 33, 1.5, NaN])('has no bit for %d', (id) => {
    expect(() => idBit(id)).toThrow(RangeError);
    expect(hasId(0xffff_ffff, id)).toBe(false);
  });

  it('gives back its ids', () => {
    expect(idsOf(0x8000_0101)).toEqual([1, 9, 32]);
    fc.assert(
      fc.property(bitmap, (bits) => {
        expect(bitmapOf(idsOf(bits))).toBe(bits);
        for (let id = 1; id <= 32; id++) expect(hasId(bits, id)).toBe(idsOf(bits).includes(id));
      }),
    );
  });

  it('is a subset of another, or shares some bits with it, all 32 of them unsigned', () => {
    fc.assert(
      fc.property(bitmap, bitmap, (a, b) => {
        const common = idsOf(a).filter((id) => idsOf(b).includes(id));
        expect(idsOf(intersect(a, b))).toEqual(common);
        expect(intersect(a, b)).toBeGreaterThanOrEqual(0);
        expect(isSubset(a, b)).toBe(common.length === idsOf(a).length);
        expect(isSubset(intersect(a, b), b)).toBe(true);
      }),
    );
  });
});
