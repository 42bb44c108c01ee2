import { connect as connectTo, type Client } from './client/client';
import type { ClientOptions } from './client/options';
import type { ConnectEndpoint } from './transport/endpoint';
import { endpointsOf, parseEndpointUrl } from './transport/endpoint-url';
import { ipc } from './transport/ipc/ipc';
import { tcp } from './transport/tcp/tcp';
import { tls } from './transport/tls/tls';
import { webSocket } from './transport/web-socket/web-socket';

/**
 * Connects to a server: to an endpoint, or to a URL, `tcp://host:port`, `tls://host:port`, `ws://host/path`,
 * `wss://host/path` or what `ipc` listens at, `unix:///run/model.sock`; or to one of several, as chance has it, and the next where one cannot be reached. Rejects with a
 * `RuntimeError`: `io` with host and port where nobody answers,
 * `unsupported-transport` where `options.transport` names another kind. Rejects with a `TypeError` or a
 * `RangeError` that names the option where one cannot be what it is.
 *
 * @example
 * const client = await connect('wss://chat.example/nnrp');
 * const session = await client.openSession();
 *
 * const other = await connect(tcp({ port: 4433 }));
 */
export async function connect(
  to: string | ConnectEndpoint | readonly (string | ConnectEndpoint)[],
  options?: ClientOptions,
): Promise<Client> {
  return connectTo(endpointsOf(to, endpointOf), options);
}

const IPC = /^(?:unix|npipe):\/\/(.+)$/;

function endpointOf(url: string): ConnectEndpoint {
  const [, file] = IPC.exec(url) ?? [];
  if (file !== undefined) return ipc({ path: file });
  const { scheme, host, port, path } = parseEndpointUrl(url, ['tcp', 'tls', 'ws', 'wss']);
  switch (scheme) {
    case 'tcp':
      return tcp({ host, port });
    case 'tls':
      return tls({ host, port });
    case 'ws':
      return webSocket({ host, port, path });
    case 'wss':
      return webSocket({ host, port, path, tls: {} });
  }
}
