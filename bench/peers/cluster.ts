import { tcp, type ServerOptions } from '../../src';
import { redisCluster } from '../../src/cluster/redis/index';

/** The cluster that a server is a node of. */
export interface ClusterPeer {
  /** The URL of what its nodes share. */
  readonly redis: string;
  /** Whether sessions are to outlive their node. */
  readonly log: boolean;
}

/** What makes a server a node; nothing where it is none. */
export function clusterOptions(peer: ClusterPeer | undefined): Pick<ServerOptions, 'cluster' | 'tokenKey'> {
  if (peer === undefined) return {};
  const { redis: url, log } = peer;
  return {
    tokenKey: 'of every node of the bench',
    cluster: redisCluster({ url, log, link: tcp({ port: 0 }) }),
  };
}
