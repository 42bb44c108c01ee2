import fc from 'fast-check';
import { LeaseOwnerScope, type LeaseOwner } from '../../../src/protocol/cache/cache-lease';
import type { CacheObjectId } from '../../../src/protocol/cache/cache-object-id';
import {
  ObjectCache,
  type CachePut,
  type CachePutOutcome,
  type ObjectCacheOptions,
} from '../../../src/protocol/cache/object-cache';
import {
  CacheAckStatus,
  CacheErrorCode,
  CacheInvalidateMetadata,
  CacheInvalidateScope,
  CacheObjectKind,
  CachePutMetadata,
} from '../../../src/wire/messages/cache';

type Preview3Id = CacheObjectId & { readonly cacheKeyHi: number; readonly cacheKeyLo: number };

const owner: LeaseOwner = { scope: LeaseOwnerScope.Session, id: 42 };
const now = 1_000;

const idOf = (
  cacheKeyLo: number,
  objectKind: CacheObjectKind = CacheObjectKind.PromptSegment,
): Preview3Id => ({
  cacheNamespace: 1,
  cacheKeyHi: 2,
  cacheKeyLo,
  objectKind,
});

interface Fields extends Partial<Omit<CachePut, 'put'>> {
  readonly metadata?: Partial<CachePutMetadata>;
}

function putInto(cache: ObjectCache, id: Preview3Id, { metadata, ...fields }: Fields = {}): CachePutOutcome {
  const bytes = fields.bytes ?? new Uint8Array(10);
  const put = CachePutMetadata.of({ ...id, ttlMs: 500, objectBytes: bytes.length, ...metadata });
  return cache.put({ put, bytes, owner, now, ...fields });
}

function cacheWith(options: ObjectCacheOptions, ...ids: readonly number[]): ObjectCache {
  const cache = new ObjectCache(options);
  for (const each of ids) putInto(cache, idOf(each));
  return cache;
}

const codeOf = (cache: ObjectCache, id: CacheObjectId, lookup: { now?: number; version?: number } = {}) => {
  const resolution = cache.resolve(id, { now, ...lookup });
  return resolution.kind === 'hit' ? CacheErrorCode.None : resolution.code;
};

