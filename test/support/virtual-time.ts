import { VirtualTimeScheduler, type SchedulerAction, type Subscription } from 'rxjs';

/**
 * Time that passes only when a test says so; unlike `VirtualTimeScheduler.flush`, a part of it, so that
 * timers which start each other do not run for ever.
 */
export class VirtualTime extends VirtualTimeScheduler {
  /** Timers that wait. */
  get pendingCount(): number {
    return this.actions.length;
  }

  /** Lets so many milliseconds pass, with every timer that falls due in them. */
  advance(ms: number): void {
    this.maxFrames = this.frame + ms;
    this.flush();
    this.frame = this.maxFrames;
  }
}

/** Time in which the process may stand still, too: then no timer fires, and those that were due are late. */
export class PausableTime extends VirtualTime {
  private awakeAgainAt = 0;

  constructor() {
    super();
    this.now = () => Math.max(this.frame, this.awakeAgainAt);
  }

  override schedule<T>(
    work: (this: SchedulerAction<T>, state?: T) => void,
    delay = 0,
    state?: T,
  ): Subscription {
    return super.schedule(work, this.now() - this.frame + delay, state);
  }

  /** So many milliseconds pass, and nothing happens. */
  standStill(ms: number): void {
    this.awakeAgainAt = this.now() + ms;
    this.advance(ms);
  }
}
