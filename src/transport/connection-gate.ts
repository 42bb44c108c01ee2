import type { UnfinishedPacket } from './unfinished-packet';

/**
 * Counts and times the connections of a server that have shown nothing yet, over all of its listeners.
 *
 * A listener calls `enter` for each connection that the operating system accepts, before it reads a byte
 * of it, a TLS handshake or a WebSocket's upgrade included. (A WebSocket on a web server that is shared
 * enters with its upgrade: until then it is the web server's.) It calls the ticket's `leave` when the
 * socket is gone, however it went, and hands the ticket on as `transport.ticket`.
 *
 * @example
 * const gate: ConnectionGate = {
 *   enter: (cut) => {
 *     const timer = setTimeout(cut, 5_000);
 *     return { since: Date.now(), leave: () => clearTimeout(timer) };
 *   },
 * };
 * tcp({ port: 4433 }).listen({ gate }).subscribe((transport) => …);
 */
export interface ConnectionGate {
  /**
   * `peer` is its name, `127.0.0.1:4433`. `cut` ends the connection at once, whatever state it is in; to
   * call it when the connection is gone does nothing. It may be called inside `enter`: then the connection
   * is refused, the listener emits no transport for it, and the ticket still gets its `leave`. Must not
   * throw.
   */
  enter(cut: () => void, peer: string): GateTicket;
}

/** A connection on its way through a `ConnectionGate`. */
export interface GateTicket {
  /** When it entered: milliseconds, on the clock of the gate. */
  readonly since: number;
  /** With more bytes behind the connection is cut: there is pressure from half of them on. Left out, there is no such end. */
  readonly maxQueuedBytes?: number;
  /**
   * The connection needs no more watching: it is gone, or the server trusts it now. The first call
   * counts; a listener calls it at the end of the socket also where the server did before.
   */
  leave(): void;
  /**
   * Bytes have stayed behind that the operating system does not take now; called by the transport after a
   * write that leaves some, with its `queuedBytes`. May destroy the transport. Must not throw.
   */
  backlogged?(queuedBytes: number): void;
  /**
   * A read has ended inside a packet; called by the transport with what it has of it. Left out, that is the
   * transport's `unfinished`. May close the transport. Must not throw.
   */
  insidePacket?(unfinished?: UnfinishedPacket): void;
}
