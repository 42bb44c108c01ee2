import { Observable, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs';
import { protocolError } from '../../../src/protocol/runtime-error';
import { connectionError, endInsidePacket } from '../../../src/transport/network-errors';
import { PacketBatch } from '../../../src/transport/outgoing/packet-batch';
import { SendPressure } from '../../../src/transport/outgoing/send-pressure';
import type { PeerName, Transport, TransportKind } from '../../../src/transport/transport';
import { HEADER_LENGTH } from '../../../src/wire/header';
import type { Packet } from '../../../src/wire/packet';
import { PacketDecoder } from '../../../src/wire/packet-decoder';
import type { NetworkConditions } from './conditions';
import type { Cut, Pipe, PipeReader, PipeSignal, StreamEnd } from './pipe';
import type { Random } from '../random';

export type Side = 'client' | 'server';

/** What a transport is joined with. */
export interface TransportPlace {
  readonly connectionId: number;
  readonly side: Side;
  readonly kind: TransportKind;
  readonly peer: PeerName;
  readonly outgoing: Pipe;
  readonly incoming: Pipe;
  readonly scheduler: SchedulerLike;
  readonly random: Random;
  readonly conditions: NetworkConditions;
  /** Bytes of header and body that this end takes in one packet, and that the other does. */
  readonly largestPacket: number;
  readonly peerTakes: number;
}

/** Who looks on. */
export interface TransportWatcher {
  /**
   * An end sends a packet. Returns how many of its bytes are the last that the connection carries;
   * undefined where the connection lives on.
   */
  sending(end: SimulatedTransport, packet: Packet): number | undefined;
  delivering(end: SimulatedTransport, packet: Packet): void;
  delivered(end: SimulatedTransport, packet: Packet): void;
  /** The connection is to break where `bytes` of those on their way have arrived. */
  breaking(end: SimulatedTransport, bytes: number): void;
  /** An end cuts the connection, with so many bytes that have arrived and were not read. */
  destroying(end: SimulatedTransport, unreadBytes: number): void;
  ended(end: SimulatedTransport): void;
}

/**
 * An end of a simulated connection: packets go out as bytes, those of a turn in one write, and come in
 * through a decoder, like those of a socket. It ends the way that a socket of Node's does.
 *
 *   send ─▶ batch ─▶ pipe ─▶ decoder ─▶ packets$
 */
export class SimulatedTransport implements Transport, PipeReader {
  readonly connectionId: number;
  readonly side: Side;
  readonly largestPacket: number;
  /** What the other end takes, which this one is told by it. */
  readonly peerTakes: number;
  readonly kind: TransportKind;
  readonly peer: PeerName;
  readonly packets$: Observable<Packet>;
  reads = 0;
  private readonly scheduler: SchedulerLike;
  private readonly random: Random;
  private readonly outgoing: Pipe;
  private readonly incoming: Pipe;
  private readonly batch = new PacketBatch();
  private readonly pressure: SendPressure;
  private readonly decoder: PacketDecoder;
  private readonly closeTimeoutMs: number;
  private readonly resetChance: number;
  private reader: Subscriber<Packet> | undefined;
  private flushing: Subscription | undefined;
  private breakAt: number | undefined;
  private leaving: 'closing' | 'destroyed' | undefined;
  private deadline: Subscription | undefined;
  private readonly closers: (() => void)[] = [];
  private readonly probed: (() => void)[] = [];
  /** As a WebSocket has it, and TCP has not. */
  readonly probe?: (onAnswer: () => void) => void;
  private isEnded = false;

  constructor(
    place: TransportPlace,
    private readonly watcher: TransportWatcher,
  ) {
    this.connectionId = place.connectionId;
    this.side = place.side;
    this.kind = place.kind;
    this.peer = place.peer;
    this.largestPacket = place.largestPacket;
    this.peerTakes = place.peerTakes;
    this.decoder = new PacketDecoder({ maxBodyBytes: place.largestPacket - HEADER_LENGTH });
    this.scheduler = place.scheduler;
    this.random = place.random;
    this.outgoing = place.outgoing;
    this.incoming = place.incoming;
    this.pressure = new SendPressure(place.conditions.pressure);
    this.closeTimeoutMs = place.conditions.closeTimeoutMs;
    this.resetChance = place.conditions.resetChance;
    if (place.kind === 'websocket') {
      this.probe = (onAnswer): void => {
        this.probed.push(onAnswer);
        this.outgoing.signal('probe');
      };
    }
    this.packets$ = new Observable((subscriber) => {
      if (this.isEnded) {
        subscriber.complete();
        return undefined;
      }
      this.reader = subscriber;
      this.incoming.read(this);
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
    if (this.isEnded || this.leaving === 'destroyed') return 0;
    return this.batch.byteLength + this.outgoing.queuedBytes;
  }

  /** Whether this end knows that the connection is over. */
  get isOver(): boolean {
    return this.isEnded;
  }

  /** Whether somebody reads from it. */
  get isRead(): boolean {
    return this.reader !== undefined;
  }

  /** Whether this end was asked to close, and has not yet. */
  get isClosing(): boolean {
    return this.leaving === 'closing' && !this.isEnded;
  }

  /** Whether what is sent still has a way to go. */
  get isWritable(): boolean {
    return !this.isEnded && this.leaving === undefined && this.outgoing.isOpen;
  }

  send(packet: Packet): void {
    if (this.isEnded || this.leaving !== undefined) return;
    const start = this.batch.byteLength;
    this.batch.add(packet);
    const last = this.watcher.sending(this, packet);
    if (last !== undefined) this.breakAt ??= start + last;
    this.updatePressure();
    this.flushing ??= this.scheduler.schedule(() => {
      this.flush();
    });
  }

  pause(): void {
    this.incoming.pause();
  }

  resume(): void {
    this.incoming.resume();
  }

  close(): Promise<void> {
    if (this.isEnded) return Promise.resolve();
    this.leaving ??= 'closing';
    this.flush();
    this.outgoing.finish();
    this.startDeadline();
    // Read and ignored, until the peer ends its side, too.
    this.incoming.resume();
    this.incoming.read(this);
    return new Promise((resolve) => {
      this.closers.push(resolve);
    });
  }

  destroy(): void {
    if (this.isEnded || this.leaving === 'destroyed') return;
    if (this.leaving === undefined) this.watcher.destroying(this, this.incoming.unreadBytes);
    this.leaving = 'destroyed';
    this.forgetBatch();
    this.incoming.discard();
    this.cutOutgoing();
    // A socket says that it is closed in a turn of its own.
    this.deadline?.unsubscribe();
    this.deadline = this.scheduler.schedule(() => {
      this.end(undefined);
    });
  }

  /** Whoever had it is gone, and hears of nothing. */
  vanish(): void {
    this.reader = undefined;
    this.end(undefined);
  }

  takeBytes(bytes: Uint8Array): void {
    const { decoder } = this;
    // Behind a frame that was broken nothing can be read, whether or not anybody has heard of it.
    if (decoder.fault !== undefined) return;
    this.reads += 1;
    for (const packet of decoder.push(bytes)) {
      if (this.reader === undefined || this.leaving === 'destroyed') return;
      this.watcher.delivering(this, packet);
      this.reader.next(packet);
      this.watcher.delivered(this, packet);
    }
    if (decoder.fault !== undefined) this.fail(protocolError(decoder.fault, 'connection'));
  }

  takeSignal(signal: PipeSignal): void {
    if (signal === 'probe') this.outgoing.signal('answer');
    else this.probed.shift()?.();
  }

  takeEnd(end: StreamEnd): void {
    if (end === 'reset') {
      this.forgetBatch();
      const error = connectionError(this.peer, new Error('reset by the peer'));
      this.end(this.leaving === undefined ? error : undefined);
      return;
    }
    this.flush();
    this.outgoing.finish();
    const isBroken = this.decoder.isInsidePacket && this.leaving === undefined;
    this.end(
      isBroken ? endInsidePacket(this.peer, `after ${this.decoder.bufferedBytes} bytes of it`) : undefined,
    );
  }

  private flush(): void {
    this.flushing?.unsubscribe();
    this.flushing = undefined;
    if (this.batch.isEmpty) return;
    const { breakAt } = this;
    const before = this.outgoing.queuedBytes;
    for (const chunk of this.batch.take()) this.outgoing.write(chunk);
    this.breakAt = undefined;
    if (breakAt !== undefined) this.watcher.breaking(this, before + breakAt);
    this.updatePressure();
  }

  /** Called where bytes have arrived at the other end. */
  updatePressure(): void {
    if (!this.isEnded) this.pressure.update(this.queuedBytes);
  }

  private fail(error: Error): void {
    this.flush();
    const { reader } = this;
    this.reader = undefined;
    this.destroy();
    reader?.error(error);
  }

  private forgetBatch(): void {
    this.flushing?.unsubscribe();
    this.flushing = undefined;
    this.batch.clear();
  }

  /** What a socket that is destroyed has written arrives, or is lost with a reset. */
  private cutOutgoing(): void {
    const { queuedBytes } = this.outgoing;
    const cut: Cut = this.random.chance(this.resetChance)
      ? { keepBytes: this.random.int(0, queuedBytes), end: 'reset', noticeMs: 1 }
      : { keepBytes: queuedBytes, end: 'fin', noticeMs: 1 };
    this.outgoing.cut(cut);
  }

  private startDeadline(): void {
    this.deadline ??= this.scheduler.schedule(() => {
      this.destroy();
      this.end(undefined);
    }, this.closeTimeoutMs);
  }

  private end(error: Error | undefined): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.deadline?.unsubscribe();
    this.forgetBatch();
    this.incoming.discard();
    this.cutOutgoing();
    this.pressure.complete();
    const { reader } = this;
    this.reader = undefined;
    if (error === undefined) reader?.complete();
    else reader?.error(error);
    for (const resolve of this.closers.splice(0)) resolve();
    this.watcher.ended(this);
  }
}
