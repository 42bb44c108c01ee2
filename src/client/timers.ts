import { Subscription, type SchedulerLike, type Unsubscribable } from 'rxjs';
import { timerMs } from '../protocol/timer';

/** What a client does later. Unsubscribe to do none of it. */
export class Timers implements Unsubscribable {
  private readonly running = new Subscription();

  constructor(private readonly scheduler: SchedulerLike) {}

  /** Does some work, whose failures are its own, after so many milliseconds. Unsubscribe to do it not. */
  later(ms: number, work: () => Promise<void>): Subscription {
    const timer = this.scheduler.schedule(() => {
      this.running.remove(timer);
      void work();
    }, timerMs(ms));
    this.running.add(timer);
    return timer;
  }

  unsubscribe(): void {
    this.running.unsubscribe();
  }
}
