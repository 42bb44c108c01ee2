import type { Subscription } from 'rxjs';
import { scheduleAwake } from './time/awake';
import { monotonicScheduler } from './time/monotonic-scheduler';

/** Milliseconds; see `SocketTransportOptions.closeTimeoutMs`. */
export const DEFAULT_CLOSE_TIMEOUT_MS = 5_000;

/** Cuts a connection that is to end and does not: its peer reads nothing, or never ends its side. */
export class CloseDeadline {
  private timer: Subscription | undefined;

  constructor(
    private readonly ms: number = DEFAULT_CLOSE_TIMEOUT_MS,
    private readonly cut: () => void,
  ) {}

  /** From the first call on, `ms` are left. */
  start(): void {
    this.timer ??= scheduleAwake(monotonicScheduler, this.ms, this.cut);
  }

  /** The connection is gone. */
  stop(): void {
    this.timer?.unsubscribe();
  }
}
