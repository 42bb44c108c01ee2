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
  const ids = idsIn(index, mode);
  if (ids.length !== count) breaksRule('a tile index must have an id for each tile');
  return ids;
}

export function isContiguous(ids: readonly number[]): boolean {
  return ids.every((id, at) => id === ids[0]! + at);
}

function idsIn(index: Uint8Array, mode: TileIndexMode): readonly number[] {
  switch (mode) {
    case TileIndexMode.DenseRange:
      return breaksRule('dense tiles have no tile index');
    case TileIndexMode.RawU16:
      return numbersIn(index);
    case TileIndexMode.DeltaU16: {
      let last = 0;
      return numbersIn(index).map((delta) => (last += delta));
    }
    case TileIndexMode.Bitset:
      return [...index].flatMap((byte, at) =>
        BITS.filter((bit) => (byte >> bit) & 1).map((bit) => 8 * at + bit),
      );
  }
}

const BITS = [0, 1, 2, 3, 4, 5, 6, 7] as const;

function numbersIn(index: Uint8Array): number[] {
  if (index.length % 2 !== 0) breaksRule('a tile index must have 16 bits for each tile');
  return Array.from({ length: index.length / 2 }, (_, at) => index[2 * at]! | (index[2 * at + 1]! << 8));
}
