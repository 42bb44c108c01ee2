/** Milliseconds from which on something that was run once counts as slow, and is run again. */
const SUSPECT_MS = 5;

/**
 * Measures how long the slowest of many runs took by itself. What other processes and a garbage
 * collection took of the time does not count: a run that seems slow is repeated, by the clock of the
 * processor, and the quickest of its runs is its time.
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
    if (ms > this.slowest) this.slowest = Math.max(this.slowest, ms < SUSPECT_MS ? ms : repeated(action));
    return value;
  }
}

function repeated(action: () => unknown): number {
  let least = Infinity;
  for (let run = 0; run < 4; run++) {
    const start = process.cpuUsage();
    action();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
