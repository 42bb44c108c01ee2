import type { SchedulerLike } from 'rxjs';
import { scheduleAwake } from '../../transport/time/awake';

/**
 * What a call is answered with; rejects where it has no answer in so many milliseconds. The client itself gives only
 * those up that it has not sent: of a server that stands still it waits for an answer for ever.
 */
export function answeredIn<T>(ms: number, scheduler: SchedulerLike, call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const patience = scheduleAwake(scheduler, ms, () => {
      reject(new Error(`Redis has not answered within ${ms} ms`));
    });
    call.then(resolve, reject).finally(() => {
      patience.unsubscribe();
    });
  });
}
