/** How many of the slowest runs are judged again. */
const SUSPECTS = 16;

interface Run {
  readonly ms: number;
  readonly action: () => unknown;
}

/**
 * Measures how long the slowest of many runs took by itself. What other processes, a garbage collection
 * and code that was not compiled yet took of the time does not count: the runs that seemed slowest are
 * repeated once all are over, by the clock of the processor, and the quickest repetition of each is its time.
 */
export class Stopwatch {
  /** The slowest first. */
  private readonly suspects: Run[] = [];

  /** Milliseconds; repeats the suspects. */
  slowestMs(): number {
    return Math.max(...this.suspects.map(({ action }) => repeated(action)));
  }

  /** Runs `action`, and later again where it was slow: it must do the same each time. */
  run<T>(action: () => T): T {
    const start = performance.now();
    const value = action();
    const ms = performance.now() - start;
    if (this.suspects.length < SUSPECTS || ms > this.suspects.at(-1)!.ms) {
      this.suspects.push({ ms, action });
      this.suspects.sort((one, other) => other.ms - one.ms).splice(SUSPECTS);
    }
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
