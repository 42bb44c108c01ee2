import type { CacheInvalidation } from '../../src';
import {
  CacheInvalidateScope,
  CacheObjectKind,
  type CacheInvalidateMetadata,
  type CachePutMetadata,
} from '../../src/wire/messages/cache';
import { cacheInvalidate, cachePut, flow, open, openAck } from '../../src/testing';
import { utf8 } from './support';

const name = { objectKind: CacheObjectKind.PromptSegment, key: 5 };
const place = { cacheNamespace: 1, cacheKeyHi: 0, cacheKeyLo: 5 };
const packets = { o: open().announced(), A: openAck().with({ leaseTtlMs: 20_000 }) };

/** A field that is there and undefined is as good as none, whatever its type says. */
type Loosely<T> = { readonly [K in keyof T]?: T[K] | undefined };

function putFor(time: Loosely<CachePutMetadata>): Partial<CachePutMetadata> {
  return { ...place, objectKind: name.objectKind, ...time } as Partial<CachePutMetadata>;
}

describe('an object that a client caches', () => {
  it.each<[string, Loosely<CachePutMetadata>, number]>([
    ['the session’s lease where no time is said', {}, 20_000],
    ['the session’s lease where the time is undefined', { ttlMs: undefined }, 20_000],
    ['the time that is said', { ttlMs: 60_000 }, 60_000],
    ['no time at all where that is said', { ttlMs: 0 }, 0],
  ])('is put for %s', (_, time, ttlMs) =>
    flow(async ({ openSession, serverPeer }) => {
      const p = cachePut(1, name, 'x').with({ ttlMs });
      serverPeer({ ...packets, p })
        .sends('A')
        .expects('(op)');
      (await openSession()).cachePut(putFor(time), utf8('x')).catch(() => undefined);
    }),
  );

  const { WholeSession, Namespace, ObjectKind, ObjectKey } = CacheInvalidateScope;
  it.each<[CacheInvalidation, Partial<CacheInvalidateMetadata>]>([
    [{ invalidateScope: WholeSession }, { cacheNamespace: 0, cacheKeyLo: 0 }],
    [{ invalidateScope: Namespace, cacheNamespace: 1 }, { cacheKeyLo: 0 }],
    [
      { invalidateScope: ObjectKind, cacheNamespace: 1, cacheKeyHi: CacheObjectKind.CodecTable },
      { cacheKeyHi: CacheObjectKind.CodecTable, cacheKeyLo: 0 },
    ],
    [{ invalidateScope: ObjectKey, ...place, reasonCode: 9 }, { reasonCode: 9 }],
  ])('is taken back by %j', (which, fields) =>
    flow(async ({ openSession, serverPeer }) => {
      const i = cacheInvalidate(1, name, { invalidateScope: which.invalidateScope, ...fields });
      serverPeer({ ...packets, i })
        .sends('A')
        .expects('(oi)');
      (await openSession()).cacheInvalidate(which);
    }),
  );

  it('is not taken back, nor is any other, where the scope is missing', () =>
    flow(async ({ openSession, serverPeer }) => {
      serverPeer(packets).sends('A').expects('o');
      const session = await openSession();
      expect(() => session.cacheInvalidate(place as unknown as CacheInvalidation)).toThrow(
        /^cache_invalidate\.invalidate_scope must be an integer .*, got undefined$/,
      );
    }));
});
