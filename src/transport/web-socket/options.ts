import type { Agent } from 'node:http';
import {
  callback,
  either,
  integer,
  like,
  listOf,
  milliseconds,
  required,
  rule,
  secret,
} from '../../protocol/options/rules';
import { optionsOf, type Rules } from '../../protocol/options/take-options';
import { host, port, SOCKET_RULES, type SocketTransportOptions } from '../socket-options';
import { trustProxy } from '../tcp/options';
import type { TlsSettings } from '../tls/credentials';
import { TLS_RULES } from '../tls/options';
import { subProtocol } from './sub-protocol';
import type { Origins } from './upgrade-rules';
import type { WebServer } from './shared-paths';

/** Options of a WebSocket, on a port of its own or on a web server that there is. */
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

/** Where to listen, or to connect to, over WebSocket. */
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
  /** Connecting: headers of the handshake, for a gateway that wants a cookie or a key. Default none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Connecting: who makes the socket, as an agent for a proxy does. Default Node's own. */
  readonly agent?: Agent;
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

/** As Node takes them. */
function isHeaders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([name, text]) => HEADER_NAME.test(name) && typeof text === 'string' && !NO_HEADER.test(text),
  );
}

const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const NO_HEADER = /[^\t\x20-\x7e\x80-\xff]/;

/** As a browser sends it: nothing comes behind host and port. */
const ORIGIN = /^([a-z][a-z0-9+.-]*:\/\/[^/?#\s]+|null)$/i;

const origin = rule<string>(
  'an origin such as "https://app.example", with nothing behind its host and port',
  (value) => typeof value === 'string' && ORIGIN.test(value),
);

const SETTINGS_RULES: Rules<WebSocketSettings> = {
  ...SOCKET_RULES,
  path: rule('a string', (value) => typeof value === 'string'),
  subProtocol,
  trustProxy,
  origins: either(listOf(origin), callback<Extract<Origins, (...given: never[]) => unknown>>()),
};

export const WEB_SOCKET_RULES: Rules<WebSocketOptions> = {
  ...SETTINGS_RULES,
  port,
  host,
  tls: optionsOf(TLS_RULES),
  maxHeaderBytes: integer(1, 2 ** 31 - 1),
  handshakeTimeoutMs: milliseconds,
  headers: secret({
    ...rule<Readonly<Record<string, string>>>('an object with a string for each header', isHeaders),
    take: (value) => ({ ...(value as Readonly<Record<string, string>>) }),
  }),
  agent: like<Agent>('an Agent of node:http', { destroy: 'function' }),
};

export const SHARED_WEB_SOCKET_RULES: Rules<SharedWebSocketOptions> = {
  ...SETTINGS_RULES,
  server: required(like<WebServer>('a web server of Node', { on: 'function', address: 'function' })),
};
