/** Milliseconds from which on something that was run once counts as slow, and is run again. */
const SUSPECT_MS = 5;

/**
 * Measures how long the slowest of many runs took by itself: what another process, or a garbage
 * collection, took of the time does not count, as a run that seems slow is repeated, and the quickest
 * of its runs is its time.
 */
export class Stopwatch {
  private slowest = 0;

  /** Milliseconds. */
  get slowestMs(): number {
    return this.slowest;
  }

  /** Runs `action`, and again where it was slow: it must do the same each time. */
  run<T>(action: () => T): T {
    const start = performance.now();
    const value = action();
    const ms = performance.now() - start;
    if (ms > this.slowest) this.slowest = Math.max(this.slowest, ms < SUSPECT_MS ? ms : repeated(action, ms));
    return value;
  }
}

function repeated(action: () => unknown, firstMs: number): number {
  let least = firstMs;
  for (let run = 0; run < 4; run++) {
    const start = performance.now();
    action();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}
