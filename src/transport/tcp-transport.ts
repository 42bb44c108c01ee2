import type { Socket } from 'node:net';
import { Observable, type Subscriber } from 'rxjs';
import { protocolError } from '../protocol/runtime-error';
import type { Packet } from '../wire/packet';
import { PacketDecoder, type PacketLimits } from '../wire/packet-decoder';
import { connectionError, endInsidePacket } from './network-errors';
import { PacketBatch } from './packet-batch';
import { hostAndPort } from './place';
import { DEFAULT_PRESSURE_MARKS, SendPressure, type PressureMarks } from './send-pressure';
import type { Transport } from './transport';

export interface SocketTransportOptions {
  /** What a peer's packet may measure; see `DEFAULT_PACKET_LIMITS`. */
  readonly limits: Partial<PacketLimits>;
  /** When a peer that does not read counts as slow; see `DEFAULT_PRESSURE_MARKS`. */
  readonly pressure: PressureMarks;
}

/** A byte-stream socket (TCP, TLS) as a transport. */
export class SocketTransport implements Transport {
  readonly kind = 'tcp';
  readonly peer: string;
  readonly packets$: Observable<Packet>;
  private readonly batch = new PacketBatch();
  private readonly pressure: SendPressure;
  private failure: Error | undefined;
  private flushScheduled = false;

  constructor(
    private readonly socket: Socket,
    options: Partial<SocketTransportOptions> = {},
  ) {
    this.peer = hostAndPort(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0);
    this.pressure = new SendPressure(options.pressure ?? DEFAULT_PRESSURE_MARKS);
    this.packets$ = new Observable((subscriber) => this.read(subscriber, new PacketDecoder(options.limits)));
    // An 'error' that nobody listens for would end the process, also before and after `packets$` is read.
    socket.on('error', (error) => (this.failure = error));
    socket.on('drain', () => {
      this.pressure.update(this.queuedBytes);
    });
    socket.on('close', () => {
      this.pressure.complete();
    });
  }

  get pressure$(): Observable<boolean> {
    return this.pressure.pressure$;
  }

  get queuedBytes(): number {
    return this.batch.byteLength + this.socket.writableLength;
  }

  send(packet: Packet): void {
    if (!this.socket.writable) return;
    this.batch.add(packet);
    this.pressure.update(this.queuedBytes);
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    // After the poll phase: the answers to all that was read in this turn leave together.
    setImmediate(() => {
      this.flush();
    });
  }

  close(): Promise<void> {
    this.flush();
    if (this.socket.closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.socket.once('close', () => {
        resolve();
      });
      // A peer that sends on and never ends is read and ignored until it does.
      this.socket.end().resume();
    });
  }

  destroy(): void {
    this.socket.destroy();
  }

  private flush(): void {
    this.flushScheduled = false;
    if (this.batch.isEmpty) return;
    const chunks = this.batch.take();
    if (!this.socket.writable) return;
    this.socket.cork();
    for (const chunk of chunks) this.socket.write(chunk);
    this.socket.uncork();
    this.pressure.update(this.queuedBytes);
  }

  private read(subscriber: Subscriber<Packet>, decoder: PacketDecoder): () => void {
    const { socket } = this;
    const fail = (error: Error): void => {
      socket.destroy();
      subscriber.error(error);
    };
    const onData = (chunk: Uint8Array): void => {
      for (const packet of decoder.push(chunk)) {
        subscriber.next(packet);
        if (subscriber.closed) return;
      }
      if (decoder.fault !== undefined) fail(protocolError(decoder.fault, 'connection'));
    };
    const onEnd = (): void => {
      if (decoder.isInsidePacket) {
        fail(endInsidePacket(this.peer, `after ${decoder.bufferedBytes} bytes of it`));
      } else {
        subscriber.complete();
      }
    };
    const onClose = (): void => {
      if (this.failure === undefined) subscriber.complete();
      else subscriber.error(connectionError(this.peer, this.failure));
    };
    if (socket.closed) {
      onClose();
      return () => undefined;
    }
    socket.on('data', onData).on('end', onEnd).on('close', onClose);
    // Accepted sockets are paused; those of a client are not, and flow with the first 'data' listener.
    socket.resume();
    return () => {
      socket.off('data', onData).off('end', onEnd).off('close', onClose);
      // Whoever stops reading has no more use for the connection; a clean end was one already.
      if (!socket.readableEnded) socket.destroy();
    };
  }
}
