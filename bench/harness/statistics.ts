/** A figure of several runs. */
export interface Spread {
  readonly median: number;
  /** The quartiles: half of the runs lie between them. */
  readonly lower: number;
  readonly upper: number;
}

/** Throws a `RangeError` where there is nothing to sum up, or something is no number. */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0 || !values.every(Number.isFinite)) {
    throw new RangeError(`no figure can be made of [${values.join(', ')}]`);
  }
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), lower: quantile(sorted, 0.25), upper: quantile(sorted, 0.75) };
}

/** What a share of ascending values does not exceed; between two of them in proportion. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return below + (above - below) * (place % 1);
}

/**
 * One value over another, run by run: what disturbs both sides of a pair cancels out. Undefined where a
 * base is nothing, or less: then there is nothing to compare with.
 */
export function ratios(values: readonly number[], bases: readonly number[]): Spread | undefined {
  if (!bases.every((base) => base > 0)) return undefined;
  return spread(values.map((value, index) => value / bases[index]!));
}

/** Whether the median says little: half of the runs differ by more than a quarter of it. */
export function isDisturbed({ median, lower, upper }: Spread): boolean {
  return upper - lower > Math.abs(median) / 4;
}
