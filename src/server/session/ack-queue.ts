import type { Packet } from '../../wire/packet';

interface Place {
  ack: Packet | undefined;
}

/**
 * Acks in the order of their requests, since they do not say which request they answer: one that is
 * ready before its turn waits for those before it.
 *
 *   request 1 ──▶ place ─┐
 *   request 2 ──▶ place ─┴─▶ acks 1, 2, whichever was ready first
 */
export class AckQueue {
  private places: Place[] = [];

  constructor(private readonly send: (ack: Packet) => void) {}

  /** A place for the ack of a request that has come; what is returned takes the ack, once. */
  place(): (ack: Packet) => void {
    const place: Place = { ack: undefined };
    this.places.push(place);
    return (ack) => {
      place.ack = ack;
      this.sendReady();
    };
  }

  /** The connection that asked is gone: nobody waits for its acks, and no later request may get them. */
  clear(): void {
    this.places = [];
  }

  private sendReady(): void {
    for (let first = this.places[0]; first?.ack !== undefined; first = this.places[0]) {
      this.places.shift();
      this.send(first.ack);
    }
  }
}
