import { cacheObjectId, cacheObjectKey, isInvalidated } from '../../../src/protocol/cache/cache-object-id';
import {
  CacheInvalidateMetadata,
  CacheInvalidateScope,
  CacheObjectKind,
  CachePutMetadata,
} from '../../../src/wire/messages/cache';

const id = { cacheNamespace: 7, cacheKeyHi: 8, cacheKeyLo: 9, objectKind: CacheObjectKind.ToolSchema };

describe('the id of a cached object', () => {
  it('is part of a CACHE_PUT', () => {
    expect(cacheObjectId(CachePutMetadata.of({ ...id, ttlMs: 100, objectBytes: 64 }))).toEqual(id);
  });

  it('differs where any part of it does', () => {
    const others = [
      { ...id, cacheNamespace: 8 },
      { ...id, cacheKeyHi: 7 },
      { ...id, cacheKeyLo: 8 },
      { ...id, objectKind: CacheObjectKind.CameraBlock },
      { ...id, cacheNamespace: 78, cacheKeyHi: 9, cacheKeyLo: 8 },
    ];
    const keys = [id, ...others].map(cacheObjectKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(cacheObjectKey({ ...id })).toBe(cacheObjectKey(id));
  });

  const { WholeSession, Namespace, ObjectKind, ObjectKey } = CacheInvalidateScope;
  it.each([
    ['the whole session', { invalidateScope: WholeSession }, true],
    ['its namespace', { invalidateScope: Namespace, cacheNamespace: 7 }, true],
    ['another namespace', { invalidateScope: Namespace, cacheNamespace: 8 }, false],
    [
      'its kind',
      { invalidateScope: ObjectKind, cacheNamespace: 7, cacheKeyHi: CacheObjectKind.ToolSchema },
      true,
    ],
    [
      'its kind in another namespace',
      { invalidateScope: ObjectKind, cacheNamespace: 1, cacheKeyHi: CacheObjectKind.ToolSchema },
      false,
    ],
    ['another kind', { invalidateScope: ObjectKind, cacheNamespace: 7, cacheKeyHi: 1 }, false],
    ['its key', { invalidateScope: ObjectKey, cacheNamespace: 7, cacheKeyHi: 8, cacheKeyLo: 9 }, true],
    [
      'another key, hi',
      { invalidateScope: ObjectKey, cacheNamespace: 7, cacheKeyHi: 9, cacheKeyLo: 9 },
      false,
    ],
    [
      'another key, lo',
      { invalidateScope: ObjectKey, cacheNamespace: 7, cacheKeyHi: 8, cacheKeyLo: 10 },
      false,
    ],
    [
      'its key in another namespace',
      { invalidateScope: ObjectKey, cacheNamespace: 1, cacheKeyHi: 8, cacheKeyLo: 9 },
      false,
    ],
  ])('is reached by an invalidation of %s or not', (_, fields, expected) => {
    expect(isInvalidated(id, CacheInvalidateMetadata.of(fields))).toBe(expected);
  });
});
