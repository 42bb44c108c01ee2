import { breaksRule } from '../../../wire/errors';
import { TileIndexMode } from '../../../wire/messages/frame-submit';

/** Tile ids as a block of RAW_U16. */
export function encodeTileIndex(ids: readonly number[]): Uint8Array {
  const index = new Uint8Array(2 * ids.length);
  ids.forEach((id, at) => {
    index[2 * at] = id;
    index[2 * at + 1] = id >>> 8;
  });
  return index;
}

/** Reads so many tile ids. Throws an `NnrpError` where the block has more or fewer. */
export function decodeTileIndex(index: Uint8Array, mode: TileIndexMode, count: number): readonly number[] {
  switch (mode) {
    case TileIndexMode.DenseRange:
      return breaksRule('dense tiles have no tile index');
    case TileIndexMode.RawU16:
      return numbersIn(index, count);
    case TileIndexMode.DeltaU16: {
      let last = 0;
      return numbersIn(index, count).map((delta) => (last += delta));
    }
    case TileIndexMode.Bitset:
      return bitsIn(index, count);
  }
}

export function isContiguous(ids: readonly number[]): boolean {
  return ids.every((id, at) => id === ids[0]! + at);
}

function numbersIn(index: Uint8Array, count: number): number[] {
  requireCount(index.length / 2, count);
  return Array.from({ length: count }, (_, at) => index[2 * at]! | (index[2 * at + 1]! << 8));
}

/** Of all ids of 16 bits. */
const LARGEST_BITSET = 0x1_0000 / 8;

function bitsIn(index: Uint8Array, count: number): readonly number[] {
  if (index.length > LARGEST_BITSET)
    breaksRule(`a bitset of tiles must have ${LARGEST_BITSET} bytes at most`);
  const ids: number[] = [];
  index.forEach((byte, at) => {
    for (let bit = 0; bit < 8; bit += 1) if ((byte >> bit) & 1) ids.push(8 * at + bit);
  });
  requireCount(ids.length, count);
  return ids;
}

function requireCount(actual: number, count: number): void {
  if (actual !== count) breaksRule('a tile index must have an id for each tile');
}
