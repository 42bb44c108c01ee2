import { Subscription, type SchedulerLike, type Unsubscribable } from 'rxjs';
import { scheduleIn } from '../transport/time/schedule-in';

/** What a client does later. Unsubscribe to do none of it. */
export class Timers implements Unsubscribable {
  private readonly running = new Subscription();

  constructor(private readonly scheduler: SchedulerLike) {}

  /** Does some work, whose failures are its own, after so many milliseconds. Unsubscribe to do it not. */
  later(ms: number, work: () => Promise<void>): Subscription {
    const timer = scheduleIn(this.scheduler, ms, () => {
      this.running.remove(timer);
      void work();
    });
    this.running.add(timer);
    return timer;
  }

  unsubscribe(): void {
    this.running.unsubscribe();
  }
}
