import { Observable, Subject } from 'rxjs';
import type { SessionConnectivity } from '../../protocol/session/session-connectivity';

/** How a session is connected. Most are watched by nobody, and pay for no list of those who do. */
export class Connectivity {
  private now: SessionConnectivity = 'open';
  private changes: Subject<SessionConnectivity> | undefined;

  /** Now, and after each change; completes with the last, `expired` or `closed`. */
  get state$(): Observable<SessionConnectivity> {
    return new Observable((subscriber) => {
      subscriber.next(this.now);
      if (!isLast(this.now)) return (this.changes ??= new Subject()).subscribe(subscriber);
      subscriber.complete();
      return undefined;
    });
  }

  get isWatched(): boolean {
    return this.changes?.observed === true;
  }

  become(to: SessionConnectivity): void {
    this.now = to;
    this.changes?.next(to);
    if (isLast(to)) this.changes?.complete();
  }
}

function isLast(connectivity: SessionConnectivity): boolean {
  return connectivity === 'closed' || connectivity === 'expired';
}
