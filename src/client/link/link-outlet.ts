import type { TimestampProvider } from 'rxjs';
import { pingPacket } from '../../protocol/ping';
import type { SessionExtension } from '../../protocol/session/session-extension';
import type { Transport } from '../../transport/transport';
import { NnrpError } from '../../wire/errors';
import { HEADER_LENGTH } from '../../wire/header';
import type { Packet } from '../../wire/packet';

/** PINGs of a second: a server of this project takes 50 (`limits.pings`), whatever `keepAlive` asks for here. */
const MAX_PINGS = 40;

/** Where the packets of a link go: to its server, as far as that takes them. */
export class LinkOutlet {
  /** Bytes of header and body that the server takes in one packet; Infinity where it has not said. */
  largestPacket = Infinity;
  /** Bytes of all packets that were sent. */
  sentBytes = 0;
  /** Whether the server is one that answers PING. */
  private isAnnounced = false;
  private readonly since: number;
  private pings = 0;
  /** The last of them that was answered. */
  private answered = 0;
  /** How many of them in the present second of the link's life. */
  private pinged = { second: 0, count: 0 };

  constructor(
    readonly transport: Transport,
    private readonly clock: TimestampProvider,
  ) {
    this.since = clock.now();
  }

  /** For how many milliseconds there has been the link. */
  get ageMs(): number {
    return this.clock.now() - this.since;
  }

  /** The server has said that it is one that answers PING, and perhaps what it takes. */
  announce({ largestPacket = Infinity }: SessionExtension): void {
    this.isAnnounced = true;
    this.largestPacket = largestPacket;
  }

  /**
   * Sends a packet. Throws an `NnrpError`, `MessageLengthOverflow`, where it is larger than the server takes: the
   * link would die of it.
   */
  send(packet: Packet): void {
    const declared = HEADER_LENGTH + packet.body.length;
    if (declared > this.largestPacket) {
      throw new NnrpError({ kind: 'MessageLengthOverflow', declared, limit: this.largestPacket });
    }
    this.sentBytes += declared + packet.metadata.length;
    this.transport.send(packet);
  }

  /** The server has answered a PING: it has received all that was sent before. */
  ponged(number: number): void {
    if (number <= this.pings) this.answered = Math.max(this.answered, number);
  }

  /**
   * Asks the server to show that it has received what was sent so far. Returns whether it has; undefined where it cannot
   * be asked so, or not so often.
   */
  receipt(): (() => boolean) | undefined {
    if (!this.ping()) return undefined;
    const number = this.pings;
    return () => this.answered >= number;
  }

  /** Asks the server for a sign of life, and gives it one; false where it cannot be asked so, or not so often. */
  ping(): boolean {
    if (!this.isAnnounced) return false;
    const second = Math.floor(this.ageMs / 1000);
    if (this.pinged.second !== second) this.pinged = { second, count: 0 };
    if (this.pinged.count === MAX_PINGS) return false;
    this.pinged.count += 1;
    this.pings += 1;
    this.send(pingPacket(this.pings));
    return true;
  }
}
