import {
  CacheInvalidateScope,
  type CacheInvalidateMetadata,
  type CacheObjectKind,
} from '../../wire/messages/cache';

/** The name of a cached object: the key alone is none, as each kind has keys of its own. */
export interface CacheObjectId {
  readonly cacheNamespace: number;
  /** A number of 32 bits in preview3, a bigint of 64 in preview4. So is the lower half. */
  readonly cacheKeyHi: number | bigint;
  readonly cacheKeyLo: number | bigint;
  readonly objectKind: CacheObjectKind;
}

/** The halves of a key, of either revision. */
export type CacheKey = Pick<CacheObjectId, 'cacheKeyHi' | 'cacheKeyLo'>;

/** Fields of a message of the cache, with a key of either revision. */
export type WithCacheKey<Fields> = Omit<Fields, keyof CacheKey> & CacheKey;

/** The id in a CACHE_PUT or in an object reference block, without the rest of it. */
export function cacheObjectId(source: CacheObjectId): CacheObjectId {
  const { cacheNamespace, cacheKeyHi, cacheKeyLo, objectKind } = source;
  return { cacheNamespace, cacheKeyHi, cacheKeyLo, objectKind };
}

/** An id as the key of a Map: two ids are the same object where their keys are equal. */
export function cacheObjectKey({
  cacheNamespace,
  cacheKeyHi,
  cacheKeyLo,
  objectKind,
}: CacheObjectId): string {
  return `${cacheNamespace}:${cacheKeyHi}:${cacheKeyLo}:${objectKind}`;
}

/** Whether a CACHE_INVALIDATE reaches an object (protocol section 7). A key reaches every kind. */
export function isInvalidated(id: CacheObjectId, invalidate: WithCacheKey<CacheInvalidateMetadata>): boolean {
  const { invalidateScope, cacheNamespace, cacheKeyHi, cacheKeyLo } = invalidate;
  if (invalidateScope === CacheInvalidateScope.WholeSession) return true;
  if (id.cacheNamespace !== cacheNamespace) return false;
  switch (invalidateScope) {
    case CacheInvalidateScope.Namespace:
      return true;
    case CacheInvalidateScope.ObjectKind:
      return id.objectKind === Number(cacheKeyHi);
    case CacheInvalidateScope.ObjectKey:
      return id.cacheKeyHi === cacheKeyHi && id.cacheKeyLo === cacheKeyLo;
  }
}
