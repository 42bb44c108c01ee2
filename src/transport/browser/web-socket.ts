import { Observable } from 'rxjs';
import { optionsOf, takeOptions, type Rules } from '../../protocol/options/take-options';
import { rule } from '../../protocol/options/rules';
import type { ConnectEndpoint } from '../endpoint';
import { noConnection } from '../connection-errors';
import { hostAndPort } from '../place';
import { host, port, SOCKET_RULES, type SocketTransportOptions } from '../socket-options';
import type { Transport } from '../transport';
import { pathOf } from '../web-socket/path-of';
import { subProtocol } from '../web-socket/sub-protocol';
import { BrowserTransport } from './browser-transport';
import { openPlatformSocket, type PlatformSocket } from './platform-socket';

/** Those of Node's `webSocket` that a page can choose. */
export interface BrowserWebSocketOptions extends Partial<SocketTransportOptions> {
  readonly port: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default `/`. */
  readonly path?: string;
  /** The sub-protocol to agree on. Default none. */
  readonly subProtocol?: string;
  /** `{}` for `wss:`; whom to trust is the platform's to say. Default: `ws:`. */
  readonly tls?: Readonly<Record<never, never>>;
}

const UNREACHED =
  'nothing answers there, or it refuses this page; is the server running, and does it allow this origin?';

const RULES: Rules<BrowserWebSocketOptions> = {
  ...SOCKET_RULES,
  port,
  host,
  path: rule('a string', (value) => typeof value === 'string'),
  subProtocol,
  tls: optionsOf<Readonly<Record<never, never>>>({}),
};

/**
 * NNRP over the platform's own WebSocket: one binary message is one packet. What a client in a page or a worker
 * connects to.
 *
 * @example
 * const client = await connect(webSocket({ host: 'chat.example', port: 443, path: '/nnrp', tls: {} }));
 *
 * Throws a `TypeError` or a `RangeError` that names an option which is none, or cannot be what it is.
 */
export function webSocket(given: BrowserWebSocketOptions): ConnectEndpoint {
  const { host = '127.0.0.1', port, path = '/', tls, ...options } = takeOptions('webSocket', given, RULES);
  const url = `${tls === undefined ? 'ws' : 'wss'}://${hostAndPort(host, port)}${pathOf(path)}`;
  return { kind: 'websocket', url, connect: () => connectPlatformSocket(url, options) };
}

/** Connects with the platform's own WebSocket. */
export function connectPlatformSocket(
  url: string,
  {
    subProtocol,
    ...options
  }: Partial<SocketTransportOptions> & { readonly subProtocol?: string | undefined },
): Observable<Transport> {
  return new Observable((subscriber) => {
    let socket: PlatformSocket;
    try {
      socket = openPlatformSocket(url, subProtocol);
    } catch (error) {
      subscriber.error(noConnection(url, error));
      return undefined;
    }
    socket.onopen = () => {
      socket.onopen = null;
      subscriber.next(new BrowserTransport(socket, new URL(url).host, options));
      subscriber.complete();
    };
    // The platform tells no page why, lest it learn what there is in a network. Some tell 'error' alone.
    const fail = (): void => {
      subscriber.error(noConnection(url, new Error(UNREACHED)));
    };
    socket.onerror = fail;
    socket.onclose = fail;
    return () => {
      if (socket.onopen === null) return;
      socket.onopen = null;
      socket.onerror = null;
      socket.onclose = null;
      socket.close();
    };
  });
}
