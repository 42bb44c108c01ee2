import type { SchedulerLike, Subscription, Unsubscribable } from 'rxjs';
import { afterReading } from '../../transport/time/after-reading';
import { scheduleIn } from '../../transport/time/schedule-in';

/** Who may fall idle. */
export interface IdleWatched {
  /** When it last did something, in milliseconds; Infinity while it is at it. */
  readonly lastActive: number;
  /** It has been idle for too long. */
  fellIdle(): void;
}

/** Notices a session that nobody uses any more. Unsubscribe to stop. */
export class IdleWatch implements Unsubscribable {
  private next: Subscription | undefined;

  constructor(
    private readonly watched: IdleWatched,
    private readonly timeoutMs: number,
    private readonly scheduler: SchedulerLike,
  ) {
    this.wait();
  }

  unsubscribe(): void {
    this.next?.unsubscribe();
  }

  private get idleMs(): number {
    return Math.max(0, this.scheduler.now() - this.watched.lastActive);
  }

  private wait(): void {
    this.next = scheduleIn(this.scheduler, this.timeoutMs - this.idleMs, () => {
      this.next = afterReading(this.scheduler, () => {
        this.judge();
      });
    });
  }

  private judge(): void {
    if (this.idleMs >= this.timeoutMs) this.watched.fellIdle();
    else this.wait();
  }
}
