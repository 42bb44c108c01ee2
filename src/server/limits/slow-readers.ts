import type { SchedulerLike } from 'rxjs';
import type { WatchedConnection } from './watched-connection';
import { Lookout } from './lookout';
import type { ServerLimits } from './server-limits';

type ReaderLimits = Pick<
  ServerLimits,
  'maxUnreadBytes' | 'maxLastingUnreadBytes' | 'unreadMs' | 'maxTotalUnreadBytes'
>;

/** A connection whose peer may not read. */
export type Reader = Pick<WatchedConnection, 'transport' | 'cutOff'>;

interface Backlog {
  queuedBytes: number;
  takenBytes: number;
  /** When it was first seen that the peer had taken some of it; milliseconds, on the clock of the lookout. */
  takenAt: number;
  /** Since when there is more of it than may last. */
  heavySince: number | undefined;
}

/**
 * Cuts connections whose peers do not read what the server sends them. A connection is looked at only
 * while it has bytes that the operating system does not take.
 *
 *   drained ──backlogged──▶ watched ──taken by the next look──▶ drained
 *                              │
 *                              ▼  too much, for too long, or without an end in sight
 *                             cut
 */
export class SlowReaders {
  private readonly backlogs = new Map<Reader, Backlog>();
  /** Bytes of all backlogs, as they were last seen. */
  private total = 0;
  private readonly lookout: Lookout;

  constructor(
    private readonly limits: ReaderLimits,
    scheduler: SchedulerLike,
  ) {
    this.lookout = new Lookout(scheduler, () => this.lookAround(), limits.unreadMs);
  }

  get maxUnreadBytes(): number {
    return this.limits.maxUnreadBytes;
  }

  /** So many bytes wait for a peer. */
  backlogged(reader: Reader, queuedBytes: number): void {
    const backlog = this.backlogs.get(reader) ?? this.begin(reader);
    this.note(backlog, queuedBytes);
    const { maxUnreadBytes, maxTotalUnreadBytes } = this.limits;
    if (queuedBytes > maxUnreadBytes) this.cut(reader, 'maxUnreadBytes', queuedBytes);
    else if (this.total > maxTotalUnreadBytes) this.makeRoom();
  }

  /** The connection is gone. */
  forget(reader: Reader): void {
    const backlog = this.backlogs.get(reader);
    if (backlog === undefined) return;
    this.total -= backlog.queuedBytes;
    this.backlogs.delete(reader);
    if (this.backlogs.size === 0) this.lookout.stop();
  }

  private lookAround(): number | undefined {
    for (const [reader, backlog] of [...this.backlogs]) this.look(reader, backlog);
    return this.backlogs.size > 0 ? Infinity : undefined;
  }

  private begin(reader: Reader): Backlog {
    this.lookout.start();
    const takenAt = this.lookout.now();
    const takenBytes = reader.transport.takenBytes ?? 0;
    const backlog: Backlog = { queuedBytes: 0, takenBytes, takenAt, heavySince: undefined };
    this.backlogs.set(reader, backlog);
    return backlog;
  }

  private note(backlog: Backlog, queuedBytes: number): void {
    this.total += queuedBytes - backlog.queuedBytes;
    backlog.queuedBytes = queuedBytes;
    if (queuedBytes <= this.limits.maxLastingUnreadBytes) backlog.heavySince = undefined;
    else backlog.heavySince ??= this.lookout.now();
  }

  private look(reader: Reader, backlog: Backlog): void {
    const { transport } = reader;
    const { queuedBytes } = transport;
    if (queuedBytes === 0) {
      this.forget(reader);
      return;
    }
    const now = this.lookout.now();
    const { unreadMs } = this.limits;
    // A transport that does not count what is taken shows it by having less to send.
    const { takenBytes = backlog.takenBytes + Math.max(0, backlog.queuedBytes - queuedBytes) } = transport;
    if (takenBytes !== backlog.takenBytes) backlog.takenAt = now;
    backlog.takenBytes = takenBytes;
    this.note(backlog, queuedBytes);
    const { heavySince = Infinity } = backlog;
    if (now - heavySince >= unreadMs) this.cut(reader, 'maxLastingUnreadBytes', queuedBytes);
    else if (now - backlog.takenAt >= unreadMs) this.cut(reader, 'unreadMs', now - backlog.takenAt);
  }

  /** Cuts those that have most to take, as they have cost most and are the fewest. */
  private makeRoom(): void {
    const { maxTotalUnreadBytes } = this.limits;
    for (const [{ transport }, backlog] of this.backlogs) this.note(backlog, transport.queuedBytes);
    while (this.total > maxTotalUnreadBytes) {
      const [heaviest] = [...this.backlogs].reduce((a, b) => (b[1].queuedBytes > a[1].queuedBytes ? b : a));
      this.cut(heaviest, 'maxTotalUnreadBytes', this.total);
    }
  }

  private cut(reader: Reader, limit: keyof ReaderLimits, observed: number): void {
    this.forget(reader);
    reader.cutOff({ limit, sessionId: undefined, allowed: this.limits[limit], observed });
  }
}
