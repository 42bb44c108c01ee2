import type { Socket } from 'node:net';
import { Observable, type Subscriber } from 'rxjs';
import type { RawData, WebSocket } from 'ws';
import { protocolError, type RuntimeError } from '../../protocol/runtime-error';
import { NnrpError } from '../../wire/errors';
import { HEADER_LENGTH } from '../../wire/header';
import { encodePacket } from '../../wire/encode-packet';
import { chunkOf, decodePacketIn, type Chunk, type Packet } from '../../wire/packet';
import { checkLimits, largestPacket, packetLimits, type PacketLimits } from '../../wire/packet-decoder';
import { CloseDeadline, DEFAULT_CLOSE_TIMEOUT_MS } from '../close-deadline';
import type { GateTicket } from '../connection-gate';
import { connectionError } from '../network-errors';
import type { PeerIdentity } from '../peer-identity';
import { peerPlace } from '../place';
import { SendPressure } from '../outgoing/send-pressure';
import { FairReading } from '../tcp/fair-reading';
import { SocketWriter } from '../tcp/socket-writer';
import { backlogBytes, takenBytes } from '../tcp/taken-bytes';
import type { SocketTransportOptions } from '../socket-options';
import type { Provenance } from '../tcp/tcp-transport';
import { MAX_TIMER_MS } from '../time/schedule-in';
import type { Transport } from '../transport';
import type { UnfinishedPacket } from '../unfinished-packet';
import { BINARY_FRAME } from './binary-frame';
import { CLEAN_CODES, NORMAL, PROTOCOL_ERROR, UNSUPPORTED_DATA } from './close-codes';
import { MessageReading, type MessageReader } from './message-reading';

/** Fragments of one message, and chunks that its bytes may come in whatever they measure. */
const MAX_PARTS = 1024;

/** More chunks are taken where they have so many bytes on the average, which is less than any network's. */
const MIN_PART_BYTES = 512;

/** Bytes of a message that are still read while nobody reads messages: a peer's last word may stand behind them. */
const MAX_ABANDONED_BYTES = 64 * 1024;

/** Options that every WebSocket is made with, on either side. */
export function webSocketSettings({ limits, closeTimeoutMs }: Partial<SocketTransportOptions>) {
  const longest = longestPacket(packetLimits(limits));
  return {
    perMessageDeflate: false,
    // Longer messages are refused before they are buffered. `ws` takes 32 bits, and 0 or NaN as no limit.
    maxPayload: longest >= 1 ? Math.min(longest, 2 ** 31 - 1) : 1,
    // Parts of an unfinished message, each of which costs more than its bytes.
    maxFragments: MAX_PARTS,
    maxBufferedChunks: Math.max(MAX_PARTS, Math.ceil(longest / MIN_PART_BYTES)),
    closeTimeout: Math.min(closeTimeoutMs ?? DEFAULT_CLOSE_TIMEOUT_MS, MAX_TIMER_MS),
  };
}

/** A WebSocket as a transport: one binary message is one packet (protocol section 2). */
export class WebSocketTransport implements Transport, MessageReader {
  readonly kind = 'websocket';
  readonly peer: string;
  readonly identity: PeerIdentity | undefined;
  readonly ticket: GateTicket | undefined;
  readonly packets$: Observable<Packet>;
  readonly largestPacket: number;
  reads = 0;
  private readonly pressure: SendPressure;
  private readonly limits: PacketLimits;
  private readonly deadline: CloseDeadline;
  /** A message that is no message of a WebSocket, or too long. */
  private refusal: RuntimeError | undefined;
  private failure: Error | undefined;
  private closeCode: number | undefined;
  /** Of a server, whose frames are not masked: they are written into one buffer, behind each other. */
  private readonly writer: SocketWriter | undefined;
  private corked = false;
  /** Who closes or destroys the connection does not hear how it ended. */
  private leaving: 'closing' | 'destroyed' | undefined;
  private closed: Promise<void> | undefined;
  private readonly reading: MessageReading;
  private readonly fairness: FairReading;
  private subscriber: Subscriber<Packet> | undefined;
  /** Nobody reads messages any more, and the connection is being closed. */
  private isAbandoned = false;
  private probes: (() => void)[] = [];

