import { build, type Histogram } from 'hdr-histogram-js';
import { usage, type Usage } from '../harness/program';

/** What a load did. */
export interface LoadResult {
  readonly operations: number;
  readonly seconds: number;
  /** Microseconds. */
  readonly p50: number;
  /** Microseconds. */
  readonly p99: number;
  /** CPU microseconds of the load itself. */
  readonly cpu: number;
}

/** Counts operations and their latencies between `start` and `result`. */
export class Latency {
  private histogram: Histogram = emptyHistogram();
  private startedAt: Usage = usage();
  private operations = 0;

  get isEmpty(): boolean {
    return this.operations === 0;
  }

  /** Forgets what was before: the run proper begins. */
  start(): void {
    this.histogram = emptyHistogram();
    this.operations = 0;
    this.startedAt = usage();
  }

  /** `count` operations that took so many milliseconds each. */
  record(ms: number, count: number): void {
    this.operations += count;
    this.histogram.recordValueWithCount(Math.max(1, Math.round(ms * 1000)), count);
  }

  result(): LoadResult {
    const { cpu, at } = usage();
    return {
      operations: this.operations,
      seconds: Math.max(1, at - this.startedAt.at) / 1e6,
      p50: this.histogram.getValueAtPercentile(50),
      p99: this.histogram.getValueAtPercentile(99),
      cpu: cpu - this.startedAt.cpu,
    };
  }
}

function emptyHistogram(): Histogram {
  return build({ numberOfSignificantValueDigits: 3 });
}
