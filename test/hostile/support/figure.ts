/** What was measured, and the bounds that it must keep; one of them at least. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** `ms`, `MiB`, `operations`. */
  readonly unit: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Prints a figure as one line, and throws where it is out of its bounds. */
export function figure({ name, value, unit, atLeast, atMost }: Figure): void {
  const line = `${name}: ${written(value)} ${unit} (${bounds(atLeast, atMost)})`;
  process.stderr.write(`  figure  ${line}\n`);
  // So written that NaN is out of bounds.
  if (atLeast === undefined && atMost === undefined) throw new Error(`${name} has no bound`);
  const isHeld = (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
  if (!isHeld) throw new Error(`out of bounds: ${line}`);
}

function bounds(atLeast: number | undefined, atMost: number | undefined): string {
  if (atLeast === atMost && atLeast !== undefined) return `exactly ${written(atLeast)}`;
  return [
    ...(atLeast === undefined ? [] : [`at least ${written(atLeast)}`]),
    ...(atMost === undefined ? [] : [`at most ${written(atMost)}`]),
  ].join(', ');
}

function written(value: number): string {
  return Number(value.toFixed(2)).toLocaleString('en');
}

/** Bytes as MiB, for figures. */
export function mebibytes(bytes: number): number {
  return bytes / (1024 * 1024);
}
