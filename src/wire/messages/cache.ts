import { enumU32, maskU32, u32 } from '../codec/fields';
import { enumeration, type EnumerationValue } from '../codec/enumeration';
import { record, type RecordValue } from '../codec/record';

/** The kind of a cached object. */
export const CacheObjectKind = enumeration('cache_object_kind', {
  CameraBlock: 1,
  TileIndexBlock: 2,
  TensorSectionTable: 3,
  CodecTable: 4,
  ReusableResultObject: 5,
  PayloadLayoutTemplate: 6,
  PromptSegment: 7,
  ToolSchema: 8,
  StructuredEventSchema: 9,
});
export type CacheObjectKind = EnumerationValue<typeof CacheObjectKind>;

/** The outcome of a CACHE_PUT or a CACHE_INVALIDATE. */
export const CacheAckStatus = enumeration('cache_ack_status', { Accepted: 0, Rejected: 1, Replaced: 2 });
export type CacheAckStatus = EnumerationValue<typeof CacheAckStatus>;

/** How much a CACHE_INVALIDATE drops. */
export const CacheInvalidateScope = enumeration('cache_invalidate_scope', {
  WholeSession: 0,
  Namespace: 1,
  /** The kind stands in `cacheKeyHi`. */
  ObjectKind: 2,
  ObjectKey: 3,
});
export type CacheInvalidateScope = EnumerationValue<typeof CacheInvalidateScope>;

/** Why it was refused. */
export const CacheErrorCode = enumeration('cache_error_code', {
  None: 0x30000,
  Miss: 0x30001,
  LeaseExpired: 0x30002,
  VersionMismatch: 0x30003,
  DependencyInvalid: 0x30004,
  SchemaMismatch: 0x30005,
});
export type CacheErrorCode = EnumerationValue<typeof CacheErrorCode>;

/** CACHE_PUT (protocol section 7). Body: the object. */
export const CachePutMetadata = record({
  name: 'CachePutMetadata',
  length: 32,
  fields: {
    cacheNamespace: u32(0),
    cacheKeyHi: u32(4),
    cacheKeyLo: u32(8),
    objectKind: enumU32(12, CacheObjectKind),
    /** Milliseconds. */
    ttlMs: u32(16),
    objectBytes: u32(20),
    codecBitmap: u32(24),
    flags: maskU32(28, 0x3),
  },
});
export type CachePutMetadata = RecordValue<typeof CachePutMetadata>;

/** CACHE_ACK (protocol section 7). */
export const CacheAckMetadata = record({
  name: 'CacheAckMetadata',
  length: 28,
  fields: {
    cacheNamespace: u32(0),
    cacheKeyHi: u32(4),
    cacheKeyLo: u32(8),
    status: enumU32(12, CacheAckStatus),
    /** Milliseconds. */
    acceptedTtlMs: u32(16),
    /** Bytes. */
    maxObjectBytes: u32(20),
    detailCode: u32(24),
  },
});
export type CacheAckMetadata = RecordValue<typeof CacheAckMetadata>;

/** CACHE_INVALIDATE (protocol section 7). */
export const CacheInvalidateMetadata = record({
  name: 'CacheInvalidateMetadata',
  length: 20,
  fields: {
    invalidateScope: enumU32(0, CacheInvalidateScope),
    cacheNamespace: u32(4),
    cacheKeyHi: u32(8),
    cacheKeyLo: u32(12),
    reasonCode: u32(16),
  },
});
export type CacheInvalidateMetadata = RecordValue<typeof CacheInvalidateMetadata>;
