import { connect as connectTo, type Client } from './client/client';
import type { ClientOptions } from './client/options';
import { webSocket } from './transport/browser/web-socket';
import type { ConnectEndpoint } from './transport/endpoint';
import { endpointsOf, parseEndpointUrl } from './transport/endpoint-url';

/**
 * Connects to a server from a page or a worker: to an endpoint, or to a URL, `ws://host/path` or `wss://host/path`.
 * Rejects as it does in Node.
 *
 * @example
 * const client = await connect('wss://chat.example/nnrp');
 * const session = await client.openSession();
 */
export async function connect(
  to: string | ConnectEndpoint | readonly (string | ConnectEndpoint)[],
  options?: ClientOptions,
): Promise<Client> {
  return connectTo(endpointsOf(to, endpointOf), options);
}

function endpointOf(url: string): ConnectEndpoint {
  const { scheme, host, port, path } = parseEndpointUrl(url, ['ws', 'wss']);
  return webSocket({ host, port, path, ...(scheme === 'wss' && { tls: {} }) });
}
