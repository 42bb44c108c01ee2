import { build, type Histogram } from 'hdr-histogram-js';
import type { LoadResult } from '../child';

/** Counts operations and their latencies between `start` and `result`. */
export class Latency {
  private histogram: Histogram = build({ numberOfSignificantValueDigits: 3 });
  private startedAt = process.hrtime.bigint();
  private operations = 0;

  /** Forgets what was before: the run proper begins. */
  start(): void {
    this.histogram = build({ numberOfSignificantValueDigits: 3 });
    this.operations = 0;
    this.startedAt = process.hrtime.bigint();
  }

  /** `count` operations that were sent at `sentAt`, in milliseconds of `performance.now()`. */
  record(sentAt: number, count: number): void {
    this.operations += count;
    this.histogram.recordValueWithCount(Math.max(1, Math.round((performance.now() - sentAt) * 1000)), count);
  }

  result(): LoadResult {
    return {
      operations: this.operations,
      seconds: Number(process.hrtime.bigint() - this.startedAt) / 1e9,
      p50: this.histogram.getValueAtPercentile(50),
      p99: this.histogram.getValueAtPercentile(99),
    };
  }
}
