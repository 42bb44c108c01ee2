/** A figure of several runs. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Throws a `RangeError` where there is nothing to sum up, or something is no number. */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0 || !values.every(Number.isFinite)) {
    throw new RangeError(`no figure can be made of [${values.join(', ')}]`);
  }
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, min: sorted[0]!, max: sorted[sorted.length - 1]! };
}

/**
 * One value over another, run by run: what disturbs both sides of a pair cancels out. Undefined where a
 * base is nothing, or less: then there is nothing to compare with.
 */
export function ratios(values: readonly number[], bases: readonly number[]): Spread | undefined {
  if (!bases.every((base) => base > 0)) return undefined;
  return spread(values.map((value, index) => value / bases[index]!));
}

/** Whether runs of one figure differ so much that its median says little: by more than a quarter. */
export function isDisturbed({ median, min, max }: Spread): boolean {
  return max - min > Math.abs(median) / 4;
}
