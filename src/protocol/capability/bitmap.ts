/** The bit of an id in a bitmap of 32 ids from 1 to 32: profiles and cache object kinds. */
export function idBit(id: number): number {
  if (!Number.isInteger(id) || id < 1 || id > 32) {
    throw new RangeError(`a bitmap has ids from 1 to 32, not ${id}`);
  }
  return (1 << (id - 1)) >>> 0;
}

/**
 * The bitmap of some ids: id n is bit n − 1. Throws a `RangeError` for an id that has no bit.
 *
 * @example
 * bitmapOf([Profile.Tensor, Profile.Token]); // 0b11
 */
export function bitmapOf(ids: Iterable<number>): number {
  let bitmap = 0;
  for (const id of ids) bitmap |= idBit(id);
  return bitmap >>> 0;
}

/** Whether a bitmap has an id; one without a bit is in none. */
export function hasId(bitmap: number, id: number): boolean {
  return Number.isInteger(id) && id >= 1 && id <= 32 && ((bitmap >>> (id - 1)) & 1) === 1;
}

/** The bits that two bitmaps of 32 have in common, as an unsigned number. */
export function intersect(a: number, b: number): number {
  return (a & b) >>> 0;
}

/** Whether every bit of `bitmap` is one of `allowed`. */
export function isSubset(bitmap: number, allowed: number): boolean {
  return (bitmap & ~allowed) === 0;
}
