import { enumeration, type EnumerationValue } from '../codec/enumeration';
import { maskU32, u16, u32, u64 } from '../codec/fields';
import { record, type RecordValue } from '../codec/record';

/** Customary values of `costModelId`; any other is allowed. */
export const CostModel = enumeration('cost_model_id', {
  Unspecified: 0,
  BytesOnly: 1,
  ComputeUnits: 2,
  TokenUnits: 3,
  MemoryBytes: 4,
  BandwidthBytes: 5,
  WeightedUnits: 6,
});
export type CostModel = EnumerationValue<typeof CostModel>;

/** Flags of a capability body. */
export const CapabilityFlag = { HardRequirement: 0x1, DowngradeAllowed: 0x2 } as const;

/** CAPABILITY_NEGOTIATION and DEGRADE_PROFILE. Body: as many tokens as `capabilityCount`, in `bodyBytes`. */
export const CapabilityMetadata = record({
  name: 'CapabilityMetadata',
  length: 32,
  fields: {
    profileId: u16(0),
    capabilityCount: u16(2),
    costModelId: u16(4),
    preferenceRank: u16(6),
    limitBytes: u64(8),
    limitUnits: u64(16),
    bodyBytes: u32(24),
    flags: maskU32(28, 0x3),
  },
});
export type CapabilityMetadata = RecordValue<typeof CapabilityMetadata>;
