import type { Socket } from 'node:net';
import type { ConnectionGate, GateTicket } from '../connection-gate';
import { peerPlace } from '../place';

/** A connection that was announced. */
export interface Entered {
  readonly ticket: GateTicket;
  readonly peer: string;
}

/**
 * Announces a socket that was just accepted. Whoever calls looks at `socket.destroyed` next: the gate may
 * have refused it.
 */
export function enterGate(gate: ConnectionGate | undefined, socket: Socket): GateTicket | undefined {
  if (gate === undefined) return undefined;
  const { ticket } = announce(gate, socket, peerPlace(socket));
  leaveAtEnd(ticket, socket);
  return ticket;
}

/**
 * As `enterGate`, for a socket that becomes a transport now: that one leaves at its end, without a listener
 * more.
 */
export function enterGateAsTransport(
  gate: ConnectionGate | undefined,
  socket: Socket,
  peer = peerPlace(socket),
): Entered | undefined {
  if (gate === undefined) return undefined;
  const entered = announce(gate, socket, peer);
  if (socket.destroyed) leaveAtEnd(entered.ticket, socket);
  return entered;
}

function announce(gate: ConnectionGate, socket: Socket, peer: string): Entered {
  const ticket = gate.enter(() => {
    socket.destroy();
  }, peer);
  return { ticket, peer };
}

function leaveAtEnd(ticket: GateTicket, socket: Socket): void {
  // Not before the next turn, also where the gate has just cut it.
  socket.once('close', () => {
    ticket.leave();
  });
}
