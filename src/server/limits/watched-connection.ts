import type { Transport } from '../../transport/transport';
import type { UnfinishedPacket } from '../../transport/unfinished-packet';
import type { Excess } from './connection-limits';

/**
 * A connection, as who watches it has it: a transport and a timer find a limit exceeded where no connection asked.
 */
export interface WatchedConnection {
  readonly transport: Transport;
  /** Whether the peer has announced itself: then it answers a PING. */
  readonly isAnnounced: boolean;
  /** Whether the server, and not the peer, is why nothing is heard. */
  readonly isHeld: boolean;
  /** Judges a packet that has begun; false where the connection ends of it. */
  allowUnfinished(unfinished: UnfinishedPacket): boolean;
  /** A limit was met: the connection is to end, once its peer has heard why. */
  exceeded(excess: Excess): void;
  /** A limit was met: the connection is to end at once, since its peer would not read a word. */
  cutOff(excess: Excess): void;
  /** The peer is gone. */
  destroy(): void;
}
