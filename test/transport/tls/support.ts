import * as nodeTls from 'node:tls';
import type { RuntimeError } from '../../../src/protocol/runtime-error';
import type { TlsOptions } from '../../../src/transport/tls/options';
import { tls } from '../../../src/transport/tls/tls';
import type { Transport } from '../../../src/transport/transport';
import type { Lab } from '../../support/certificates';
import { until } from '../../support/until';
import type { FakeGate } from '../fake-gate';
import { closedLater, Reception, Recording } from '../support';

export type Options = Omit<TlsOptions, 'port'>;

/** A listener, what it has accepted, and what it has refused. */
export async function listen({ server }: Lab, options: Options = {}, gate?: FakeGate) {
  const endpoint = tls({ port: 0, ...server, ...options });
  const refused: RuntimeError[] = [];
  const listener = endpoint.listen({ gate, refused: (error) => refused.push(error) });
  const reception = closedLater(new Reception(listener));
  return { endpoint, reception, refused, port: (await reception.address()).port };
}

export async function attempt(
  { authority }: Lab,
  port: number,
  options: Options = {},
): Promise<Recording<Transport>> {
  const recording = new Recording(tls({ port, ca: authority.cert, ...options }).connect());
  await recording.over();
  for (const transport of recording.values) closedLater(transport);
  return recording;
}

/** A TLS client with nothing of this library on it, and all that it sees. */
export function rawClient({ authority }: Lab, port: number, options: nodeTls.ConnectionOptions = {}) {
  const socket = nodeTls.connect({
    port,
    host: '127.0.0.1',
    ca: authority.cert,
    ALPNProtocols: ['nnrp/1'],
    ...options,
  });
  const seen = { secured: false, error: undefined as (Error & { code?: string }) | undefined, closed: false };
  socket.on('secureConnect', () => (seen.secured = true));
  socket.on('error', (error: Error) => {
    seen.error = error;
  });
  socket.on('close', () => (seen.closed = true));
  closedLater(socket.resume());
  return {
    socket,
    seen,
    closed: () => until(() => seen.closed, 'the end of the connection'),
    secured: () => until(() => seen.secured, 'a TLS connection'),
  };
}
