/** How much is done for a figure. */
export interface Effort {
  readonly name: 'full' | 'quick' | 'moment';
  /** Times that a figure is taken which needs new processes each time. */
  readonly rounds: number;
  /**
   * Processes of each side that take turns, one pair after the other: those of the same code differ by as
   * much as a fifth, each for as long as it lives.
   */
  readonly processes: number;
  /** Times that each side runs, in each of its processes. */
  readonly turns: number;
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
  /** For figures that are kept. */
  full: { name: 'full', rounds: 3, processes: 2, turns: 5, heatMs: 300, warmMs: 25, runMs: 100, divisor: 1 },
  /** An impression. */
  quick: { name: 'quick', rounds: 1, processes: 1, turns: 3, heatMs: 150, warmMs: 20, runMs: 60, divisor: 4 },
  /** Whether it runs at all. */
  moment: {
    name: 'moment',
    rounds: 1,
    processes: 1,
    turns: 1,
    heatMs: 0,
    warmMs: 0,
    runMs: 30,
    divisor: 200,
  },
};

/** A count as large as the effort allows, 1 at least. */
export function scaled(count: number, { divisor }: Effort): number {
  return Math.max(1, Math.round(count / divisor));
}
