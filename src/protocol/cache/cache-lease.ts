import { enumeration, type EnumerationValue } from '../../wire/codec/enumeration';
import { CacheErrorCode } from '../../wire/messages/cache';
import type { CacheObjectId } from './cache-object-id';

/** The end of a lease, if not by time. */
export const LeaseOwnerScope = enumeration('cache_lease_owner_scope', {
  Connection: 0,
  Session: 1,
  Operation: 2,
});
export type LeaseOwnerScope = EnumerationValue<typeof LeaseOwnerScope>;

/** The owner of a lease: a connection, a session or an operation, by its id. */
export interface LeaseOwner {
  readonly scope: LeaseOwnerScope;
  readonly id: number;
}

/**
 * The promise to hold a version of an object for a time (protocol section 7).
 *
 * ```
 *            now >= grantedAt + ttlMs
 *  +------+ --------------------------> +---------+
 *  | live |                             | expired |
 *  +------+                             +---------+
 * ```
 */
export interface CacheLease {
  readonly leaseId: number;
  readonly objectId: CacheObjectId;
  readonly objectVersion: number;
  readonly owner: LeaseOwner;
  /** Milliseconds, of the clock that it is judged by. */
  readonly grantedAt: number;
  /** Milliseconds. */
  readonly ttlMs: number;
}

/** A version of another object that an object needs. */
export interface CacheDependency {
  readonly objectId: CacheObjectId;
  readonly requiredVersion: number;
}

/** An object that others depend on, as far as it is known. */
export interface CacheDependencyState {
  readonly objectId: CacheObjectId;
  readonly currentVersion: number;
  readonly isInvalidated: boolean;
}

/** The first moment at which a lease is not live. */
export function leaseExpiresAt({ grantedAt, ttlMs }: CacheLease): number {
  return grantedAt + ttlMs;
}

export function isLeaseLive(lease: CacheLease, now: number): boolean {
  return now < leaseExpiresAt(lease);
}

/** `LeaseExpired`, `VersionMismatch` where another version is asked for, or `None`. */
export function checkLease(lease: CacheLease, now: number, version = lease.objectVersion): CacheErrorCode {
  if (!isLeaseLive(lease, now)) return CacheErrorCode.LeaseExpired;
  return version === lease.objectVersion ? CacheErrorCode.None : CacheErrorCode.VersionMismatch;
}

/**
 * `None` where every dependency holds: its object is known, not invalidated and of the required
 * version; else `DependencyInvalid` (protocol section 7).
 */
export function checkDependencies(
  dependencies: readonly CacheDependency[],
  stateOf: (id: CacheObjectId) => CacheDependencyState | undefined,
): CacheErrorCode {
  const holds = ({ objectId, requiredVersion }: CacheDependency): boolean => {
    const state = stateOf(objectId);
    return state !== undefined && !state.isInvalidated && state.currentVersion === requiredVersion;
  };
  return dependencies.every(holds) ? CacheErrorCode.None : CacheErrorCode.DependencyInvalid;
}
