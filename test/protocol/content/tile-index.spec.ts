import { decodeTileIndex, encodeTileIndex } from '../../../src/protocol/content/parts/tile-index';
import { TileIndexMode } from '../../../src/wire/messages/frame-submit';
import { faultOf } from '../support';

const { DenseRange, RawU16, DeltaU16, Bitset } = TileIndexMode;

describe('a tile index', () => {
  it.each([
    ['numbers', RawU16, encodeTileIndex([3, 9, 0xffff]), [3, 9, 0xffff]],
    ['steps', DeltaU16, encodeTileIndex([3, 6, 1]), [3, 9, 10]],
    ['bits', Bitset, Uint8Array.of(0b1000_0001, 0, 0b10), [0, 7, 17]],
    ['no bits', Bitset, Uint8Array.of(0, 0), []],
  ])('has %s', (_, mode, index, ids) => {
    expect(decodeTileIndex(index, mode, ids.length)).toEqual(ids);
    expect(faultOf(() => decodeTileIndex(index, mode, ids.length + 1))).toMatchObject({
      rule: 'a tile index must have an id for each tile',
    });
  });

  it('may name each tile that there can be', () => {
    const ids = decodeTileIndex(new Uint8Array(8192).fill(0xff), Bitset, 0x1_0000);
    expect([ids.length, ids.at(-1)]).toEqual([0x1_0000, 0xffff]);
  });

  it.each([
    ['bits beyond all ids', Bitset, /8192 bytes at most/],
    ['many numbers', RawU16, /an id for each tile/],
    ['many steps', DeltaU16, /an id for each tile/],
    ['any where tiles are dense', DenseRange, /no tile index/],
  ])('of %s is refused unread', (_, mode, rule) => {
    const index = new Uint8Array(64 * 1024 * 1024);
    const read = jest.fn(() => 0xff);
    const guarded = new Proxy(index, {
      get: (bytes, key) =>
        typeof key === 'string' && /^\d/.test(key) ? read() : (Reflect.get(bytes, key, bytes) as unknown),
    });
    expect(JSON.stringify(faultOf(() => decodeTileIndex(guarded, mode, 2)))).toMatch(rule);
    expect(read).not.toHaveBeenCalled();
  });

  it('of half a number is refused', () => {
    expect(faultOf(() => decodeTileIndex(new Uint8Array(3), RawU16, 1))).toBeDefined();
  });
});
