import type { SchedulerLike } from 'rxjs';
import type { WatchedConnection } from './watched-connection';
import { Lookout } from './lookout';
import type { ServerLimits } from './server-limits';

/** A connection whose peer may be slow to finish its packets. */
export type Sender = Pick<WatchedConnection, 'transport' | 'exceeded'>;

/** A packet that has begun. */
interface Begun {
  readonly number: number;
  readonly since: number;
}

/**
 * Ends connections whose peers do not finish the packets that they begin. A connection is looked at only
 * from a read on that has ended inside a packet, until a look finds it between packets: packets that
 * stream in, however large, are others at the next look.
 *
 *   between packets ──a read ends inside──▶ watched ──found between packets──▶ between packets
 *                                              │
 *                                              ▼  the same packet, for too long or too slowly
 *                                            ended
 */
export class SlowSenders {
  private readonly packets = new Map<Sender, Begun>();
  private readonly lookout: Lookout;

  constructor(
    private readonly limits: Pick<ServerLimits, 'packetMs' | 'packetGraceMs' | 'minPacketBytesPerSecond'>,
    scheduler: SchedulerLike,
  ) {
    const { packetMs, packetGraceMs } = limits;
    this.lookout = new Lookout(scheduler, () => this.lookAround(), Math.min(packetMs, packetGraceMs));
  }

  /** A read of a connection has ended inside a packet. */
  insidePacket(sender: Sender): void {
    if (!this.packets.has(sender)) this.begin(sender, sender.transport.unfinished?.number ?? 0);
  }

  /** The connection is gone. */
  forget(sender: Sender): void {
    if (this.packets.delete(sender) && this.packets.size === 0) this.lookout.stop();
  }

  private lookAround(): number | undefined {
    for (const [sender, begun] of [...this.packets]) this.look(sender, begun);
    return this.packets.size > 0 ? Infinity : undefined;
  }

  private begin(sender: Sender, number: number): void {
    this.lookout.start();
    this.packets.set(sender, { number, since: this.lookout.now() });
  }

  private look(sender: Sender, begun: Begun): void {
    const { unfinished } = sender.transport;
    if (unfinished === undefined) this.packets.delete(sender);
    else if (unfinished.number !== begun.number) this.begin(sender, unfinished.number);
    else this.judge(sender, this.lookout.now() - begun.since, unfinished.bytes);
  }

  private judge(sender: Sender, ms: number, bytes: number): void {
    const { packetMs, packetGraceMs, minPacketBytesPerSecond } = this.limits;
    const bytesPerSecond = Math.floor((bytes / ms) * 1000);
    const isSlow = minPacketBytesPerSecond !== Infinity && bytesPerSecond < minPacketBytesPerSecond;
    if (ms >= packetMs) this.end(sender, 'packetMs', ms);
    else if (ms >= packetGraceMs && isSlow) this.end(sender, 'minPacketBytesPerSecond', bytesPerSecond);
  }

  private end(sender: Sender, limit: 'packetMs' | 'minPacketBytesPerSecond', observed: number): void {
    this.packets.delete(sender);
    sender.exceeded({ limit, sessionId: undefined, allowed: this.limits[limit], observed });
  }
}
