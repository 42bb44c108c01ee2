import { LivenessWatch, type WatchedPeer } from '../../transport/liveness/keep-alive';
import type { SignsOfLife } from '../../transport/liveness/signs-of-life';
import type { WatchedConnection } from '../limits/watched-connection';
import type { ReceiptProof } from './receipt-proof';
import type { ServerContext } from '../server-context';

/** Watches whether the peer of a connection is there: who says nothing is asked, and who does not answer is gone. */
export class PeerWatch implements WatchedPeer {
  private watch: LivenessWatch | undefined;
  private isOver = false;

  constructor(
    private readonly connection: Pick<WatchedConnection, 'isAnnounced' | 'isHeld' | 'destroy'>,
    private readonly life: SignsOfLife,
    private readonly proof: ReceiptProof,
    private readonly server: Pick<ServerContext, 'settings' | 'scheduler'>,
  ) {}

  /** From when on the peer can be asked: a timer for each that says nothing would cost more than the peer. */
  start(): void {
    if (this.isOver) return;
    this.watch ??= new LivenessWatch(this, this.server.settings.keepAlive, this.server.scheduler);
  }

  unsubscribe(): void {
    this.isOver = true;
    this.watch?.unsubscribe();
  }

  signs(): SignsOfLife {
    return this.life.look({ isRead: !this.connection.isHeld });
  }

  /** Asks for a sign of life: below the protocol where the transport can, else with PING. */
  ask(): boolean {
    if (this.life.probe()) return true;
    if (!this.connection.isAnnounced) return false;
    this.proof.ping();
    return true;
  }

  /** The peer is gone without a word. */
  gone(): void {
    this.connection.destroy();
  }
}
