import { throwError, type Observable } from 'rxjs';
import { takeOptions } from '../../protocol/options/take-options';
import { connectPlatformSocket } from '../browser/web-socket';
import type { ConnectEndpoint, ListenEndpoint } from '../endpoint';
import { connectError } from '../network-errors';
import { hostAndPort } from '../place';
import { TrustedProxies } from '../tcp/trusted-proxies';
import { TlsCredentials, type SecureEndpoint, type TlsSettings } from '../tls/credentials';
import { takeCertificate } from '../tls/options';
import type { Transport } from '../transport';
import { pathOf } from './path-of';
import type { UpgradeRules } from './upgrade-rules';
import { connectWebSocket, type WebSocketTarget } from './connect';
import {
  SHARED_WEB_SOCKET_RULES,
  WEB_SOCKET_RULES,
  type SharedWebSocketOptions,
  type WebSocketOptions,
  type WebSocketSettings,
} from './options';
import { listenWebSocket, shareWebServer } from './listen';

const DEFAULT_MAX_HEADER_BYTES = 64 * 1024;

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
 *
 * Throws a `TypeError` or a `RangeError` that names an option which is none, or cannot be what it is.
 */
export function webSocket(options: WebSocketOptions & { readonly tls: TlsSettings }): SecureEndpoint;
export function webSocket(options: WebSocketOptions): ListenEndpoint & ConnectEndpoint;
export function webSocket(options: SharedWebSocketOptions): ListenEndpoint;
export function webSocket(given: WebSocketOptions | SharedWebSocketOptions): ListenEndpoint {
  if (isShared(given)) {
    const options = takeOptions('webSocket', given, SHARED_WEB_SOCKET_RULES);
    return sharedEndpoint(options, upgradeRules(options));
  }
  const options = takeOptions('webSocket', given, WEB_SOCKET_RULES);
  return ownEndpoint(options, upgradeRules(options));
}

/** Before the options are judged: they can be anything. */
function isShared(
  given: WebSocketOptions | SharedWebSocketOptions | null | undefined,
): given is SharedWebSocketOptions {
  return typeof given === 'object' && given !== null && 'server' in given;
}

function upgradeRules({ path = '/', subProtocol, origins, trustProxy }: WebSocketSettings): UpgradeRules {
  return { path: pathOf(path), subProtocol, origins, proxies: TrustedProxies.of(trustProxy) };
}

function sharedEndpoint(options: SharedWebSocketOptions, rules: UpgradeRules): ListenEndpoint {
  return {
    kind: 'websocket',
    listen: (listenOptions) => shareWebServer(options.server, { rules, options }, listenOptions),
  };
}

function ownEndpoint(
  options: WebSocketOptions,
  rules: UpgradeRules,
): (ListenEndpoint & ConnectEndpoint) | SecureEndpoint {
  const { port, host = '127.0.0.1', tls, handshakeTimeoutMs, headers, agent } = options;
  const { maxHeaderBytes = DEFAULT_MAX_HEADER_BYTES } = options;
  const { subProtocol, path } = rules;
  const credentials = tls === undefined ? undefined : new TlsCredentials(tls);
  const url = `${credentials === undefined ? 'ws' : 'wss'}://${hostAndPort(host, port)}${path}`;
  const target = {
    url,
    subProtocol,
    maxHeaderBytes,
    options,
    headers,
    agent,
    secure: () => credentials?.connecting(host) ?? {},
  };
  const own = { host, port, rules, options, maxHeaderBytes, handshakeTimeoutMs, credentials };
  const endpoint: ListenEndpoint & ConnectEndpoint = {
    kind: 'websocket',
    url,
    listen: (listenOptions) => listenWebSocket(own, listenOptions),
    connect: () => (isBun() ? connectOfBun(target, tls) : connectWebSocket(target)),
  };
  if (credentials === undefined) return endpoint;
  return {
    ...endpoint,
    replaceCertificate: (certificate) => {
      credentials.replace(takeCertificate(certificate), url);
    },
  };
}

function isBun(): boolean {
  return 'bun' in process.versions;
}

/** Bun has a `ws` of its own, which shows nobody its socket; the platform's WebSocket is what it has for clients. */
function connectOfBun(
  { url, subProtocol, options }: WebSocketTarget,
  tls: TlsSettings | undefined,
): Observable<Transport> {
  if (Object.keys(tls ?? {}).length === 0) return connectPlatformSocket(url, { ...options, subProtocol });
  const cause = new Error('in Bun, whom to trust is for the platform to say; give `tls: {}`');
  return throwError(() => connectError(url, cause));
}
