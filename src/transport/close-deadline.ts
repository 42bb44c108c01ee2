/** Milliseconds; see `SocketTransportOptions.closeTimeoutMs`. */
export const DEFAULT_CLOSE_TIMEOUT_MS = 5_000;

/** A timer takes no more: about 24 days. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Cuts a connection that is to end and does not: its peer reads nothing, or never ends its side. */
export class CloseDeadline {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly ms: number = DEFAULT_CLOSE_TIMEOUT_MS,
    private readonly cut: () => void,
  ) {}

  /** From the first call on, `ms` are left. */
  start(): void {
    this.timer ??= setTimeout(this.cut, Math.min(this.ms, MAX_TIMEOUT_MS));
  }

  /** The connection is gone. */
  stop(): void {
    clearTimeout(this.timer);
  }
}
