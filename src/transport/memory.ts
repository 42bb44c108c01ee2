import { asapScheduler, Observable, Subject, type SchedulerLike } from 'rxjs';
import { protocolError } from '../protocol/runtime-error';
import { NnrpError } from '../wire/errors';
import { decodePacket, encodePacket, type Packet } from '../wire/packet';
import { connectError } from './network-errors';
import { Listener, type ConnectEndpoint, type ListenEndpoint, type ListenerSink } from './endpoint';
import type { Transport } from './transport';

export interface MemoryOptions {
  /** When a packet that was sent arrives: one task of this scheduler later. Default `asapScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Two transports joined back to back, for tests: the same bytes as on a network, no sockets.
 *
 * @example
 * const [server, peer] = memoryPair();
 * peer.send(packet({ messageType: MessageType.Ping }));
 */
export function memoryPair(options: MemoryOptions = {}): readonly [Transport, Transport] {
  const { scheduler = asapScheduler } = options;
  const left = new MemoryTransport('memory:left', scheduler);
  const right = new MemoryTransport('memory:right', scheduler);
  left.join(right);
  return [left, right];
}

/**
 * An endpoint inside the process: what connects to it reaches who listens on it.
 *
 * @example
 * const endpoint = memory();
 * const server = createServer({ listen: endpoint });
 * const client = await connect(endpoint);
 */
export function memory(options: MemoryOptions = {}): ListenEndpoint & ConnectEndpoint {
  const listeners = new Set<ListenerSink>();
  return {
    kind: 'memory',
    url: 'memory:',
    listen: () =>
      new Listener('memory', (sink) => {
        listeners.add(sink);
        sink.listening({ kind: 'memory', host: 'memory', port: 0, url: 'memory:' });
        return () => listeners.delete(sink);
      }),
    connect: () =>
      new Observable((subscriber) => {
        const [sink] = listeners;
        if (sink === undefined) {
          subscriber.error(connectError('memory:', new Error('nothing listens there')));
          return;
        }
        const [server, client] = memoryPair(options);
        sink.accept(server);
        subscriber.next(client);
        subscriber.complete();
      }),
  };
}

class MemoryTransport implements Transport {
  readonly kind = 'memory';
  readonly pressure$: Observable<boolean>;
  readonly packets$: Observable<Packet>;
  private readonly arrived = new Subject<Packet>();
  private readonly pressure = new Subject<boolean>();
  private other: MemoryTransport | undefined;
  /** What arrives before anyone reads; the peer's writes are bounded by the test that makes them. */
  private early: Packet[] = [];
  private ended = false;
  private waiting = 0;

  constructor(
    readonly peer: string,
    private readonly scheduler: SchedulerLike,
  ) {
    this.pressure$ = new Observable((subscriber) => {
      subscriber.next(false);
      return this.pressure.subscribe(subscriber);
    });
    this.packets$ = new Observable((subscriber) => {
      const { early } = this;
      this.early = [];
      for (const packet of early) subscriber.next(packet);
      if (this.ended) subscriber.complete();
      subscriber.add(this.arrived.subscribe(subscriber));
      return () => {
        this.destroy();
      };
    });
  }

  get queuedBytes(): number {
    return this.waiting;
  }

  join(other: MemoryTransport): void {
    this.other = other;
    other.other = this;
  }

  send(packet: Packet): void {
    const { other } = this;
    if (other === undefined) return;
    const bytes = encodePacket(packet);
    this.waiting += bytes.length;
    this.scheduler.schedule(() => {
      this.waiting -= bytes.length;
      other.receive(bytes);
    });
  }

  close(): Promise<void> {
    const { other } = this;
    this.leave();
    return new Promise((resolve) => {
      this.scheduler.schedule(() => {
        other?.end();
        this.end();
        resolve();
      });
    });
  }

  destroy(): void {
    const { other } = this;
    if (other === undefined) return;
    this.leave();
    this.end();
    this.scheduler.schedule(() => {
      other.end();
    });
  }

  private receive(bytes: Uint8Array): void {
    if (this.ended) return;
    try {
      const packet = decodePacket(bytes);
      if (this.arrived.observed) this.arrived.next(packet);
      else this.early.push(packet);
    } catch (error) {
      if (!(error instanceof NnrpError)) throw error;
      this.arrived.error(protocolError(error, 'connection'));
    }
  }

  private leave(): void {
    if (this.other !== undefined) this.other.other = undefined;
    this.other = undefined;
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.leave();
    this.arrived.complete();
    this.pressure.complete();
  }
}
