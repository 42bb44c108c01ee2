import type { ConnectEndpoint, ListenEndpoint } from '../endpoint';
import { hostAndPort } from '../place';
import { TrustedProxies } from '../tcp/trusted-proxies';
import type { SocketTransportOptions } from '../tcp/tcp-transport';
import { TlsCredentials, type SecureEndpoint, type TlsSettings } from '../tls/credentials';
import { pathOf, type Admission, type Origins } from './admission';
import { connectWebSocket } from './connect';
import { listenWebSocket, shareWebServer } from './listen';
import type { WebServer } from './shared-paths';

const DEFAULT_MAX_HEADER_BYTES = 64 * 1024;

export interface WebSocketSettings extends Partial<SocketTransportOptions> {
  /** Default `/`: a server takes upgrades of this path only, and answers others with 404. */
  readonly path?: string;
  /**
   * The sub-protocol to agree on. Default none, because the reference's peers answer with none. A
   * server that has one refuses clients that do not ask for it with 400.
   */
  readonly subProtocol?: string;
  /**
   * Listening only: the web pages that may connect; others are answered with 403. Default: all. A page
   * of any site can connect from a browser that can reach the server, so a server that trusts its
   * network, or cookies, says which.
   */
  readonly origins?: Origins;
  /**
   * Listening only: proxies that say who their clients are, by addresses and ranges (`10.0.0.7`, `fd00::/8`).
   * Each of their requests must say so in `X-Forwarded-For`, or is answered with 400, and `peer` is the
   * client's address, which limits go by. Others connect as they are. Default none.
   */
  readonly trustProxy?: readonly string[];
}

export interface WebSocketOptions extends WebSocketSettings {
  /** 0 lets the system choose when listening. */
  readonly port: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /**
   * WebSocket over TLS, `wss:`. Default: without. To connect, `{}` says it all where Node trusts the server.
   */
  readonly tls?: TlsSettings;
  /** Bytes that the headers of a handshake may have, more are answered with 431. Default 65,536. */
  readonly maxHeaderBytes?: number;
  /**
   * Listening: milliseconds from the accept that a handshake has, TLS and the upgrade together; then the
   * connection is cut. Default 5,000. (For connecting, see `ClientOptions.connectTimeoutMs`.)
   */
  readonly handshakeTimeoutMs?: number;
}

/** To listen on a web server that there is. */
export interface SharedWebSocketOptions extends WebSocketSettings {
  /**
   * Only upgrades of `path` are taken. Others are left to its other 'upgrade' listeners; where there are
   * none they are answered with 404. Who made the server binds and closes it, and limits headers and
   * times of its requests.
   */
  readonly server: WebServer;
}

/**
 * NNRP over WebSocket: one binary message is one packet, uncompressed. What a server listens on and a
 * client connects to.
 *
 * @example
 * const server = createServer({ listen: webSocket({ port: 4480 }) });
 * const client = await connect(webSocket({ port: 4480 }));
 *
 * const secure = webSocket({ host: '0.0.0.0', port: 443, tls: { cert, key }, origins: ['https://app.example'] });
 * const shared = webSocket({ server: httpServer, path: '/nnrp' });
 */
export function webSocket(options: WebSocketOptions & { readonly tls: TlsSettings }): SecureEndpoint;
export function webSocket(options: WebSocketOptions): ListenEndpoint & ConnectEndpoint;
export function webSocket(options: SharedWebSocketOptions): ListenEndpoint;
export function webSocket(options: WebSocketOptions | SharedWebSocketOptions): ListenEndpoint {
  const admission: Admission = {
    path: pathOf(options.path ?? '/'),
    subProtocol: options.subProtocol,
    origins: options.origins,
    proxies: TrustedProxies.of(options.trustProxy),
  };
  return 'server' in options ? sharedEndpoint(options, admission) : ownEndpoint(options, admission);
}

function sharedEndpoint(options: SharedWebSocketOptions, admission: Admission): ListenEndpoint {
  return {
    kind: 'websocket',
    listen: (listenOptions) => shareWebServer(options.server, { admission, options }, listenOptions),
  };
}

function ownEndpoint(
  options: WebSocketOptions,
  admission: Admission,
): (ListenEndpoint & ConnectEndpoint) | SecureEndpoint {
  const { port, host = '127.0.0.1', tls, handshakeTimeoutMs } = options;
  const { maxHeaderBytes = DEFAULT_MAX_HEADER_BYTES } = options;
  const { subProtocol, path } = admission;
  const credentials = tls === undefined ? undefined : new TlsCredentials(tls);
  const url = `${credentials === undefined ? 'ws' : 'wss'}://${hostAndPort(host, port)}${path}`;
  const target = {
    url,
    subProtocol,
    maxHeaderBytes,
    options,
    secure: () => credentials?.connecting(host) ?? {},
  };
  const own = { host, port, admission, options, maxHeaderBytes, handshakeTimeoutMs, credentials };
  const endpoint: ListenEndpoint & ConnectEndpoint = {
    kind: 'websocket',
    url,
    listen: (listenOptions) => listenWebSocket(own, listenOptions),
    connect: () => connectWebSocket(target),
  };
  if (credentials === undefined) return endpoint;
  return {
    ...endpoint,
    replaceCertificate: (certificate) => {
      credentials.replace(certificate, url);
    },
  };
}
