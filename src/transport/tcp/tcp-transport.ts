import type { Socket } from 'node:net';
import { Observable, type Subscriber } from 'rxjs';
import { protocolError } from '../../protocol/runtime-error';
import type { Packet } from '../../wire/packet';
import { largestPacket, PacketDecoder, type PacketLimits } from '../../wire/packet-decoder';
import { CloseDeadline } from '../close-deadline';
import type { GateTicket } from '../connection-gate';
import { connectionError, endInsidePacket } from '../network-errors';
import { FairReading } from './fair-reading';
import type { PeerIdentity } from '../peer-identity';
import { peerPlace } from '../place';
import { SendPressure } from '../outgoing/send-pressure';
import type { SocketTransportOptions } from '../socket-options';
import { SocketWriter } from './socket-writer';
import type { Entered } from './gate';
import { backlogBytes, takenBytes } from './taken-bytes';
import type { Transport } from '../transport';
import type { UnfinishedPacket } from '../unfinished-packet';

/** How a connection came to be: what its transport tells of it. */
export interface Provenance {
  /** The socket was announced as itself: the transport leaves at its end. */
  readonly entered?: Entered | undefined;
  /** The ticket of the socket that the transport was made on; whoever took it gives it back. */
  readonly ticket?: GateTicket | undefined;
  /** Where it is another than who has connected: a proxy has said so. */
  readonly peer?: string | undefined;
  readonly identity?: PeerIdentity | undefined;
}

/** The reader of a transport. */
interface Reader {
  readonly subscriber: Subscriber<Packet>;
  /** Made with the first bytes: a peer that says nothing needs none. */
  decoder: PacketDecoder | undefined;
}

/** A byte-stream socket (TCP, TLS) as a transport. */
export class SocketTransport implements Transport {
  readonly kind = 'tcp';
  readonly peer: string;
  readonly identity: PeerIdentity | undefined;
  readonly ticket: GateTicket | undefined;
  readonly packets$: Observable<Packet>;
  readonly largestPacket: number;
  reads = 0;
  private readonly writer: SocketWriter;
  private readonly reading: FairReading;
  private readonly pressure: SendPressure;
  private readonly deadline: CloseDeadline;
  /** The read that the last whole packet came with: what is begun since is one packet. */
  private finishedAt = 0;
  private failure: Error | undefined;
  /** Whether this side has ended the connection: then it does not hear how that went. */
  private leaving: 'closing' | 'destroyed' | undefined;
  private closed: Promise<void> | undefined;
  private reader: Reader | undefined;

  constructor(
    private readonly socket: Socket,
    options: Partial<SocketTransportOptions> = {},
    { entered, ticket = entered?.ticket, peer = entered?.peer, identity }: Provenance = {},
  ) {
    this.ticket = ticket;
    this.identity = identity;
    this.peer = peer ?? peerPlace(socket);
    this.reading = new FairReading(socket);
    this.pressure = new SendPressure(options.pressure);
    this.pressure.fit(ticket?.maxQueuedBytes);
    this.largestPacket = largestPacket(options.limits);
    this.writer = new SocketWriter(socket, this.pressure, ticket);
    this.deadline = new CloseDeadline(options.closeTimeoutMs, () => socket.destroy());
    this.packets$ = new Observable((subscriber) => this.read(subscriber, options.limits));
    // An 'error' that nobody listens for would end the process, also before and after `packets$` is read.
    socket.on('error', (error) => (this.failure = error));
    // One listener an event, for the connection and for who reads it: a second one costs every connection.
    socket.on('end', () => {
      // The answers to what came with the end: Node ends our side after this event.
      this.writer.flush();
      this.deadline.start();
      if (this.reader !== undefined) this.readEnded(this.reader);
    });
    socket.on('close', () => {
      entered?.ticket.leave();
      this.deadline.stop();
      this.pressure.complete();
      if (this.reader !== undefined) this.finish(this.reader.subscriber);
    });
  }

  get pressure$(): Observable<boolean> {
    return this.pressure.pressure$;
  }

  get queuedBytes(): number {
    return this.writer.queuedBytes;
  }

  get takenBytes(): number {
    return takenBytes(this.socket);
  }

  get backlogBytes(): number {
    return backlogBytes(this.socket);
  }

  get unfinished(): UnfinishedPacket | undefined {
    const { decoder } = this.reader ?? {};
    return decoder === undefined || this.socket.isPaused() ? undefined : this.begun(decoder);
  }

  send(packet: Packet): void {
    this.writer.send(packet);
  }

  pause(): void {
    if (this.leaving === undefined) this.reading.hold();
  }

  resume(): void {
    this.reading.release();
  }

  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  destroy(): void {
    this.leaving = 'destroyed';
    this.socket.destroy();
  }

  private end(): Promise<void> {
    if (this.socket.closed) return Promise.resolve();
    this.leaving ??= 'closing';
    this.reading.release();
    this.writer.flush();
    this.deadline.start();
    return new Promise((resolve) => {
      this.socket.once('close', () => {
        resolve();
      });
      // A peer that sends on is read and ignored until it ends, too.
      this.socket.end().resume();
    });
  }

  private read(subscriber: Subscriber<Packet>, limits: Partial<PacketLimits> | undefined): () => void {
    const { socket } = this;
    const reader: Reader = { subscriber, decoder: undefined };
    const onData = (chunk: Uint8Array): void => {
      const decoder = (reader.decoder ??= new PacketDecoder(limits));
      this.reading.took(chunk.length);
      this.reads += 1;
      // The answers that are ready at once leave together, and do not wait for another turn.
      this.writer.gather();
      try {
        const packets = decoder.push(chunk);
        if (packets.length > 0) this.finishedAt = this.reads;
        for (const packet of packets) {
          subscriber.next(packet);
          if (subscriber.closed || this.leaving === 'destroyed') break;
        }
      } finally {
        this.writer.flush();
      }
      if (decoder.isInsidePacket) this.ticket?.insidePacket?.(this.begun(decoder));
      if (decoder.fault === undefined || subscriber.closed) return;
      // What came before the fault has been answered.
      subscriber.error(protocolError(decoder.fault, 'connection'));
    };
    if (socket.closed || socket.readableEnded) {
      this.finish(subscriber);
      return () => undefined;
    }
    this.reader = reader;
    socket.on('data', onData);
    // Accepted sockets are paused; those of a client are not, and flow with the first 'data' listener.
    socket.resume();
    return () => {
      this.reader = undefined;
      socket.off('data', onData);
      // Whoever stops reading has no more use for the connection, unless it has ended or is being closed.
      if (!socket.readableEnded && this.leaving !== 'closing') this.destroy();
    };
  }

  private begun(decoder: PacketDecoder): UnfinishedPacket | undefined {
    if (!decoder.isInsidePacket) return undefined;
    return { number: this.finishedAt, bytes: decoder.bufferedBytes, length: decoder.expectedBytes };
  }

  private readEnded({ subscriber, decoder }: Reader): void {
    if (decoder?.isInsidePacket === true && this.leaving === undefined) {
      subscriber.error(endInsidePacket(this.peer, `after ${decoder.bufferedBytes} bytes of it`));
    } else {
      // Over TLS an alert that ends the connection comes before its end.
      this.finish(subscriber);
    }
  }

  private finish(subscriber: Subscriber<Packet>): void {
    if (this.failure === undefined || this.leaving !== undefined) subscriber.complete();
    else subscriber.error(connectionError(this.peer, this.failure));
  }
}
