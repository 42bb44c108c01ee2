import { Subscription } from 'rxjs';
import type { Packet } from '../../wire/packet';
import { refusedAck } from '../connection/error-packet';
import type { ServerReports } from '../reports';
import { ackTooLarge } from './results/result-untaken';
import type { SessionOutlet } from './results/session-outlet';

/** The session that is asked. */
interface AskedSession {
  readonly sessionId: number;
  readonly outlet: SessionOutlet;
  readonly server: { readonly reports: ServerReports };
}

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

  /** Ends `patience` with the answer: an application that never gives one must not hold up the acks behind this. */
  waitFor(patience: Subscription): void {
    this.patience = patience;
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
  /** Made with the first: most sessions are never asked. */
  private places: AckPlace[] | undefined;

  constructor(private readonly session: AskedSession) {}

  /** A place for the ack of a request that has come. */
  place(): AckPlace {
    const place = new AckPlace(this);
    (this.places ??= []).push(place);
    return place;
  }

  /** The connection that asked is gone: nobody waits for its acks, and no later request may get them. */
  clear(): void {
    this.places = undefined;
  }

  sendReady(): void {
    const { places = [] } = this;
    for (let first = places[0]; first?.ack !== undefined; first = places[0]) {
      places.shift();
      this.send(first.ack);
    }
  }

  /** Judges an ack once more: while it has waited, its client may have come to take less. */
  private send(ack: Packet): void {
    const { sessionId, outlet, server } = this.session;
    const { length } = ack.body;
    if (length <= outlet.largestBody) {
      outlet.answer(ack);
      return;
    }
    outlet.answer(refusedAck(sessionId, length, outlet.largestBody));
    server.reports.failures.next(ackTooLarge(sessionId));
  }
}
