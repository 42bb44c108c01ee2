import type { Socket } from 'node:net';
import type { ConnectionGate, GateTicket } from './connection-gate';
import { hostAndPort } from './place';

/**
 * Announces a socket that was just accepted. Whoever calls looks at `socket.destroyed` next: the gate may
 * have refused it.
 */
export function enterGate(gate: ConnectionGate | undefined, socket: Socket): GateTicket | undefined {
  if (gate === undefined) return undefined;
  const peer = hostAndPort(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0);
  const ticket = gate.enter(() => {
    socket.destroy();
  }, peer);
  // Not before the next turn, also where the gate has just cut it.
  socket.once('close', () => {
    ticket.leave();
  });
  return ticket;
}
