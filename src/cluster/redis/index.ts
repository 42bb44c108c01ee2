/**
 * A cluster of servers by way of Redis or Valkey. Needs `@redis/client` beside this package.
 *
 * @packageDocumentation
 */
export { redisCluster, type RedisClusterOptions } from './redis-cluster';
export type { Cluster, ClusterAccess, ClusterStore, NodeEndpoint } from '../cluster';