describe('ObjectCache', () => {
  it('gives back what was put, until its lease ends', () => {
    const cache = new ObjectCache();
    const bytes = Uint8Array.of(1, 2, 3);
    const outcome = putInto(cache, idOf(1), { bytes, metadata: { codecBitmap: 5, flags: 1 } });
    expect(outcome).toMatchObject({
      kind: 'accepted',
      object: {
        id: idOf(1),
        version: 1,
        bytes,
        codecBitmap: 5,
        flags: 1,
        dependencies: [],
        schema: undefined,
        lease: { objectId: idOf(1), objectVersion: 1, owner, grantedAt: 1_000, ttlMs: 500 },
      },
    });
    expect(cache.resolve(idOf(1), { now: 1_499 })).toMatchObject({ kind: 'hit', object: { bytes } });
    expect(cache.resolve(idOf(1), { now: 1_500 })).toEqual({
      kind: 'miss',
      id: idOf(1),
      code: CacheErrorCode.LeaseExpired,
    });
  });

  it('misses what was never put, or is of another kind', () => {
    const cache = cacheWith({}, 1);
    expect(codeOf(cache, idOf(2))).toBe(CacheErrorCode.Miss);
    expect(codeOf(cache, idOf(1, CacheObjectKind.ToolSchema))).toBe(CacheErrorCode.Miss);
  });

  it('copies the bytes', () => {
    const cache = new ObjectCache();
    const packet = new Uint8Array(100).fill(7);
    putInto(cache, idOf(1), { bytes: packet.subarray(40, 44) });
    packet.fill(0);
    const [object] = [...cache.objects()];
    expect([...object!.bytes]).toEqual([7, 7, 7, 7]);
    expect(object!.bytes.buffer.byteLength).toBe(4);
  });

  describe('versions', () => {
    it('rise with every put of an id, and leave the object that somebody holds', () => {
      const cache = new ObjectCache();
      const first = putInto(cache, idOf(1), { bytes: Uint8Array.of(1) });
      const second = putInto(cache, idOf(1), { bytes: Uint8Array.of(2), now: 1_400 });
      expect(second).toMatchObject({ kind: 'replaced', object: { version: 2, lease: { grantedAt: 1_400 } } });
      expect(first).toMatchObject({ object: { version: 1, bytes: Uint8Array.of(1) } });
      expect([cache.size, cache.byteLength]).toEqual([1, 1]);
      expect(codeOf(cache, idOf(1), { now: 1_899 })).toBe(CacheErrorCode.None);
    });

    it('are what a reference may ask for', () => {
      const cache = cacheWith({}, 1, 1);
      expect(codeOf(cache, idOf(1), { version: 2 })).toBe(CacheErrorCode.None);
      expect(codeOf(cache, idOf(1), { version: 1 })).toBe(CacheErrorCode.VersionMismatch);
    });

    it('rise across an invalidation', () => {
      const cache = cacheWith({}, 1, 1, 1);
      cache.invalidate(CacheInvalidateMetadata.of({ invalidateScope: CacheInvalidateScope.WholeSession }));
      expect(putInto(cache, idOf(1))).toMatchObject({ kind: 'accepted', object: { version: 4 } });
    });

    it('only rise, whatever happens', () => {
      const command = fc.record({
        do: fc.constantFrom('put', 'put', 'put', 'invalidate', 'sweep'),
        key: fc.nat(3),
        ttlMs: fc.nat(3),
      });
      fc.assert(
        fc.property(fc.array(command, { maxLength: 40, size: 'max' }), (commands) => {
          const cache = new ObjectCache({ maxObjects: 3 });
          const highest = new Map<number, number>();
          commands.forEach(({ do: what, key, ttlMs }, time) => {
            if (what === 'sweep') cache.sweep(time);
            else if (what === 'invalidate') {
              cache.invalidate(
                CacheInvalidateMetadata.of({
                  invalidateScope: CacheInvalidateScope.ObjectKey,
                  ...idOf(key),
                }),
              );
            } else {
              const outcome = putInto(cache, idOf(key), { now: time, metadata: { ttlMs } });
              if (outcome.kind === 'rejected') return;
              expect(outcome.object.version).toBeGreaterThan(highest.get(key) ?? 0);
              highest.set(key, outcome.object.version);
            }
            expect(cache.size).toBeLessThanOrEqual(3);
            expect(cache.byteLength).toBe(10 * cache.size);
          });
        }),
      );
    });
  });

  describe('dependencies', () => {
    const dependencies = [{ objectId: idOf(1), requiredVersion: 1 }];

    it('must hold when an object is put', () => {
      expect(putInto(new ObjectCache(), idOf(2), { dependencies })).toEqual({
        kind: 'rejected',
        reason: 'dependency-invalid',
      });
    });

    it('must hold when it is referenced', () => {
      const cache = cacheWith({}, 1);
      putInto(cache, idOf(2), { dependencies });
      expect(codeOf(cache, idOf(2))).toBe(CacheErrorCode.None);
      putInto(cache, idOf(1));
      expect(codeOf(cache, idOf(2))).toBe(CacheErrorCode.DependencyInvalid);
    });

    it('do not hold once their object is invalidated, or its lease over', () => {
      const cache = cacheWith({}, 1);
      putInto(cache, idOf(2), { dependencies, metadata: { ttlMs: 5_000 } });
      expect(codeOf(cache, idOf(2), { now: 1_500 })).toBe(CacheErrorCode.DependencyInvalid);
      cache.invalidate(
        CacheInvalidateMetadata.of({ invalidateScope: CacheInvalidateScope.ObjectKey, ...idOf(1) }),
      );
      expect(codeOf(cache, idOf(2))).toBe(CacheErrorCode.DependencyInvalid);
    });
  });

  it('tells a schema from another', () => {
    const cache = cacheWith({}, 2);
    putInto(cache, idOf(1), { schema: { schemaId: 0x1001, schemaVersion: 3 } });
    const resolve = (id: CacheObjectId, schemaVersion: number) =>
      cache.resolve(id, { now, schema: { schemaId: 0x1001, schemaVersion } });
    expect(resolve(idOf(1), 3).kind).toBe('hit');
    expect(resolve(idOf(1), 4)).toMatchObject({ code: CacheErrorCode.SchemaMismatch });
    expect(resolve(idOf(2), 3)).toMatchObject({ code: CacheErrorCode.SchemaMismatch });
    expect(codeOf(cache, idOf(1))).toBe(CacheErrorCode.None);
  });

  describe('limits', () => {
    it('are the kinds', () => {
      const cache = new ObjectCache({ kinds: [CacheObjectKind.ToolSchema] });
      expect(putInto(cache, idOf(1))).toEqual({ kind: 'rejected', reason: 'unsupported-kind' });
      expect(putInto(cache, idOf(1, CacheObjectKind.ToolSchema)).kind).toBe('accepted');
      expect(putInto(new ObjectCache({ kinds: [] }), idOf(1)).kind).toBe('rejected');
    });

    it('are the bytes of an object', () => {
      const cache = new ObjectCache({ maxObjectBytes: 10 });
      expect(putInto(cache, idOf(1), { bytes: new Uint8Array(10) }).kind).toBe('accepted');
      expect(putInto(cache, idOf(2), { bytes: new Uint8Array(11) })).toEqual({
        kind: 'rejected',
        reason: 'object-too-large',
      });
    });

    it('are the objects, each counted once', () => {
      const cache = cacheWith({ maxObjects: 2 }, 1, 2);
      expect(putInto(cache, idOf(3))).toEqual({ kind: 'rejected', reason: 'too-many-objects' });
      expect(putInto(cache, idOf(2)).kind).toBe('replaced');
      expect(cache.size).toBe(2);
    });

    it('are the bytes of all, less those that are replaced', () => {
      const cache = cacheWith({ maxBytes: 25 }, 1, 2);
      expect(putInto(cache, idOf(3), { bytes: new Uint8Array(6) })).toEqual({
        kind: 'rejected',
        reason: 'too-many-bytes',
      });
      expect(putInto(cache, idOf(2), { bytes: new Uint8Array(15) }).kind).toBe('replaced');
      expect(cache.byteLength).toBe(25);
      expect(putInto(cache, idOf(2), { bytes: new Uint8Array(16) }).kind).toBe('rejected');
    });

    it('make expired objects give way, and live ones stay', () => {
      const cache = cacheWith({ maxObjects: 2 }, 1);
      putInto(cache, idOf(2), { metadata: { ttlMs: 5_000 } });
      expect(putInto(cache, idOf(3), { now: 1_500 }).kind).toBe('accepted');
      expect([...cache.objects()].map(({ id }) => id.cacheKeyLo)).toEqual([2, 3]);
      expect(codeOf(cache, idOf(1), { now: 1_500 })).toBe(CacheErrorCode.Miss);
    });

    it('let an expired object be replaced in its place', () => {
      const cache = cacheWith({ maxObjects: 1, maxBytes: 10 }, 1);
      expect(putInto(cache, idOf(1), { now: 1_500 })).toMatchObject({
        kind: 'replaced',
        object: { version: 2 },
      });
      expect([cache.size, cache.byteLength]).toEqual([1, 10]);
    });

    it('are none where they are 0', () => {
      const cache = new ObjectCache({ maxObjects: 0, maxObjectBytes: 0, maxBytes: 0, maxTtlMs: 0 });
      for (let key = 0; key < 100; key++) expect(putInto(cache, idOf(key)).kind).toBe('accepted');
    });

    it('shorten a lease', () => {
      const cache = new ObjectCache({ maxTtlMs: 100 });
      expect(putInto(cache, idOf(1))).toMatchObject({ object: { lease: { ttlMs: 100 } } });
      expect(codeOf(cache, idOf(1), { now: 1_100 })).toBe(CacheErrorCode.LeaseExpired);
    });

    it('hold a body to the length that is declared', () => {
      expect(putInto(new ObjectCache(), idOf(1), { metadata: { objectBytes: 11 } })).toEqual({
        kind: 'rejected',
        reason: 'length-mismatch',
      });
    });

    it('change nothing where a put is rejected', () => {
      const cache = cacheWith({ maxObjectBytes: 10 }, 1);
      putInto(cache, idOf(1), { bytes: new Uint8Array(11) });
      expect(cache.resolve(idOf(1), { now })).toMatchObject({ kind: 'hit', object: { version: 1 } });
    });
  });

  describe('removal', () => {
    it.each([
      ['whole_session', { invalidateScope: CacheInvalidateScope.WholeSession }, [1, 2, 3]],
      ['namespace', { invalidateScope: CacheInvalidateScope.Namespace, cacheNamespace: 1 }, [1, 2, 3]],
      ['another namespace', { invalidateScope: CacheInvalidateScope.Namespace, cacheNamespace: 2 }, []],
      [
        'object_kind',
        {
          invalidateScope: CacheInvalidateScope.ObjectKind,
          cacheNamespace: 1,
          cacheKeyHi: CacheObjectKind.ToolSchema,
        },
        [3],
      ],
      ['object_key', { invalidateScope: CacheInvalidateScope.ObjectKey, ...idOf(2) }, [2]],
    ])('by an invalidation of scope %s', (_, fields, expected) => {
      const cache = cacheWith({}, 1, 2);
      putInto(cache, idOf(3, CacheObjectKind.ToolSchema));
      const removed = cache.invalidate(CacheInvalidateMetadata.of(fields));
      expect(removed.map(({ id }) => id.cacheKeyLo)).toEqual(expected);
      expect([cache.size, cache.byteLength]).toEqual([3 - expected.length, 30 - 10 * expected.length]);
    });

    it('by the end of who owns the lease', () => {
      const cache = cacheWith({}, 1);
      putInto(cache, idOf(2), { owner: { scope: LeaseOwnerScope.Operation, id: 42 } });
      putInto(cache, idOf(3), { owner: { scope: LeaseOwnerScope.Operation, id: 43 } });
      const removed = cache.releaseOwner({ scope: LeaseOwnerScope.Operation, id: 42 });
      expect(removed.map(({ id }) => id.cacheKeyLo)).toEqual([2]);
      expect(cache.size).toBe(2);
    });

    it('by time', () => {
      const cache = cacheWith({}, 1);
      putInto(cache, idOf(2), { now: 1_200 });
      expect(cache.sweep(1_499)).toEqual([]);
      expect(cache.sweep(1_500).map(({ id }) => id.cacheKeyLo)).toEqual([1]);
      expect(codeOf(cache, idOf(1), { now: 1_500 })).toBe(CacheErrorCode.Miss);
      expect([cache.size, cache.byteLength]).toEqual([1, 10]);
    });
  });

  describe('the CACHE_ACK', () => {
    const key = { cacheNamespace: 1, cacheKeyHi: 2, cacheKeyLo: 1 };
    const put = CachePutMetadata.of({ ...idOf(1), ttlMs: 500, objectBytes: 10 });
    const ackOf = (cache: ObjectCache, fields?: Fields) => cache.ack(put, putInto(cache, idOf(1), fields));

    it('says accepted and then replaced, with the ttl and the limit', () => {
      const cache = new ObjectCache({ maxObjectBytes: 8192, maxTtlMs: 400 });
      const common = { ...key, acceptedTtlMs: 400, maxObjectBytes: 8192, detailCode: 0 };
      expect(ackOf(cache)).toEqual({ ...common, status: CacheAckStatus.Accepted });
      expect(ackOf(cache)).toEqual({ ...common, status: CacheAckStatus.Replaced });
    });

    it('says rejected, with the limit', () => {
      expect(ackOf(new ObjectCache({ maxObjectBytes: 9 }))).toEqual({
        ...key,
        status: CacheAckStatus.Rejected,
        acceptedTtlMs: 0,
        maxObjectBytes: 9,
        detailCode: 0,
      });
    });

    it('says why where the protocol has a code for it', () => {
      const dependencies = [{ objectId: idOf(9), requiredVersion: 1 }];
      expect(ackOf(new ObjectCache(), { dependencies })).toMatchObject({
        status: CacheAckStatus.Rejected,
        maxObjectBytes: 0,
        detailCode: CacheErrorCode.DependencyInvalid,
      });
    });
  });
});
