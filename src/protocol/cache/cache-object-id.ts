import {
  CacheInvalidateScope,
  type CacheInvalidateMetadata,
  type CacheObjectKind,
  type CachePutMetadata,
} from '../../wire/messages/cache';

/** What names a cached object: the key alone does not, as each kind has keys of its own. */
export interface CacheObjectId {
  readonly cacheNamespace: number;
  readonly cacheKeyHi: number;
  readonly cacheKeyLo: number;
  readonly objectKind: CacheObjectKind;
}

/** The id in a CACHE_PUT or in an object reference block, without the rest of it. */
export function cacheObjectId(
  source: CacheObjectId | Pick<CachePutMetadata, keyof CacheObjectId>,
): CacheObjectId {
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
export function isInvalidated(id: CacheObjectId, invalidate: CacheInvalidateMetadata): boolean {
  const { invalidateScope, cacheNamespace, cacheKeyHi, cacheKeyLo } = invalidate;
  if (invalidateScope === CacheInvalidateScope.WholeSession) return true;
  if (id.cacheNamespace !== cacheNamespace) return false;
  switch (invalidateScope) {
    case CacheInvalidateScope.Namespace:
      return true;
    case CacheInvalidateScope.ObjectKind:
      return id.objectKind === cacheKeyHi;
    case CacheInvalidateScope.ObjectKey:
      return id.cacheKeyHi === cacheKeyHi && id.cacheKeyLo === cacheKeyLo;
  }
}
