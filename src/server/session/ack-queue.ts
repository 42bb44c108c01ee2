import { Subscription } from 'rxjs';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { Packet } from '../../wire/packet';
import type { ServerContext } from '../server-context';
import type { SessionOutlet } from './results/session-outlet';

/** A request's turn to be answered. */
export class AckPlace {
  ack: Packet | undefined;
  /** Ends what waits for its application to answer. */
  patience = Subscription.EMPTY;

  constructor(private readonly queue: AckQueue) {}

  /** Answers the request, once; the ack goes out when those before it have. */
  answer(ack: Packet): void {
    this.ack = ack;
    this.patience.unsubscribe();
    this.queue.sendReady();
  }

  /** An application that never answers must not hold the acks behind this one up, nor gather requests. */
  waitFor(giveUp: () => void): void {
    this.patience = this.queue.later(giveUp);
  }
}

/**
 * Acks in the order of their requests, since they do not say which request they answer: one that is
 * ready before its turn waits for those before it.
 *
 *   request 1 ──▶ place ─┐
 *   request 2 ──▶ place ─┴─▶ acks 1, 2, whichever was ready first
 */
export class AckQueue {
  private places: AckPlace[] = [];

  constructor(
    private readonly outlet: SessionOutlet,
    private readonly server: ServerContext,
    /** Of the session: they end with it. */
    private readonly timers: Subscription,
  ) {}

  /** A place for the ack of a request that has come. */
  place(): AckPlace {
    const place = new AckPlace(this);
    this.places.push(place);
    return place;
  }

  /** The connection that asked is gone: nobody waits for its acks, and no later request may get them. */
  clear(): void {
    this.places = [];
  }

  sendReady(): void {
    for (let first = this.places[0]; first?.ack !== undefined; first = this.places[0]) {
      this.places.shift();
      this.outlet.answer(first.ack);
    }
  }

  later(giveUp: () => void): Subscription {
    const { scheduler, settings } = this.server;
    const timer = scheduleIn(scheduler, settings.patchTimeoutMs, giveUp);
    this.timers.add(timer);
    return timer;
  }
}
