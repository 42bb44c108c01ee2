import type { SchedulerLike } from 'rxjs';
import type { Transport } from '../transport';

/** A transport's counts of the bytes that pass. */
type CountedTransport = Pick<Transport, 'reads' | 'takenBytes' | 'backlogBytes' | 'probe'>;

/**
 * When the peer of a transport last gave a sign of life, and this side one to the peer. A byte is a sign, not only a
 * whole packet: one that came; and one that the peer took, which shows where bytes waited for room. The clock is
 * read once a read.
 */
export class SignsOfLife {
  private heardAt: number;
  private spokeAt: number;
  private reads: number | undefined;
  private takenBytes: number | undefined;
  /** Whether the operating system had no room for more when it was last looked at: the peer makes room. */
  private wasFull = false;

  constructor(
    private readonly transport: CountedTransport,
    private readonly scheduler: SchedulerLike,
  ) {
    this.heardAt = scheduler.now();
    this.spokeAt = this.heardAt;
    this.reads = transport.reads;
    this.takenBytes = transport.takenBytes;
  }

  /** When the peer was last heard, as far as it has been seen; in milliseconds. */
  get lastHeard(): number {
    return this.heardAt;
  }

  /** When something last went to the peer, as far as it has been seen; in milliseconds. */
  get lastSpoke(): number {
    return this.spokeAt;
  }

  /** A packet has come: now, or with the read that has brought the one before. */
  packet(): void {
    const { reads } = this.transport;
    if (reads !== undefined && reads === this.reads) return;
    this.reads = reads;
    this.heard();
  }

  /** A sign of life that was no packet. */
  heard(): void {
    this.heardAt = this.scheduler.now();
  }

  /** Asks for one below the protocol; false where the transport cannot. */
  probe(): boolean {
    if (this.transport.probe === undefined) return false;
    this.transport.probe(() => {
      this.heard();
    });
    return true;
  }

  /** Looks for bytes that were no packets: a part of a large one, or of what the peer takes. */
  look({ isRead }: { readonly isRead: boolean }): this {
    // Who is not read cannot be heard.
    if (!isRead) this.heard();
    const { reads, takenBytes, backlogBytes = 0 } = this.transport;
    const hasTaken = takenBytes !== this.takenBytes;
    // A transport that does not count is taken to carry enough.
    if (hasTaken || takenBytes === undefined) this.spokeAt = this.scheduler.now();
    if (reads !== this.reads || (this.wasFull && hasTaken)) this.heard();
    this.reads = reads;
    this.takenBytes = takenBytes;
    this.wasFull = backlogBytes > 0;
    return this;
  }
}
