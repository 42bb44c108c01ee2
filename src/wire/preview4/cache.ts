import { enumeration, type EnumerationValue } from '../codec/enumeration';
import { enumU16, enumU32, maskU32, u16, u32, u64 } from '../codec/fields';
import { record, type RecordValue } from '../codec/record';
import { breaksRule } from '../errors';
import { CacheAckStatus, CacheInvalidateScope, CacheObjectKind } from '../messages/cache';

/** For whom a cached object may be used again. */
export const CacheReuseScope = enumeration('cache_reuse_scope', {
  Operation: 0,
  Session: 1,
  Connection: 2,
  Global: 3,
  Tenant: 4,
  Profile: 5,
});
export type CacheReuseScope = EnumerationValue<typeof CacheReuseScope>;

/** Why an object that was referred to is not there. */
export const CacheMissReason = enumeration('cache_miss_reason', {
  Unknown: 0,
  NotFound: 1,
  Expired: 2,
  Invalidated: 3,
  SchemaMismatch: 4,
  ProducerUnavailable: 5,
  LeaseRequired: 6,
  PermissionDenied: 7,
});
export type CacheMissReason = EnumerationValue<typeof CacheMissReason>;

/** Flags of a reference to a cached object. */
export const CacheReferenceFlag = { LeaseRequired: 0x1, BodyFallback: 0x2 } as const;

/** CACHE_PUT of preview4. Body: the object. */
export const CachePutMetadata = record({
  name: 'CachePutMetadata',
  length: 40,
  fields: {
    cacheNamespace: u32(0),
    objectKind: enumU32(4, CacheObjectKind),
    cacheKeyHi: u64(8),
    cacheKeyLo: u64(16),
    /** Milliseconds. */
    ttlMs: u32(24),
    objectBytes: u32(28),
    codecBitmap: u32(32),
    flags: maskU32(36, 0x3),
  },
});
export type CachePutMetadata = RecordValue<typeof CachePutMetadata>;

/** CACHE_ACK of preview4. */
export const CacheAckMetadata = record({
  name: 'CacheAckMetadata',
  length: 40,
  fields: {
    cacheNamespace: u32(0),
    status: enumU32(4, CacheAckStatus),
    cacheKeyHi: u64(8),
    cacheKeyLo: u64(16),
    /** Milliseconds. */
    acceptedTtlMs: u32(24),
    /** Bytes. */
    maxObjectBytes: u32(28),
    detailCode: u32(32),
  },
  reserved: { reserved: u32(36) },
});
export type CacheAckMetadata = RecordValue<typeof CacheAckMetadata>;

const U32_MAX = 0xffff_ffffn;

/** CACHE_INVALIDATE of preview4: what its scope does not need must be 0. */
export const CacheInvalidateMetadata = record({
  name: 'CacheInvalidateMetadata',
  length: 32,
  fields: {
    invalidateScope: enumU32(0, CacheInvalidateScope),
    cacheNamespace: u32(4),
    /** The kind, where the scope is `ObjectKind`. */
    cacheKeyHi: u64(8),
    cacheKeyLo: u64(16),
    reasonCode: u32(24),
  },
  reserved: { reserved: u32(28) },
  rules({ invalidateScope, cacheNamespace, cacheKeyHi, cacheKeyLo }) {
    const isWanted = {
      [CacheInvalidateScope.WholeSession]: cacheNamespace === 0 && cacheKeyHi === 0n && cacheKeyLo === 0n,
      [CacheInvalidateScope.Namespace]: cacheKeyHi === 0n && cacheKeyLo === 0n,
      [CacheInvalidateScope.ObjectKind]: cacheKeyHi <= U32_MAX && cacheKeyLo === 0n,
      [CacheInvalidateScope.ObjectKey]: true,
    }[invalidateScope];
    if (!isWanted) breaksRule('cache invalidate identity fields must match invalidate_scope');
  },
});
export type CacheInvalidateMetadata = RecordValue<typeof CacheInvalidateMetadata>;

/** CACHE_REFERENCE: an object that the other end has. Body: metadata of `metadataBytes`. */
export const CacheReferenceMetadata = record({
  name: 'CacheReferenceMetadata',
  length: 56,
  fields: {
    cacheNamespace: u32(0),
    profileId: u16(4),
    reuseScope: enumU16(6, CacheReuseScope),
    cacheKeyHi: u64(8),
    cacheKeyLo: u64(16),
    leaseId: u64(24),
    producerTraceId: u64(32),
    /** Milliseconds. */
    expirationHintMs: u32(40),
    metadataBytes: u32(44),
    flags: maskU32(48, 0x3),
  },
  checkedFirst: 'masks',
  reserved: { reserved: u32(52) },
});
export type CacheReferenceMetadata = RecordValue<typeof CacheReferenceMetadata>;

/** CACHE_MISS: a reference that this end cannot resolve. Body: a diagnostic text of `diagnosticBytes`. */
export const CacheMissMetadata = record({
  name: 'CacheMissMetadata',
  length: 32,
  fields: {
    cacheNamespace: u32(0),
    profileId: u16(4),
    missReason: enumU16(6, CacheMissReason),
    cacheKeyHi: u64(8),
    cacheKeyLo: u64(16),
    diagnosticBytes: u32(24),
  },
  reserved: { reserved: u32(28) },
});
export type CacheMissMetadata = RecordValue<typeof CacheMissMetadata>;
