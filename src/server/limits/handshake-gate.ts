import { filter, type SchedulerLike } from 'rxjs';
import type { ConnectionGate, GateTicket } from '../../transport/connection-gate';
import type { PeerName, Transport } from '../../transport/transport';
import type { UnfinishedPacket } from '../../transport/unfinished-packet';
import type { ServerReports } from '../reports';
import type { Excess } from './connection-limits';
import { Lookout } from './lookout';
import type { ServerLimits } from './server-limits';
import type { WatchedConnection } from './watched-connection';
import { SlowReaders } from './slow-readers';
import { SlowSenders } from './slow-senders';

/** A connection, from its accept to its end. */
export class HandshakeTicket implements GateTicket {
  /** Says the last word to the peer, where there is one that can by now. */
  connection: WatchedConnection | undefined;

  constructor(
    private readonly gate: HandshakeGate,
    /** Milliseconds, on the clock of the gate's lookout. */
    readonly since: number,
    readonly peer: PeerName,
    readonly cut: () => void,
  ) {}

  get maxQueuedBytes(): number {
    return this.gate.readers.maxUnreadBytes;
  }

  /** The peer has been answered: it may take its time. */
  settle(): void {
    this.gate.settle(this);
  }

  /** The connection is gone. */
  leave(): void {
    this.gate.leave(this);
  }

  backlogged(queuedBytes: number): void {
    if (this.connection !== undefined) this.gate.readers.backlogged(this.connection, queuedBytes);
  }

  insidePacket(begun?: UnfinishedPacket): void {
    const { connection } = this;
    if (connection === undefined) return;
    const unfinished = begun ?? connection.transport.unfinished;
    if (unfinished !== undefined && !connection.allowUnfinished(unfinished)) return;
    this.gate.senders.insidePacket(connection);
  }
}

/**
 * Counts the connections of a server over all its listeners, and times those that have shown nothing yet.
 *
 *   accept ──▶ pending ──answered──▶ settled ──▶ gone
 *     │           │
 *     ▼           ▼  too slow, or the oldest of too many
 *   refused      cut
 */
export class HandshakeGate implements ConnectionGate {
  /** Oldest first. */
  private readonly pending = new Set<HandshakeTicket>();
  private readonly present = new Set<HandshakeTicket>();
  private readonly lookout: Lookout;
  readonly readers: SlowReaders;
  readonly senders: SlowSenders;

  constructor(
    private readonly limits: ServerLimits,
    scheduler: SchedulerLike,
    private readonly reports: ServerReports,
  ) {
    this.lookout = new Lookout(scheduler, () => this.lookAround(), limits.handshakeMs);
    this.readers = new SlowReaders(limits, scheduler);
    this.senders = new SlowSenders(limits, scheduler);
  }

  /** Connections that are not past their handshake. */
  get pendingCount(): number {
    return this.pending.size;
  }

  enter(cut: () => void, peer: PeerName): HandshakeTicket {
    const { maxConnections, maxHandshakes, handshakeMs } = this.limits;
    if (handshakeMs !== Infinity) this.lookout.start(handshakeMs);
    const ticket = new HandshakeTicket(this, this.lookout.now(), peer, cut);
    if (this.present.size >= maxConnections) {
      const observed = this.present.size + 1;
      this.cut(ticket, { limit: 'maxConnections', sessionId: undefined, allowed: maxConnections, observed });
      return ticket;
    }
    this.present.add(ticket);
    this.pending.add(ticket);
    if (this.pending.size > maxHandshakes) {
      const observed = this.pending.size;
      const [oldest] = this.pending;
      if (oldest !== undefined) {
        this.settle(oldest);
        // Without a word: words take time to be read, and there is a flood.
        this.cut(oldest, { limit: 'maxHandshakes', sessionId: undefined, allowed: maxHandshakes, observed });
      }
    }
    return ticket;
  }

  /** The ticket of a transport; one whose listener knows no gate enters now. */
  ticketOf(transport: Transport): HandshakeTicket {
    if (transport.ticket instanceof HandshakeTicket) return transport.ticket;
    const ticket = this.enter(() => {
      transport.destroy();
    }, transport.peer);
    // It tells nobody what stays behind, so it is looked at from where that is much.
    transport.pressure$.pipe(filter(Boolean)).subscribe({
      next: () => {
        ticket.backlogged(transport.queuedBytes);
      },
      error: () => undefined,
    });
    return ticket;
  }

  /** Whether a connection was let in and is not gone. */
  holds(ticket: HandshakeTicket): boolean {
    return this.present.has(ticket);
  }

  settle(ticket: HandshakeTicket): void {
    if (!this.pending.delete(ticket) || this.pending.size > 0) return;
    this.lookout.stop();
  }

  leave(ticket: HandshakeTicket): void {
    this.settle(ticket);
    this.present.delete(ticket);
    if (ticket.connection === undefined) return;
    this.readers.forget(ticket.connection);
    this.senders.forget(ticket.connection);
  }

  private lookAround(): number | undefined {
    const { handshakeMs } = this.limits;
    const now = this.lookout.now();
    for (const ticket of [...this.pending]) {
      const observed = now - ticket.since;
      if (observed < handshakeMs) return handshakeMs - observed;
      this.settle(ticket);
      const excess = {
        limit: 'handshakeMs',
        sessionId: undefined,
        allowed: handshakeMs,
        observed,
      } as const;
      if (ticket.connection === undefined) this.cut(ticket, excess);
      else ticket.connection.exceeded(excess);
    }
    return undefined;
  }

  private cut(ticket: HandshakeTicket, excess: Excess): void {
    const consequence = excess.limit === 'maxConnections' ? 'connection-refused' : 'connection-closed';
    this.reports.limits.next({ ...excess, peer: ticket.peer, consequence });
    ticket.cut();
  }
}