  constructor(
    private readonly socket: WebSocket,
    private readonly stream: Socket,
    options: Partial<SocketTransportOptions> = {},
    { ticket, peer, identity, side }: Provenance & { readonly side: 'accepted' | 'connected' },
  ) {
    this.ticket = ticket;
    this.identity = identity;
    this.peer = peer ?? peerPlace(stream);
    this.pressure = new SendPressure(options.pressure);
    this.pressure.fit(ticket?.maxQueuedBytes);
    if (side === 'accepted') this.writer = new SocketWriter(stream, this.pressure, ticket, BINARY_FRAME);
    this.limits = packetLimits(options.limits);
    this.largestPacket = largestPacket(this.limits);
    this.deadline = new CloseDeadline(options.closeTimeoutMs, () => stream.destroy());
    this.packets$ = new Observable((subscriber) => this.read(subscriber));
    // The WebSocket and not its stream, which it resumes by itself once its receiver has room.
    this.fairness = new FairReading(socket);
    // No message is delivered before it has an owner.
    this.fairness.hold();
    const { maxPayload } = webSocketSettings(options);
    this.reading = new MessageReading(stream, this, { isMasked: side === 'accepted', longest: maxPayload });
    // An 'error' that nobody listens for would end the process, also before and after `packets$` is read.
    socket.on('error', (error) => (this.refusal = refusedFrame(error, this.limits)));
    stream.on('error', (error) => (this.failure = error));
    // The time of a closing handshake is the WebSocket's to take; a peer may end the stream without one.
    stream.on('end', () => {
      this.deadline.start();
    });
    socket.on('pong', () => {
      const { probes } = this;
      this.probes = [];
      for (const onAnswer of probes) onAnswer();
    });
    socket.on('close', (code) => {
      this.closeCode = code;
      this.deadline.stop();
      this.pressure.complete();
    });
  }

  get pressure$(): Observable<boolean> {
    return this.pressure.pressure$;
  }

  get queuedBytes(): number {
    return this.writer?.queuedBytes ?? (this.stream.destroyed ? 0 : this.socket.bufferedAmount);
  }

  get takenBytes(): number {
    return takenBytes(this.stream);
  }

  get backlogBytes(): number {
    return backlogBytes(this.stream);
  }

  get unfinished(): UnfinishedPacket | undefined {
    return this.stream.isPaused() ? undefined : this.reading.unfinished;
  }

