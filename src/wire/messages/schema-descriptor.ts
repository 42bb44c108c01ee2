import { maskU16, u16, u32, u64, u8 } from '../codec/fields';
import { enumeration, type EnumerationValue } from '../codec/enumeration';
import { record, type RecordValue } from '../codec/record';

/** Flags of a schema descriptor. */
export const SchemaFlag = { Cacheable: 0x1, Critical: 0x2, DefaultBindable: 0x4, HashStable: 0x8 } as const;

/** Customary values of `streamSemantics` and `defaultStreamSemantics`. */
export const StreamSemantics = {
  Default: 0,
  Snapshot: 1,
  Append: 2,
  Replace: 3,
  Event: 4,
  ToolUpdate: 5,
} as const;

/** Why a schema descriptor is refused. */
export const SchemaErrorCode = enumeration('schema_error_code', {
  None: 0x40000,
  Unknown: 0x40001,
  VersionUnknown: 0x40002,
  HashConflict: 0x40003,
  Incompatible: 0x40004,
  DependencyMissing: 0x40005,
  UpdateRejected: 0x40006,
});
export type SchemaErrorCode = EnumerationValue<typeof SchemaErrorCode>;

/** The entry of a schema in a registry (protocol section 6). */
export const SchemaDescriptorHeader = record({
  name: 'SchemaDescriptorHeader',
  length: 32,
  fields: {
    schemaId: u32(0),
    schemaVersion: u32(4),
    profileId: u16(8),
    schemaFlags: maskU16(10, 0x0f),
    minVersionMajor: u8(12),
    maxVersionMajor: u8(13),
    bodyBytes: u32(16),
    dependencyCount: u16(20),
    defaultStreamSemantics: u16(22),
    schemaHash: u64(24),
  },
  reserved: { reserved0: u16(14) },
});
export type SchemaDescriptorHeader = RecordValue<typeof SchemaDescriptorHeader>;
