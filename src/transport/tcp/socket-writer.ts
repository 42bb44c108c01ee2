import type { Socket } from 'node:net';
import type { Packet } from '../../wire/packet';
import type { GateTicket } from '../connection-gate';
import { PacketBatch, type PacketPrefix } from '../outgoing/packet-batch';
import type { SendPressure } from '../outgoing/send-pressure';
import { atTurnEnd } from '../outgoing/turn-end';

/** A batch of so many bytes is written at once: a turn that sends much does not pile it up. */
const FLUSH_BYTES = 64 * 1024;

/** A batch of so many packets, too: the peer works on them while the rest is made. */
const FLUSH_PACKETS = 96;

/** Packets on their way into a socket: what one turn of the event loop sends leaves in one write. */
export class SocketWriter {
  private readonly batch: PacketBatch;
  private isFlushDue = false;
  /** Whether whoever sends will say when it is enough. */
  private isGathering = false;

  constructor(
    private readonly socket: Socket,
    private readonly pressure: SendPressure,
    private readonly ticket: GateTicket | undefined,
    prefix?: PacketPrefix,
  ) {
    this.batch = new PacketBatch(prefix);
  }

  /** Bytes that wait, the socket's own among them. */
  get queuedBytes(): number {
    return this.socket.destroyed ? 0 : this.batch.byteLength + this.socket.writableLength;
  }

  send(packet: Packet): void {
    // Asked once a batch: `flush` asks again.
    if (this.batch.isEmpty && !this.socket.writable) return;
    this.batch.add(packet);
    if (this.batch.byteLength >= FLUSH_BYTES || this.batch.size >= FLUSH_PACKETS) this.flush();
    else if (!this.isGathering) {
      this.pressure.update(this.queuedBytes);
      this.flushSoon();
    }
  }

  /** Keeps what is sent until the next `flush`: the answers to one read leave together, and at once. */
  gather(): void {
    this.isGathering = true;
  }

  flush(): void {
    this.isGathering = false;
    const { batch, socket } = this;
    if (batch.isEmpty) return;
    if (!socket.writable) {
      batch.clear();
      return;
    }
    // Who waits to hear that it is written costs Node a tick of its own.
    const isSoonWritten = socket.writableLength === 0 && this.pressure.allows(batch.byteLength);
    const onWritten = isSoonWritten ? undefined : this.onWritten;
    const parts = batch.take();
    if (parts.length > 1) socket.cork();
    // Not 'drain', which waits until nothing is left.
    for (const part of parts) socket.write(part, onWritten);
    if (parts.length > 1) socket.uncork();
    // The operating system has a copy of everything already, as it usually has.
    if (socket.writableLength === 0) batch.reuse();
    else this.noteBacklog();
  }

  private flushSoon(): void {
    if (this.isFlushDue) return;
    this.isFlushDue = true;
    atTurnEnd(this.flushLater);
  }

  private readonly flushLater = (): void => {
    this.isFlushDue = false;
    this.flush();
  };

  private noteBacklog(): void {
    const { queuedBytes } = this;
    this.pressure.update(queuedBytes);
    this.ticket?.backlogged?.(queuedBytes);
  }

  private readonly onWritten = (): void => {
    if (this.pressure.isOn && !this.socket.destroyed) this.pressure.update(this.queuedBytes);
  };
}
