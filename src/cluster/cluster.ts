import type { Observable } from 'rxjs';
import type { ConnectEndpoint, ListenEndpoint } from '../transport/endpoint';
import type { SessionLog } from './session-log';

/**
 * What the nodes of a cluster share, and how they reach each other: `redisCluster` of `nnrp-rx/redis`, or
 * `memoryCluster` of `nnrp-rx/testing`. Given to `createServer`, the server is one of its nodes.
 */
export interface Cluster {
  /** As a node: called once by each server, which closes what it gets. */
  join(): ClusterAccess;
}

/** What one node has of a cluster. */
export interface ClusterAccess {
  readonly store: ClusterStore;
  /** Where sessions are kept that outlive their node; undefined where none do. */
  readonly log?: SessionLog | undefined;
  readonly endpoint: NodeEndpoint;
}

/** Where a node is reached by the others, and how it reaches them. */
export interface NodeEndpoint {
  readonly listen: ListenEndpoint;
  /** What the others are told. Default: the URL of where it is bound. */
  readonly address?: string | undefined;
  /** Another node, by what it has told. */
  connect(address: string): ConnectEndpoint;
}

/**
 * Keys with values that expire, shared by the nodes: all that a cluster asks of an engine. A call that cannot be
 * answered rejects, soon.
 */
export interface ClusterStore {
  /** Now, then at each change: whether calls are answered. Completes as it is closed. */
  readonly isUp$: Observable<boolean>;
  /** Why calls are not answered, the last that was heard of that; nothing secret. Now, then at each change. */
  readonly fault$?: Observable<string | undefined>;
  /** Puts a value where there is none; false where there is one. */
  claim(key: string, value: Uint8Array, ttlMs: number): Promise<boolean>;
  /** Puts a value, whatever was there. */
  put(key: string, value: Uint8Array, ttlMs: number): Promise<void>;
  /** The value of a key; undefined where there is none. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Removes keys, those that there are. */
  remove(keys: readonly string[]): Promise<void>;
  /** Nothing is asked any more. */
  close(): void;
}
