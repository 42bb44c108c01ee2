import fc from 'fast-check';
import { highWord, isU64, joinU64, lowWord } from '../../../src/wire/codec/u64';
import { u64s } from '../../support/arbitraries';

describe('u64', () => {
  it.each([
    [0n, 0, 0],
    [1n, 1, 0],
    [0x7fff_ffffn, 0x7fff_ffff, 0],
    [0xffff_ffffn, 0xffff_ffff, 0],
    [0x1_0000_0000n, 0, 1],
    [0x1f_ffff_ffff_ffffn, 0xffff_ffff, 0x1f_ffff],
    [0x20_0000_0000_0000n, 0, 0x20_0000],
    [0x20_0000_0000_0001n, 1, 0x20_0000],
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

  it('are bigints of 64 bits', () => {
    fc.assert(fc.property(u64s(), isU64));
    for (const other of [
      -1n,
      -(2n ** 52n),
      -(2n ** 53n),
      2n ** 64n,
      2n ** 64n + 1n,
      -(2n ** 64n),
      0,
      1,
      NaN,
      '1',
      undefined,
      {},
    ])
      expect(isU64(other)).toBe(false);
  });
});
