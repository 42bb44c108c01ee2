import { integer, listOf, text } from '../../protocol/options/rules';
import type { Rules } from '../../protocol/options/take-options';
import { host, port, SOCKET_RULES, type SocketTransportOptions } from '../socket-options';

/** Where to listen, or to connect to, over TCP. */
export interface TcpOptions extends Partial<SocketTransportOptions> {
  /** 0 lets the system choose when listening. */
  readonly port: number;
  /** Default `127.0.0.1`: a server that is to be reached from elsewhere says so. */
  readonly host?: string;
  /** Connections that wait to be accepted. Default 511. */
  readonly backlog?: number;
  /**
   * Listening: proxies that say who their clients are, by addresses and ranges (`10.0.0.7`, `fd00::/8`). Each
   * of their connections must begin with a header of the PROXY protocol, version 2, and has the client's
   * address as `peer`, which limits go by. Others connect as they are. Default none.
   */
  readonly trustProxy?: readonly string[];
}

/** Judges the list alone: an entry that is no address and no range is found where they are used. */
export const trustProxy = listOf(text);

export const TCP_RULES: Rules<TcpOptions> = {
  ...SOCKET_RULES,
  port,
  host,
  backlog: integer(0, 2 ** 31 - 1),
  trustProxy,
};
