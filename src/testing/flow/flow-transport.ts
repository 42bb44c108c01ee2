import { Observable, type SchedulerLike, type Subscriber } from 'rxjs';
import { connectionError } from '../../transport/network-errors';
import type { PeerName, Transport, TransportKind } from '../../transport/transport';
import type { Packet } from '../../wire/packet';

/** A transport in memory that can be cut in the middle, as a network is. */
export class FlowTransport implements Transport {
  readonly peer: PeerName;
  readonly packets$: Observable<Packet>;
  readonly pressure$: Observable<boolean>;
  /** The other end. */
  partner: FlowTransport | undefined;
  private reader: Subscriber<Packet> | undefined;
  private failure: Error | undefined;
  private isLeft = false;

  constructor(
    private readonly inner: Transport,
    private readonly scheduler: SchedulerLike,
    readonly kind: TransportKind,
    private readonly onSend: (packet: Packet) => void,
  ) {
    this.peer = inner.peer;
    this.pressure$ = inner.pressure$;
    this.packets$ = new Observable((subscriber) => {
      if (this.failure !== undefined) {
        subscriber.error(this.failure);
        return undefined;
      }
      this.reader = subscriber;
      return inner.packets$.subscribe(subscriber);
    });
  }

  /** Whether either end has ended the connection. */
  get isOver(): boolean {
    return this.isLeft || this.partner?.isLeft === true;
  }

  get queuedBytes(): number {
    return this.inner.queuedBytes;
  }

  send(packet: Packet): void {
    this.onSend(packet);
    this.inner.send(packet);
  }

  close(): Promise<void> {
    this.isLeft = true;
    return this.inner.close();
  }

  destroy(): void {
    this.isLeft = true;
    this.inner.destroy();
  }

  /** Ends the connection so that the other end sees it fail, after what was sent before. */
  cut(error?: Error): void {
    const { partner } = this;
    this.scheduler.schedule(() => {
      partner?.fail(error ?? connectionError(partner.peer, new Error('it was cut')));
      this.destroy();
    });
  }

  private fail(error: Error): void {
    this.failure = error;
    // Its teardown destroys the transport.
    this.reader?.error(error);
    this.inner.destroy();
  }
}
