import type { Socket } from 'node:net';
import { Observable, type Subscriber } from 'rxjs';
import type { RawData, WebSocket } from 'ws';
import { protocolError, unexpectedMessage } from '../protocol/runtime-error';
import { NnrpError } from '../wire/errors';
import { decodePacket, encodePacket, type Packet } from '../wire/packet';
import { checkLimits, DEFAULT_PACKET_LIMITS, type PacketLimits } from '../wire/packet-decoder';
import { connectionError } from './network-errors';
import { hostAndPort } from './place';
import { DEFAULT_PRESSURE_MARKS, SendPressure } from './send-pressure';
import type { SocketTransportOptions } from './tcp-transport';
import type { Transport } from './transport';

/** Close codes of RFC 6455, section 7.4.1. */
const NORMAL = 1000;
const GOING_AWAY = 1001;
const PROTOCOL_ERROR = 1002;
const UNSUPPORTED_DATA = 1003;
const NO_STATUS = 1005;

/** A WebSocket as a transport: one binary message is one packet (protocol section 2). */
export class WebSocketTransport implements Transport {
  readonly kind = 'websocket';
  readonly peer: string;
  readonly packets$: Observable<Packet>;
  private readonly pressure: SendPressure;
  private readonly limits: PacketLimits;
  private failure: Error | undefined;
  private corked = false;

  constructor(
    private readonly socket: WebSocket,
    private readonly stream: Socket,
    options: Partial<SocketTransportOptions> = {},
  ) {
    this.peer = hostAndPort(stream.remoteAddress ?? 'unknown', stream.remotePort ?? 0);
    this.pressure = new SendPressure(options.pressure ?? DEFAULT_PRESSURE_MARKS);
    this.limits = { ...DEFAULT_PACKET_LIMITS, ...options.limits };
    this.packets$ = new Observable((subscriber) => this.read(subscriber));
    // No message is delivered before it has an owner.
    socket.pause();
    // An 'error' that nobody listens for would end the process, also before and after `packets$` is read.
    socket.on('error', (error) => (this.failure = error));
    socket.on('close', () => {
      this.pressure.complete();
    });
    stream.on('drain', () => {
      this.pressure.update(this.queuedBytes);
    });
  }

  get pressure$(): Observable<boolean> {
    return this.pressure.pressure$;
  }

  get queuedBytes(): number {
    return this.socket.bufferedAmount;
  }

  send(packet: Packet): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.cork();
    this.socket.send(encodePacket(packet));
    this.pressure.update(this.queuedBytes);
  }

  close(): Promise<void> {
    if (this.socket.readyState === this.socket.CLOSED) return Promise.resolve();
    return new Promise((resolve) => {
      this.socket.once('close', () => {
        resolve();
      });
      this.uncork();
      this.socket.resume();
      this.socket.close(NORMAL);
    });
  }

  destroy(): void {
    this.socket.terminate();
  }

  /** Holds the messages of this turn of the event loop back, so that one system call takes them. */
  private cork(): void {
    if (this.corked) return;
    this.corked = true;
    this.stream.cork();
    setImmediate(() => {
      this.uncork();
    });
  }

  private uncork(): void {
    if (!this.corked) return;
    this.corked = false;
    this.stream.uncork();
    this.pressure.update(this.queuedBytes);
  }

  private read(subscriber: Subscriber<Packet>): () => void {
    const { socket } = this;
    const refuse = (code: number, error: Error): void => {
      socket.close(code);
      subscriber.error(error);
    };
    const onMessage = (data: RawData, isBinary: boolean): void => {
      if (!isBinary) {
        refuse(UNSUPPORTED_DATA, unexpectedMessage('received a text message, packets are binary'));
        return;
      }
      let packet: Packet;
      try {
        packet = decodePacket(data as Buffer);
        checkLimits(packet.header, this.limits);
      } catch (error) {
        if (!(error instanceof NnrpError)) throw error;
        refuse(PROTOCOL_ERROR, protocolError(error, 'connection'));
        return;
      }
      subscriber.next(packet);
    };
    const onClose = (code: number): void => {
      if (this.failure !== undefined) subscriber.error(connectionError(this.peer, this.failure));
      else if (code === NORMAL || code === GOING_AWAY || code === NO_STATUS) subscriber.complete();
      else subscriber.error(connectionError(this.peer, new Error(`closed with code ${code}`)));
    };
    if (socket.readyState === socket.CLOSED) {
      onClose(NO_STATUS);
      return () => undefined;
    }
    socket.on('message', onMessage).on('close', onClose);
    socket.resume();
    return () => {
      socket.off('message', onMessage).off('close', onClose);
      // A closing handshake under way is left to finish; otherwise nobody needs the connection any more.
      if (socket.readyState === socket.OPEN) socket.terminate();
    };
  }
}
