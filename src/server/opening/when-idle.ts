import { Observable, type SchedulerLike, type Subscription } from 'rxjs';
import { afterReading } from '../../transport/time/after-reading';
import { scheduleIn } from '../../transport/time/schedule-in';

/** Emits once, when nobody has used a session for `timeoutMs` milliseconds. Cold: each subscriber watches. */
export function whenIdle(
  session: { readonly lastActive: number },
  timeoutMs: number,
  scheduler: SchedulerLike,
): Observable<void> {
  return new Observable((subscriber) => {
    let next: Subscription;
    const idleMs = (): number => Math.max(0, scheduler.now() - session.lastActive);
    const wait = (): void => {
      next = scheduleIn(scheduler, timeoutMs - idleMs(), () => {
        next = afterReading(scheduler, judge);
      });
    };
    const judge = (): void => {
      if (idleMs() < timeoutMs) wait();
      else {
        subscriber.next();
        subscriber.complete();
      }
    };
    wait();
    return () => {
      next.unsubscribe();
    };
  });
}
