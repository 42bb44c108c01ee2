import type { TimestampProvider } from 'rxjs';

/** What the date is when a simulation begins. */
const BEGIN_MS = Date.UTC(2026, 0, 1);

/** The date: it goes on with the time, and somebody sets it now and then. */
export class WallClock implements TimestampProvider {
  private ahead = BEGIN_MS;

  constructor(private readonly time: TimestampProvider) {}

  /** Epoch milliseconds. */
  now(): number {
    return this.ahead + this.time.now();
  }

  /** Sets it forward, or back. */
  step(ms: number): void {
    this.ahead += ms;
  }
}
