/** How much is done for a figure. */
export interface Effort {
  readonly name: 'full' | 'quick' | 'moment';
  /** Times that each side runs. */
  readonly rounds: number;
  /** Milliseconds of CPU that a fresh process gets before anything counts. */
  readonly heatMs: number;
  /** Milliseconds at the start of each run that do not count. */
  readonly warmMs: number;
  /** Milliseconds of each run that count. */
  readonly runMs: number;
  /** What counts of connections, sessions and operations are divided by. */
  readonly divisor: number;
}

export const EFFORTS: Readonly<Record<Effort['name'], Effort>> = {
  full: { name: 'full', rounds: 5, heatMs: 500, warmMs: 100, runMs: 300, divisor: 1 },
  /** One run each: an impression. */
  quick: { name: 'quick', rounds: 1, heatMs: 150, warmMs: 50, runMs: 200, divisor: 4 },
  /** Whether it runs at all. */
  moment: { name: 'moment', rounds: 1, heatMs: 0, warmMs: 0, runMs: 30, divisor: 200 },
};

/** A count as large as the effort allows, 1 at least. */
export function scaled(count: number, { divisor }: Effort): number {
  return Math.max(1, Math.round(count / divisor));
}
