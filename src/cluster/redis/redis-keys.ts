import { rangeOf } from '../directory';

/** What begins the keys of every cluster. */
export const DEFAULT_PREFIX = 'nnrp:';

/** What begins the keys of a session. */
export type SessionPrefix = (sessionId: number) => string;

/** Of one server, which has all keys. */
export function keysOfServer(prefix: string): SessionPrefix {
  return () => prefix;
}

/**
 * Of a Redis Cluster: what the sessions of a range have is in one slot, by its hash tag. One script writes many of them,
 * and those of a node are of few ranges.
 */
export function keysOfCluster(prefix: string): SessionPrefix {
  return (sessionId) => `${prefix}{${rangeOf(sessionId)}}:`;
}
