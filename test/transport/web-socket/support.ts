import type { SocketTransportOptions } from '../../../src/transport/socket-options';
import type { RuntimeError } from '../../../src/protocol/runtime-error';
import type { WebSocketOptions } from '../../../src/transport/web-socket/options';
import { webSocket } from '../../../src/transport/web-socket/web-socket';
import { type FakeGate } from '../fake-gate';
import { closedLater, Reception } from '../support';

export type Options = Omit<WebSocketOptions, 'port'>;

/** A listener on any free port, and what it refuses. */
export async function listen(options: Options = {}, gate?: FakeGate) {
  const refused: RuntimeError[] = [];
  const endpoint = webSocket({ port: 0, ...options });
  const listener = endpoint.listen({ gate, refused: (error) => refused.push(error) });
  const reception = closedLater(new Reception(listener));
  return { reception, refused, port: (await reception.address()).port };
}

/** Accepts on any free port, with transports of these options. */
export async function receive(
  options: Partial<SocketTransportOptions> = {},
): Promise<{ reception: Reception; port: number }> {
  const endpoint = webSocket({ port: 0, closeTimeoutMs: 100, ...options });
  const reception = closedLater(new Reception(endpoint.listen()));
  const { port } = await reception.address();
  return { reception, port };
}