  send(packet: Packet): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (this.writer !== undefined) {
      this.writer.send(packet);
      return;
    }
    const message = encodePacket(packet);
    this.cork();
    // Not 'drain', which waits until nothing is left.
    this.socket.send(message, this.onWritten);
    const { queuedBytes } = this;
    this.pressure.update(queuedBytes);
    // Not only once the turn is over: a turn may send without an end.
    if (this.pressure.isOn) this.ticket?.backlogged?.(queuedBytes);
  }

  probe(onAnswer: () => void): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.probes.push(onAnswer);
    this.socket.ping();
  }

  pause(): void {
    if (this.leaving === undefined) this.fairness.hold();
  }

  resume(): void {
    this.fairness.release();
  }

  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  destroy(): void {
    this.leaving = 'destroyed';
    this.socket.terminate();
  }

  begun(bytes: number): void {
    this.fairness.took(bytes);
    this.reads += 1;
    // As over TCP: the answers that are ready at once leave together, and do not wait for another turn.
    this.writer?.gather();
  }

  message(chunk: Chunk, start: number, end: number): void {
    const { subscriber } = this;
    if (subscriber === undefined || this.leaving === 'destroyed') return;
    let packet: Packet;
    try {
      packet = decodePacketIn(chunk, start, end);
      checkLimits(packet.header, this.limits);
    } catch (error) {
      if (!(error instanceof NnrpError)) throw error;
      this.refuse(PROTOCOL_ERROR, error);
      return;
    }
    subscriber.next(packet);
  }

  ended(): void {
    this.writer?.flush();
    const { unfinished } = this.reading;
    if (unfinished === undefined) return;
    if (!this.isAbandoned) this.ticket?.insidePacket?.(unfinished);
    // Whoever was cut off in a message goes on with it, and it would be gathered to its end.
    else if (this.ticket !== undefined && unfinished.bytes > MAX_ABANDONED_BYTES) this.fairness.hold();
  }

  private end(): Promise<void> {
    if (this.closeCode !== undefined) return Promise.resolve();
    this.leaving ??= 'closing';
    this.writer?.flush();
    return new Promise((resolve) => {
      this.socket.once('close', () => {
        resolve();
      });
      this.fairness.release();
      this.socket.close(NORMAL);
    });
  }

  /** Holds the messages of this turn of the event loop back, so that one system call takes them. */
  private cork(): void {
    if (this.corked) return;
    this.corked = true;
    this.stream.cork();
    setImmediate(() => {
      this.corked = false;
      this.stream.uncork();
      if (this.stream.writableLength > 0) this.ticket?.backlogged?.(this.queuedBytes);
    });
  }

  private readonly onWritten = (): void => {
    if (!this.stream.destroyed) this.pressure.update(this.queuedBytes);
  };

  private read(subscriber: Subscriber<Packet>): () => void {
    const { socket } = this;
    const onMessage = (data: RawData, isBinary: boolean): void => {
      if (isBinary) {
        const bytes = data as Buffer;
        this.message(chunkOf(bytes), 0, bytes.length);
        // A closing frame may follow, which the WebSocket answers at once.
        this.writer?.flush();
      } else if (this.leaving !== 'destroyed') {
        this.refuse(UNSUPPORTED_DATA, brokenRule('received a text message, packets are binary'));
      }
    };
    // The WebSocket has refused what came, and closes; how that goes is not waited for.
    const onError = (): void => {
      subscriber.error(this.refusal);
    };
    const onClose = (code: number): void => {
      if (this.refusal !== undefined) subscriber.error(this.refusal);
      else if (this.leaving !== undefined || CLEAN_CODES.includes(code)) subscriber.complete();
      else
        subscriber.error(connectionError(this.peer, this.failure ?? new Error(`closed with code ${code}`)));
    };
    if (this.closeCode !== undefined) {
      onClose(this.closeCode);
      return () => undefined;
    }
    this.subscriber = subscriber;
    socket.on('message', onMessage).on('error', onError).on('close', onClose);
    this.fairness.release();
    return () => {
      this.subscriber = undefined;
      socket.off('message', onMessage).off('error', onError).off('close', onClose);
      this.isAbandoned = true;
      // A closing handshake under way is left to finish; otherwise nobody needs the connection any more.
      if (socket.readyState === socket.OPEN) this.destroy();
    };
  }

  private refuse(code: number, error: NnrpError): void {
    // What came before it has been answered.
    this.writer?.flush();
    this.socket.close(code);
    this.subscriber?.error(protocolError(error, 'connection'));
  }
}

function longestPacket({ maxMetadataBytes, maxBodyBytes }: PacketLimits): number {
  return HEADER_LENGTH + maxMetadataBytes + maxBodyBytes;
}

/** Why the WebSocket refused what came, before it was a message. */
function refusedFrame(error: Error, limits: PacketLimits): RuntimeError {
  const isTooLong = 'code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
  const rule = isTooLong
    ? `received a message longer than any packet, which has ${longestPacket(limits)} bytes at most`
    : error.message;
  return protocolError(brokenRule(rule), 'connection');
}

function brokenRule(rule: string): NnrpError {
  return new NnrpError({ kind: 'InvalidProtocolCombination', rule });
}
