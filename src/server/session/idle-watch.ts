import { Subscription, type SchedulerLike } from 'rxjs';
import { timerMs } from '../../protocol/timer';

/** Who may fall idle. */
export interface IdleWatched {
  /** When it last did something, in milliseconds; Infinity while it is at it. */
  readonly lastActive: number;
  /** It has been idle for too long. */
  fellIdle(): void;
}

/** Notices a session that nobody uses any more. Unsubscribe to stop. */
export class IdleWatch extends Subscription {
  constructor(
    private readonly watched: IdleWatched,
    private readonly timeoutMs: number,
    private readonly scheduler: SchedulerLike,
  ) {
    super();
    this.check();
  }

  private check(): void {
    const idleFor = Math.max(0, this.scheduler.now() - this.watched.lastActive);
    if (idleFor >= this.timeoutMs) {
      this.watched.fellIdle();
      return;
    }
    const next = this.scheduler.schedule(
      () => {
        this.remove(next);
        this.check();
      },
      timerMs(this.timeoutMs - idleFor),
    );
    this.add(next);
  }
}
