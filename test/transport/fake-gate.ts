import type { ConnectionGate, GateTicket } from '../../src/transport/connection-gate';

export class FakeTicket implements GateTicket {
  leaves = 0;
  /** What was told of bytes that stay behind. */
  readonly backlogs: number[] = [];
  /** Reads that have ended inside a packet. */
  insidePackets = 0;

  constructor(
    readonly since: number,
    readonly cut: () => void,
  ) {}

  leave(): void {
    this.leaves += 1;
  }

  insidePacket(): void {
    this.insidePackets += 1;
  }

  backlogged(queuedBytes: number): void {
    this.backlogs.push(queuedBytes);
  }
}

/** Writes down who comes, and refuses on request. */
export class FakeGate implements ConnectionGate {
  readonly tickets: FakeTicket[] = [];
  private isOpen = true;

  enter(cut: () => void): GateTicket {
    const ticket = new FakeTicket(this.tickets.length + 1, cut);
    this.tickets.push(ticket);
    if (!this.isOpen) cut();
    return ticket;
  }

  /** Refuses from now on. */
  shut(): void {
    this.isOpen = false;
  }

  /** Lets in again. */
  reopen(): void {
    this.isOpen = true;
  }

  get leaves(): readonly number[] {
    return this.tickets.map(({ leaves }) => leaves);
  }
}
