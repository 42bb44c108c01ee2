import { enumeration, type EnumerationValue } from '../codec/enumeration';
import { enumU16, enumU8, maskU32, maskU8, u32, u64 } from '../codec/fields';
import { record, type RecordValue } from '../codec/record';
import { RuntimeRole } from './control/runtime-role';

/** The kind of an object. */
export const RuntimeObjectKind = enumeration('runtime_object_kind', {
  Unspecified: 0,
  Tensor: 1,
  TokenBlock: 2,
  ImageTile: 3,
  FeatureMap: 4,
  ToolResult: 5,
  TraceSegment: 6,
  OpaqueBytes: 7,
  DocumentChunk: 8,
  AudioChunk: 9,
  VideoChunk: 10,
  RoutePlan: 11,
  CacheManifest: 12,
});
export type RuntimeObjectKind = EnumerationValue<typeof RuntimeObjectKind>;

/** Where an object lies. */
export const MemoryLocationHint = enumeration('memory_location_hint', {
  Unspecified: 0,
  HostMemory: 1,
  DeviceMemory: 2,
  SharedMemory: 3,
  RemoteMemory: 4,
  MmapFile: 5,
  ObjectStore: 6,
});
export type MemoryLocationHint = EnumerationValue<typeof MemoryLocationHint>;

/** The owner of an object. */
export const OwnershipHint = enumeration('ownership_hint', {
  Unspecified: 0,
  ProducerOwned: 1,
  ConsumerOwned: 2,
  SessionOwned: 3,
  Borrowed: 4,
  TransferOnRef: 5,
  ReleaseOnDrop: 6,
});
export type OwnershipHint = EnumerationValue<typeof OwnershipHint>;

/** Why an object is let go. */
export const ObjectReleaseReason = enumeration('object_release_reason', {
  Completed: 0,
  Cancelled: 1,
  Expired: 2,
  Replaced: 3,
  Invalidated: 4,
  OwnerClosed: 5,
  LeaseExpired: 6,
  ConformanceInjection: 7,
});
export type ObjectReleaseReason = EnumerationValue<typeof ObjectReleaseReason>;

/** OBJECT_DECLARE. Body: metadata of `metadataBytes`. */
export const ObjectDescriptorMetadata = record({
  name: 'ObjectDescriptorMetadata',
  length: 48,
  fields: {
    objectId: u64(0),
    objectKind: enumU16(8, RuntimeObjectKind),
    producerRole: enumU8(10, RuntimeRole),
    consumerRole: enumU8(11, RuntimeRole),
    sessionId: u32(12),
    byteSize: u64(16),
    computeCostUnits: u32(24),
    memoryLocationHint: enumU16(28, MemoryLocationHint),
    ownershipHint: enumU16(30, OwnershipHint),
    /** Milliseconds. */
    lifetimeHintMs: u32(32),
    metadataBytes: u32(36),
  },
  reserved: { reserved: u64(40) },
});
export type ObjectDescriptorMetadata = RecordValue<typeof ObjectDescriptorMetadata>;

/** Flags of an object reference. */
export const ObjectReferenceFlag = { Borrowed: 0x1, Mutable: 0x2, Region: 0x4 } as const;

/** OBJECT_REF. Body: metadata of `metadataBytes`. */
export const ObjectReferenceMetadata = record({
  name: 'ObjectReferenceMetadata',
  length: 48,
  fields: {
    objectId: u64(0),
    /** 0: the session. */
    operationId: u64(8),
    objectVersion: u64(16),
    offset: u64(24),
    length: u64(32),
    flags: maskU32(40, 0x7),
    metadataBytes: u32(44),
  },
});
export type ObjectReferenceMetadata = RecordValue<typeof ObjectReferenceMetadata>;

/** OBJECT_RELEASE. Body: a diagnostic text of `diagnosticBytes`. */
export const ObjectReleaseMetadata = record({
  name: 'ObjectReleaseMetadata',
  length: 32,
  fields: {
    objectId: u64(0),
    /** 0: the session. */
    operationId: u64(8),
    releaseReason: enumU16(16, ObjectReleaseReason),
    sourceRole: enumU8(18, RuntimeRole),
    flags: maskU8(19, 0x3),
    diagnosticBytes: u32(20),
  },
  checkedFirst: 'masks',
  reserved: { reserved: u64(24) },
});
export type ObjectReleaseMetadata = RecordValue<typeof ObjectReleaseMetadata>;

/** Flags of an object delta. */
export const ObjectDeltaFlag = { Replaces: 0x1, Compressed: 0x2, Final: 0x4 } as const;

/** OBJECT_PATCH and OBJECT_DELTA. Body: metadata of `metadataBytes` ‖ the change, of `deltaBytes`. */
export const ObjectDeltaMetadata = record({
  name: 'ObjectDeltaMetadata',
  length: 40,
  fields: {
    objectId: u64(0),
    deltaSequence: u64(8),
    regionOffset: u64(16),
    regionBytes: u32(24),
    deltaBytes: u32(28),
    flags: maskU32(32, 0x7),
    metadataBytes: u32(36),
  },
});
export type ObjectDeltaMetadata = RecordValue<typeof ObjectDeltaMetadata>;
