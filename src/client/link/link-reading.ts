import { Subscription, type SchedulerLike } from 'rxjs';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { LinkOutlet } from './link-outlet';

/** Milliseconds between two signs of life of a client that reads nothing, and so hears no question. */
const SIGN_OF_LIFE_MS = 5000;

/**
 * Stops reading from a server while anybody has a reason to. A transport that cannot be paused is read on.
 * Unsubscribe to be done with it.
 *
 *   read ──hold──▶ paused ──release by every holder──▶ read
 */
export class LinkReading extends Subscription {
  private readonly holders = new Set<object>();
  private signs: Subscription | undefined;

  constructor(
    private readonly outlet: LinkOutlet,
    private readonly scheduler: SchedulerLike,
  ) {
    super();
  }

  /** Whether the transport has a way to be paused; a browser's WebSocket has none. */
  get canPause(): boolean {
    return this.outlet.transport.pause !== undefined;
  }

  get isPaused(): boolean {
    return this.holders.size > 0;
  }

  hold(holder: object): void {
    this.holders.add(holder);
    if (this.holders.size > 1 || this.closed) return;
    this.outlet.transport.pause?.();
    this.signLater();
  }

  release(holder: object): void {
    if (!this.holders.delete(holder) || this.isPaused) return;
    if (this.signs !== undefined) this.remove(this.signs);
    this.signs?.unsubscribe();
    this.outlet.transport.resume?.();
  }

  private signLater(): void {
    this.signs = scheduleIn(this.scheduler, SIGN_OF_LIFE_MS, () => {
      // The server would take silence for an end.
      this.outlet.ping();
      this.signLater();
    });
    this.add(this.signs);
  }
}
