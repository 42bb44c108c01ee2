import type { Observable } from 'rxjs';
import type { Packet } from '../wire/packet';
import type { GateTicket } from './connection-gate';
import type { PeerIdentity } from './peer-identity';
import type { UnfinishedPacket } from './unfinished-packet';

/** The kind of a connection. One of your own is any other string. */
export type TransportKind = 'tcp' | 'quic' | 'websocket' | 'memory' | (string & {});

/** One end of a connection, as a user sees it: `127.0.0.1:4433`, `memory#1`. */
export type PeerName = string;

/**
 * A connection that carries whole packets. Whoever takes a transport owns it: subscribes to `packets$`
 * once, and closes it.
 */
export interface Transport {
  readonly kind: TransportKind;
  readonly peer: PeerName;
  /** The peer's identity, where it has shown a certificate that this side has verified. */
  readonly identity?: PeerIdentity | undefined;
  /** Of the gate that an accepted connection came through; see `ListenOptions.gate`. */
  readonly ticket?: GateTicket | undefined;
  /**
   * Bytes of header and body of the largest packet that this end takes from its peer, whatever its record: one
   * that is larger ends the connection. Undefined where a transport cannot tell.
   */
  readonly largestPacket?: number | undefined;
  /**
   * The peer's packets in order. Reading starts with the subscription, of which there is one. Completes
   * at a clean end, and at any end that this side asked for; errors with a `RuntimeError` of reach
   * `connection` at a broken frame, an end inside a packet, or a fault of the network. Unsubscribing
   * destroys the transport, unless it is being closed: that is left to finish.
   */
  readonly packets$: Observable<Packet>;
  /**
   * Whether more bytes wait to be written than the peer takes: now, then at each change. Completes with
   * the connection.
   */
  readonly pressure$: Observable<boolean>;
  /**
   * Changes with each read, before what it has brought is emitted: packets of one read need only one look at the
   * clock, and a read that ends no packet is a sign of life, too. Undefined where a transport cannot tell.
   */
  readonly reads?: number;
  /**
   * The packet that the peer has begun and not finished; undefined between packets, while this side reads
   * nothing, and where a transport cannot tell.
   */
  readonly unfinished?: UnfinishedPacket | undefined;
  /** Bytes that were sent and that the operating system has not taken yet; 0 once the connection is gone. */
  readonly queuedBytes: number;
  /**
   * Counts the bytes that the operating system has taken, also within one large write: while bytes are
   * queued and this stays the same, the peer does not read. Undefined where a transport cannot tell.
   */
  readonly takenBytes?: number;
  /**
   * Bytes of those queued that the operating system was offered and had no room for: it has, once the peer has
   * taken some. Undefined where a transport cannot tell.
   */
  readonly backlogBytes?: number;
  /**
   * Queues a packet, of which `encodePacket` makes bytes. What is sent in one turn of the event loop goes
   * out together. Metadata and body are read before it returns, but for a body that was given away (`give`),
   * which may be read as long as it takes. They may be views of a buffer that others share, and are not
   * to be written to or transferred to another thread. After the end of the connection this does nothing. Throws an
   * `NnrpError` where the packet cannot be encoded.
   */
  send(packet: Packet): void;
  /**
   * Asks the peer for a sign of life below the protocol, where the transport has a way to: WebSocket's
   * own ping. `onAnswer` is called when it comes.
   */
  readonly probe?: (onAnswer: () => void) => void;
  /**
   * Reads nothing more from the peer until `resume`, where the transport can do that; packets of what it
   * has read may still come.
   */
  readonly pause?: () => void;
  /** Takes `pause` back. */
  readonly resume?: () => void;
  /**
   * Writes what is queued, ends the connection, and resolves when it is gone. A peer that does not take
   * part is cut off after a while, see `closeTimeoutMs`.
   */
  close(): Promise<void>;
  /** Ends the connection at once; what is queued is lost. */
  destroy(): void;
}
