import { Subscription, type SchedulerLike } from 'rxjs';
import { scheduleIn } from '../transport/time/schedule-in';

/** How long an ack is waited for; the same for all requests that wait together. */
export interface Patience {
  readonly scheduler: SchedulerLike;
  /** Milliseconds, Infinity for no limit. */
  readonly ms: number;
  /** What the request is rejected with then. */
  error(): Error;
}

interface Waiting<Request, Ack> {
  readonly request: Request;
  readonly resolve: (ack: Ack) => void;
  readonly reject: (error: unknown) => void;
  readonly limit: Subscription;
}

/**
 * Requests that wait for their acks, in the order in which they were sent: the protocol's acks carry no
 * id of their request, so the first ack is the first request's. One that is waited for no more keeps its place:
 * its ack may still come, and is not the next one's.
 */
export class Awaited<Request, Ack> {
  private readonly waiting: Waiting<Request, Ack>[] = [];
  /** Acks that nobody waits for any more, before those of all that wait. */
  private givenUp = 0;

  get size(): number {
    return this.waiting.length;
  }

  /** The request that the next ack is for. */
  get first(): Request | undefined {
    return this.waiting[0]?.request;
  }

  add(request: Request, patience?: Patience): Promise<Ack> {
    return new Promise((resolve, reject) => {
      const limit =
        patience === undefined
          ? Subscription.EMPTY
          : scheduleIn(patience.scheduler, patience.ms, () => {
              // The first: those after it have as much patience, and were added later.
              this.waiting.shift();
              this.givenUp += 1;
              reject(patience.error());
            });
      this.waiting.push({ request, resolve, reject, limit });
    });
  }

  /** Takes the ack of the first request; false where none waits. */
  settle(answer: (request: Request) => Ack): boolean {
    if (this.givenUp > 0) {
      this.givenUp -= 1;
      return true;
    }
    const first = this.waiting.shift();
    if (first === undefined) return false;
    first.limit.unsubscribe();
    try {
      first.resolve(answer(first.request));
    } catch (error) {
      first.reject(error);
    }
    return true;
  }

  /** There will be no acks of what was asked so far. */
  rejectAll(error: unknown): void {
    this.givenUp = 0;
    for (const { reject, limit } of this.waiting.splice(0)) {
      limit.unsubscribe();
      reject(error);
    }
  }
}
