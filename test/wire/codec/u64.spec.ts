import fc from 'fast-check';
import { highWord, joinU64, lowWord } from '../../../src/wire/codec/u64';
import { u64s } from '../../support/arbitraries';

describe('u64', () => {
  it.each([
    [0n, 0, 0],
    [1n, 1, 0],
    [0x7fff_ffffn, 0x7fff_ffff, 0],
    [0xffff_ffffn, 0xffff_ffff, 0],
    [0x1_0000_0000n, 0, 1],
    [0x1122_3344_5566_7788n, 0x5566_7788, 0x1122_3344],
    [0x8000_0000_0000_0000n, 0, 0x8000_0000],
    [0xffff_ffff_ffff_ffffn, 0xffff_ffff, 0xffff_ffff],
  ])('%d', (value, low, high) => {
    expect([lowWord(value), highWord(value)]).toEqual([low, high]);
    expect(joinU64(low, high)).toBe(value);
  });

  it('joins what it splits', () => {
    fc.assert(fc.property(u64s(), (value) => joinU64(lowWord(value), highWord(value)) === value));
  });
});
