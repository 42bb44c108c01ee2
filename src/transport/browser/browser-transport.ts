import { Observable, type Subscriber, type Subscription } from 'rxjs';
import { protocolError } from '../../protocol/runtime-error';
import { encodePacket } from '../../wire/encode-packet';
import { NnrpError } from '../../wire/errors';
import { HEADER_LENGTH } from '../../wire/header';
import { decodePacket, type Packet } from '../../wire/packet';
import { checkLimits, largestPacket, packetLimits, type PacketLimits } from '../../wire/packet-decoder';
import { CloseDeadline } from '../close-deadline';
import { lostConnection } from '../connection-errors';
import { SendPressure } from '../outgoing/send-pressure';
import type { SocketTransportOptions } from '../socket-options';
import { monotonicScheduler } from '../time/monotonic-scheduler';
import { scheduleIn } from '../time/schedule-in';
import type { Transport } from '../transport';
import { CLEAN_CODES, NORMAL } from '../web-socket/close-codes';
import { OPEN, type PlatformSocket } from './platform-socket';

/** No event tells that bytes have left: while some wait, they are looked at so often. Milliseconds. */
const LOOK_AGAIN_MS = 20;

/**
 * The platform's WebSocket as a transport: one binary message is one packet (protocol section 2). It cannot be
 * paused, nor asked for a pong; its server is asked for a sign of life by PING.
 */
export class BrowserTransport implements Transport {
  readonly kind = 'websocket';
  readonly packets$: Observable<Packet>;
  readonly largestPacket: number;
  reads = 0;
  private readonly limits: PacketLimits;
  private readonly pressure: SendPressure;
  private readonly deadline: CloseDeadline;
  private readonly closed: Promise<void>;
  private sentBytes = 0;
  private look: Subscription | undefined;
  private reader: Subscriber<Packet> | undefined;
  /** Messages that come before anybody reads; as many bytes as one packet may have. */
  private early: ArrayBuffer[] = [];
  private earlyBytes = 0;
  /** How it ended: nothing, or what `packets$` errors with. */
  private outcome: { readonly error: unknown } | undefined;
  /** Whoever closes or destroys the connection does not hear how it ended. */
  private isLeaving = false;
  private resolveClosed: () => void = () => undefined;

  constructor(
    private readonly socket: PlatformSocket,
    readonly peer: string,
    options: Partial<SocketTransportOptions> = {},
  ) {
    this.limits = packetLimits(options.limits);
    this.largestPacket = largestPacket(this.limits);
    this.pressure = new SendPressure(options.pressure);
    this.packets$ = new Observable((subscriber) => this.read(subscriber));
    this.closed = new Promise((resolve) => {
      this.resolveClosed = resolve;
    });
    this.deadline = new CloseDeadline(options.closeTimeoutMs, () => {
      this.finish(undefined);
    });
    socket.onmessage = ({ data }) => {
      this.receive(data);
    };
    socket.onclose = ({ code, reason }) => {
      const isClean = this.isLeaving || CLEAN_CODES.includes(code);
      const why = reason === '' ? `closed with code ${code}` : `closed with code ${code}: ${reason}`;
      this.finish(isClean ? undefined : lostConnection(peer, new Error(why)));
    };
    socket.onerror = null;
  }

  get pressure$(): Observable<boolean> {
    return this.pressure.pressure$;
  }

  get queuedBytes(): number {
    return this.outcome === undefined ? this.socket.bufferedAmount : 0;
  }

  get takenBytes(): number {
    return this.sentBytes - this.queuedBytes;
  }

  get backlogBytes(): number {
    return this.queuedBytes;
  }

  send(packet: Packet): void {
    const message = encodePacket(packet);
    if (this.socket.readyState !== OPEN || this.outcome !== undefined) return;
    this.socket.send(message);
    this.sentBytes += message.length;
    this.updatePressure();
  }

  close(): Promise<void> {
    if (this.outcome === undefined && !this.isLeaving) {
      this.isLeaving = true;
      this.deadline.start();
      this.socket.close(NORMAL);
    }
    return this.closed;
  }

  destroy(): void {
    this.isLeaving = true;
    this.socket.close();
    this.finish(undefined);
  }

  private updatePressure(): void {
    this.pressure.update(this.queuedBytes);
    if (!this.pressure.isOn) return;
    this.look ??= scheduleIn(monotonicScheduler, LOOK_AGAIN_MS, () => {
      this.look = undefined;
      this.updatePressure();
    });
  }

  private read(subscriber: Subscriber<Packet>): () => void {
    this.reader = subscriber;
    const { early } = this;
    this.early = [];
    for (const data of early) this.decode(data, subscriber);
    if (this.outcome !== undefined) this.tell(subscriber, this.outcome.error);
    return () => {
      this.reader = undefined;
      // A connection that is being closed is left to finish; otherwise nobody needs it any more.
      if (!this.isLeaving) this.destroy();
    };
  }

  private receive(data: unknown): void {
    this.reads += 1;
    if (this.outcome !== undefined) return;
    if (!(data instanceof ArrayBuffer)) {
      this.refuse(brokenRule('received a text message, packets are binary'));
    } else if (this.reader !== undefined) {
      this.decode(data, this.reader);
    } else {
      this.early.push(data);
      // Those of no bytes count, too.
      this.earlyBytes += Math.max(data.byteLength, HEADER_LENGTH);
      if (this.earlyBytes > this.largestPacket) this.refuse(brokenRule('received more than is read'));
    }
  }

  private decode(data: ArrayBuffer, subscriber: Subscriber<Packet>): void {
    let packet: Packet;
    try {
      packet = decodePacket(new Uint8Array(data));
      checkLimits(packet.header, this.limits);
    } catch (error) {
      if (!(error instanceof NnrpError)) throw error;
      this.refuse(error);
      return;
    }
    subscriber.next(packet);
  }

  /** The server has broken the protocol: its connection ends. */
  private refuse(error: NnrpError): void {
    this.finish(protocolError(error, 'connection'));
    this.socket.close();
  }

  private finish(error: unknown): void {
    if (this.outcome !== undefined) return;
    this.outcome = { error };
    this.deadline.stop();
    this.look?.unsubscribe();
    this.pressure.complete();
    this.resolveClosed();
    if (this.reader !== undefined) this.tell(this.reader, error);
  }

  private tell(subscriber: Subscriber<Packet>, error: unknown): void {
    if (error === undefined) subscriber.complete();
    else subscriber.error(error);
  }
}

function brokenRule(rule: string): NnrpError {
  return new NnrpError({ kind: 'InvalidProtocolCombination', rule });
}
