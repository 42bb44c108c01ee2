import { callback, flag, oneOrListOf, required, rule, secret, text } from '../../protocol/options/rules';
import { takeOptions, type Rules } from '../../protocol/options/take-options';
import type { ConnectEndpoint, ListenEndpoint } from '../../transport/endpoint';
import { listenEndpoint } from '../../transport/option-rules';
import type { Cluster } from '../cluster';
import { nodeEndpointAt } from '../link/node-endpoint-at';
import { connectCluster, connectServer, isServerUrl } from './redis-connection';
import { DEFAULT_PREFIX, keysOfCluster, keysOfServer } from './redis-keys';
import { RedisLog } from './redis-log';
import { RedisStore } from './redis-store';

/** Where a cluster's nodes find each other, and how this one is reached. */
export interface RedisClusterOptions {
  /**
   * Of Redis 7 or newer, or Valkey: `redis://user:password@host:6379`, `rediss://` for TLS. A list is of some servers of a
   * Redis Cluster, by which the others are found.
   */
  readonly url: string | readonly string[];
  /**
   * Where this node listens for the others: `tcp({ host, port: 0 })`, `ipc({ path })` for nodes of one machine,
   * `tls(…)` between machines. Not for clients: who reaches it must have the cluster's `tokenKey`.
   */
  readonly link: ListenEndpoint;
  /**
   * What the others are told of it. Default: the URL of where it is bound, which behind `0.0.0.0` or a translated
   * address is not where they reach it.
   */
  readonly address?: string;
  /** How another node is reached, by its address. Default: `tcp://host:port` and `unix:/path`. */
  readonly connect?: (address: string) => ConnectEndpoint;
  /** What begins every key: clusters that share an engine have one each. Default `nnrp:`. */
  readonly prefix?: string;
  /**
   * Whether sessions outlive their node: what their clients may lack is copied there, and another node takes them over
   * where their own is gone. For sessions whose id the server has chosen. Default false.
   */
  readonly log?: boolean;
}

/** One that the client takes. No error shows it, as it may have a password in it. */
const serverUrl = secret(rule<string>('a URL as redis://user:password@host:6379', isServerUrl, 'string'));

const urls = oneOrListOf(serverUrl);

/** No list without any. */
const url: typeof urls = { ...urls, fits: (value) => urls.fits(value) && (value as string).length > 0 };

const RULES: Rules<RedisClusterOptions> = {
  url: required(url),
  link: required(listenEndpoint),
  address: text,
  connect: callback<(address: string) => ConnectEndpoint>(),
  prefix: text,
  log: flag,
};

/**
 * A cluster whose nodes find each other by Redis 7 or Valkey; `@redis/client` 6 has to be installed beside
 * this package.
 *
 * @example
 * const server = createServer({
 *   listen: webSocket({ port: 4480 }),
 *   tokenKey: process.env.TOKEN_KEY,
 *   cluster: redisCluster({ url: 'redis://10.0.0.5', link: tcp({ host: '10.0.0.7', port: 0 }) }),
 * });
 *
 * Throws a `TypeError` that names an option which is none, or cannot be what it is.
 */
export function redisCluster(given: RedisClusterOptions): Cluster {
  const taken = takeOptions('redisCluster', given, RULES);
  const { url, link, address, connect, prefix = DEFAULT_PREFIX, log = false } = taken;
  const isOne = typeof url === 'string';
  const prefixOf = isOne ? keysOfServer(prefix) : keysOfCluster(prefix);
  return {
    join: () => {
      const connection = isOne ? connectServer(url) : connectCluster(url);
      const endpoint = { listen: link, address, connect: connect ?? nodeEndpointAt };
      return {
        store: new RedisStore(connection, prefix),
        log: log ? new RedisLog(connection, prefix, prefixOf) : undefined,
        endpoint,
      };
    },
  };
}
