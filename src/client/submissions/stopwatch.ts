import type { SchedulerLike } from 'rxjs';

/** How long an operation takes, in milliseconds; undefined of what has not come to pass. */
export interface OperationTimings {
  /** Until it was sent: it waits for credit, or a connection. */
  readonly queueMs: number | undefined;
  /** Until its first result, from the submit on. */
  readonly firstMs: number | undefined;
  /** Between a result and the next, on average. */
  readonly meanGapMs: number | undefined;
  readonly maxGapMs: number | undefined;
  /** Until its end. */
  readonly totalMs: number | undefined;
}

/** Times an operation, anew each time that it is started. */
export class Stopwatch implements OperationTimings {
  queueMs: number | undefined;
  firstMs: number | undefined;
  maxGapMs: number | undefined;
  totalMs: number | undefined;
  private startedAt = 0;
  private lastAt = 0;
  private results = 0;

  constructor(private readonly clock: Pick<SchedulerLike, 'now'>) {}

  get meanGapMs(): number | undefined {
    const { results, lastAt, startedAt, firstMs } = this;
    if (firstMs === undefined || results < 2) return undefined;
    return (lastAt - startedAt - firstMs) / (results - 1);
  }

  start(): void {
    this.startedAt = this.clock.now();
    this.queueMs = this.firstMs = this.maxGapMs = this.totalMs = undefined;
    this.results = 0;
  }

  sent(): void {
    this.queueMs = this.clock.now() - this.startedAt;
  }

  result(): void {
    const now = this.clock.now();
    this.results += 1;
    if (this.firstMs === undefined) this.firstMs = now - this.startedAt;
    else this.maxGapMs = Math.max(this.maxGapMs ?? 0, now - this.lastAt);
    this.lastAt = now;
  }

  stop(): void {
    this.totalMs = this.clock.now() - this.startedAt;
  }

  toJSON(): OperationTimings {
    const { queueMs, firstMs, meanGapMs, maxGapMs, totalMs } = this;
    return { queueMs, firstMs, meanGapMs, maxGapMs, totalMs };
  }
}
