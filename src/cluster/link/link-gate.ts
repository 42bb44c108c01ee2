import type { SchedulerLike } from 'rxjs';
import type { ConnectionGate, GateTicket } from '../../transport/connection-gate';
import type { Transport } from '../../transport/transport';
import type { UnfinishedPacket } from '../../transport/unfinished-packet';
import { HEADER_LENGTH } from '../../wire/header';

/** Bytes of what a node says before it has proved that it is one. */
export const MAX_HELLO_BYTES = 4096;

/** Connections that have not proved yet that they are a node's: more of them are nobody's that matters. */
const MAX_STRANGERS = 256;

/** A connection to where nodes link. */
export class LinkTicket implements GateTicket {
  private isStranger = true;

  constructor(
    private readonly gate: LinkGate,
    readonly since: number,
    readonly cut: () => void,
  ) {}

  /** It is gone, or a node's, which may say what it likes. */
  leave(): void {
    if (this.isStranger) this.gate.strangers -= 1;
    this.isStranger = false;
  }

  /** Before it is gathered: a stranger has no use for more than a hello. */
  insidePacket({ bytes, length = bytes }: UnfinishedPacket = { number: 0, bytes: 0 }): void {
    if (this.isStranger && length > HEADER_LENGTH + MAX_HELLO_BYTES) this.cut();
  }
}

/** Lets in whoever links, few strangers at a time, and none with more to say than who it is. */
export class LinkGate implements ConnectionGate {
  strangers = 0;

  constructor(private readonly scheduler: SchedulerLike) {}

  enter(cut: () => void): LinkTicket {
    this.strangers += 1;
    const ticket = new LinkTicket(this, this.scheduler.now(), cut);
    if (this.strangers > MAX_STRANGERS) cut();
    return ticket;
  }

  /** The ticket of a transport; one whose listener knows no gate enters now. */
  ticketOf(transport: Transport): LinkTicket {
    if (transport.ticket instanceof LinkTicket) return transport.ticket;
    return this.enter(() => {
      transport.destroy();
    });
  }
}
