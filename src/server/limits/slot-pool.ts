import type { Transport } from '../../transport/transport';
import type { ServerReports } from '../reports';

/** A session that waits for a slot: who gives one back knows none of those that wait. */
export interface SlotWaiter {
  /** There is room again. */
  startNext(): void;
}

/**
 * Operations that the sessions of a connection may have at a time, in all. A session that finds the pool full is woken
 * when there is room again.
 */
export class SlotPool {
  private used = 0;
  private waiting: Set<SlotWaiter> | undefined;
  private isWaking = false;
  private wasTold = false;

  constructor(
    private readonly size: number,
    private readonly transport: Pick<Transport, 'peer'>,
    private readonly reports: ServerReports,
  ) {}

  /** Whether there is a slot; who hears that there is none is woken when there is one. */
  admits(waiter: SlotWaiter): boolean {
    if (this.used < this.size) return true;
    (this.waiting ??= new Set()).add(waiter);
    if (!this.wasTold) this.tell();
    return false;
  }

  /** Takes slots, or gives them back. */
  change(by: number): void {
    this.used += by;
    if (this.used * 2 <= this.size) this.wasTold = false;
    if (by < 0 && this.waiting !== undefined) this.wake(this.waiting);
  }

  forget(waiter: SlotWaiter): void {
    this.waiting?.delete(waiter);
  }

  /** Once for each time that it lasts. */
  private tell(): void {
    this.wasTold = true;
    this.reports.limits.next({
      limit: 'maxInFlightPerConnection',
      peer: this.transport.peer,
      sessionId: undefined,
      allowed: this.size,
      observed: this.size + 1,
      consequence: 'queued',
    });
  }

  private wake(waiting: Set<SlotWaiter>): void {
    // Who is woken may give slots back at once: the loop that runs already serves those who wait for them.
    if (this.isWaking) return;
    this.isWaking = true;
    try {
      for (const waiter of waiting) {
        if (this.used >= this.size) return;
        waiting.delete(waiter);
        waiter.startNext();
      }
    } finally {
      this.isWaking = false;
    }
  }
}
