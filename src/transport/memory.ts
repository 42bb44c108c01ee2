import { asapScheduler, Observable, type SchedulerLike, type Subscriber } from 'rxjs';
import { takeOptions, type Rules } from '../protocol/options/take-options';
import { encodePacket } from '../wire/encode-packet';
import { decodePacket, type Packet } from '../wire/packet';
import { noConnection } from './connection-errors';
import type { ConnectionGate, GateTicket } from './connection-gate';
import { Listener, type ConnectEndpoint, type ListenEndpoint, type ListenerSink } from './endpoint';
import { pressure, scheduler } from './option-rules';
import { SendPressure, type PressureMarks } from './outgoing/send-pressure';
import type { Transport } from './transport';

/** How a transport within one process carries its packets. */
export interface MemoryOptions {
  /** When a packet that was sent arrives: one task of this scheduler later. Default `asapScheduler`. */
  readonly scheduler?: SchedulerLike;
  /** When a peer that does not read counts as slow. Default: from 1 MiB on, until 256 KiB. */
  readonly pressure?: Partial<PressureMarks>;
}

const MEMORY_RULES: Rules<MemoryOptions> = { scheduler, pressure };

/**
 * Two transports joined back to back, for tests: the same bytes as on a network, no sockets. Until
 * somebody subscribes to an end's `packets$`, it is a peer that does not read.
 *
 * @example
 * const [server, peer] = memoryPair();
 * peer.send(packet({ messageType: MessageType.Ping }));
 */
export function memoryPair(options: MemoryOptions = {}): readonly [Transport, Transport] {
  return joined('memory:right', 'memory:left', options);
}

/**
 * An endpoint inside the process: what connects to it reaches who listens on it.
 *
 * @example
 * const endpoint = memory();
 * const server = createServer({ listen: endpoint });
 * const client = await connect(endpoint);
 */
export function memory(given: MemoryOptions = {}): ListenEndpoint & ConnectEndpoint {
  const options = takeOptions('memory', given, MEMORY_RULES);
  const listeners = new Set<{ readonly sink: ListenerSink; readonly gate: ConnectionGate | undefined }>();
  let connections = 0;
  return {
    kind: 'memory',
    url: 'memory:',
    listen: ({ gate } = {}) =>
      new Listener('memory', (sink) => {
        const listener = { sink, gate };
        listeners.add(listener);
        sink.listening({ kind: 'memory', host: 'memory', port: 0, url: 'memory:' });
        return () => listeners.delete(listener);
      }),
    connect: () =>
      new Observable((subscriber) => {
        const [listener] = listeners;
        if (listener === undefined) {
          subscriber.error(noConnection('memory:', new Error('nothing listens there')));
          return;
        }
        const [server, client] = joined(`memory#${++connections}`, 'memory:', options);
        server.enter(listener.gate);
        if (!server.isOver) listener.sink.accept(server);
        subscriber.next(client);
        subscriber.complete();
      }),
  };
}

function joined(
  leftPeer: string,
  rightPeer: string,
  options: MemoryOptions,
): readonly [MemoryTransport, MemoryTransport] {
  const left = new MemoryTransport(leftPeer, options);
  const right = new MemoryTransport(rightPeer, options);
  left.join(right);
  return [left, right];
}

interface Arrival {
  readonly bytes: Uint8Array;
  readonly from: MemoryTransport;
}

class MemoryTransport implements Transport {
  readonly kind = 'memory';
  readonly packets$: Observable<Packet>;
  reads = 0;
  private readonly scheduler: SchedulerLike;
  private readonly pressure: SendPressure;
  /** Undefined from where this end, or the other, has left. */
  private other: MemoryTransport | undefined;
  private reader: Subscriber<Packet> | undefined;
  /** Packets that have come and are not read yet; the sender sees them as pressure. */
  private arrivals: Arrival[] = [];
  private isReading = false;
  private isPaused = false;
  private leaving: 'closing' | 'destroyed' | undefined;
  private ended = false;
  private waiting = 0;
  private takenCount = 0;
  private admission: GateTicket | undefined;

  constructor(
    readonly peer: string,
    { scheduler = asapScheduler, pressure }: MemoryOptions,
  ) {
    this.scheduler = scheduler;
    this.pressure = new SendPressure(pressure);
    this.packets$ = new Observable((subscriber) => {
      this.reader = subscriber;
      this.read();
      return () => {
        this.reader = undefined;
        if (this.leaving !== 'closing') this.destroy();
      };
    });
  }

  get pressure$(): Observable<boolean> {
    return this.pressure.pressure$;
  }

  get queuedBytes(): number {
    return this.ended ? 0 : this.waiting;
  }

  get takenBytes(): number {
    return this.takenCount;
  }

  get backlogBytes(): number {
    return this.queuedBytes;
  }

  get ticket(): GateTicket | undefined {
    return this.admission;
  }

  get isOver(): boolean {
    return this.ended;
  }

  /** Comes through the gate of who listens, if there is one. */
  enter(gate: ConnectionGate | undefined): void {
    this.admission = gate?.enter(() => {
      this.destroy();
    }, this.peer);
    this.pressure.fit(this.admission?.maxQueuedBytes);
    // The gate may have refused it.
    if (this.ended) this.admission?.leave();
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
      if (this.leaving !== 'destroyed') other.receive({ bytes, from: this });
    });
    this.pressure.update(this.waiting);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.scheduler.schedule(() => {
      this.read();
    });
  }

  close(): Promise<void> {
    if (this.ended) return Promise.resolve();
    const { other } = this;
    this.leaving ??= 'closing';
    this.part();
    return new Promise((resolve) => {
      // After what was sent before.
      this.scheduler.schedule(() => {
        other?.end();
        this.end();
        resolve();
      });
    });
  }

  destroy(): void {
    if (this.leaving === 'destroyed') return;
    const { other } = this;
    this.leaving = 'destroyed';
    this.arrivals = [];
    this.part();
    this.end();
    if (other === undefined) return;
    this.scheduler.schedule(() => {
      other.end();
    });
  }

  private receive(arrival: Arrival): void {
    if (this.ended) return;
    this.arrivals.push(arrival);
    this.read();
    if (this.arrivals.length > 0) arrival.from.unread();
  }

  /** Hands over what has come, in order, also where the reader's answer is answered before it returns. */
  private read(): void {
    if (this.isReading) return;
    this.isReading = true;
    while (this.reader !== undefined && !(this.isPaused && !this.ended)) {
      const arrival = this.arrivals.shift();
      if (arrival === undefined) break;
      arrival.from.taken(arrival.bytes.length);
      this.reads += 1;
      this.reader.next(decodePacket(arrival.bytes));
    }
    this.isReading = false;
    if (this.ended) this.reader?.complete();
  }

  private unread(): void {
    if (!this.ended) this.admission?.backlogged?.(this.waiting);
  }

  private taken(bytes: number): void {
    this.takenCount += bytes;
    this.waiting -= bytes;
    this.pressure.update(this.waiting);
  }

  private part(): void {
    if (this.other !== undefined) this.other.other = undefined;
    this.other = undefined;
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.part();
    this.pressure.complete();
    this.admission?.leave();
    this.read();
  }
}
