import {
  checkDependencies,
  checkLease,
  isLeaseLive,
  leaseExpiresAt,
  LeaseOwnerScope,
  type CacheDependencyState,
  type CacheLease,
} from '../../../src/protocol/cache/cache-lease';
import { cacheObjectKey, type CacheObjectId } from '../../../src/protocol/cache/cache-object-id';
import { CacheErrorCode, CacheObjectKind } from '../../../src/wire/messages/cache';

const objectId = {
  cacheNamespace: 1,
  cacheKeyHi: 2,
  cacheKeyLo: 3,
  objectKind: CacheObjectKind.PromptSegment,
};

const lease: CacheLease = {
  leaseId: 99,
  objectId,
  objectVersion: 7,
  owner: { scope: LeaseOwnerScope.Session, id: 42 },
  grantedAt: 1_000,
  ttlMs: 500,
};

function dependencyStates(
  states: Iterable<CacheDependencyState>,
): (id: CacheObjectId) => CacheDependencyState | undefined {
  const byKey = new Map(Array.from(states, (state) => [cacheObjectKey(state.objectId), state]));
  return (id) => byKey.get(cacheObjectKey(id));
}

describe('a lease', () => {
  it('has the owner scopes of the protocol', () => {
    expect(LeaseOwnerScope).toEqual({ Connection: 0, Session: 1, Operation: 2 });
  });

  it('is live until granted_at + ttl', () => {
    expect(leaseExpiresAt(lease)).toBe(1_500);
    expect([1_000, 1_499, 1_500, 1_501].map((now) => isLeaseLive(lease, now))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(isLeaseLive({ ...lease, ttlMs: 0 }, 1_000)).toBe(false);
  });

  it('is of one version', () => {
    expect(checkLease(lease, 1_499)).toBe(CacheErrorCode.None);
    expect(checkLease(lease, 1_499, 7)).toBe(CacheErrorCode.None);
    expect(checkLease(lease, 1_499, 8)).toBe(CacheErrorCode.VersionMismatch);
  });

  it('is expired before it is of another version', () => {
    expect(checkLease(lease, 1_500, 8)).toBe(CacheErrorCode.LeaseExpired);
  });
});

describe('dependencies', () => {
  const dependencies = [{ objectId, requiredVersion: 7 }];
  const state: CacheDependencyState = { objectId: { ...objectId }, currentVersion: 7, isInvalidated: false };
  const check = (...states: readonly CacheDependencyState[]): CacheErrorCode =>
    checkDependencies(dependencies, dependencyStates(states));

  it('hold while their objects are there, valid and of the required version', () => {
    expect(check(state)).toBe(CacheErrorCode.None);
    expect(checkDependencies([], () => undefined)).toBe(CacheErrorCode.None);
  });

  it.each([
    ['are not known', []],
    [
      'are of another kind',
      [{ ...state, objectId: { ...objectId, objectKind: CacheObjectKind.ToolSchema } }],
    ],
    ['are newer', [{ ...state, currentVersion: 8 }]],
    ['are older', [{ ...state, currentVersion: 6 }]],
    ['are invalidated', [{ ...state, isInvalidated: true }]],
  ])('do not hold where they %s', (_, states) => {
    expect(check(...states)).toBe(CacheErrorCode.DependencyInvalid);
  });

  it('must hold all', () => {
    const second = { objectId: { ...objectId, cacheKeyLo: 4 }, requiredVersion: 1 };
    expect(checkDependencies([...dependencies, second], dependencyStates([state]))).toBe(
      CacheErrorCode.DependencyInvalid,
    );
  });
});
