import { enumU16, maskU32, u16, u32, u64 } from '../codec/fields';
import { enumeration, type EnumerationValue } from '../codec/enumeration';
import { record, type RecordValue } from '../codec/record';

/** The outcome of a SESSION_PATCH. */
export const PatchAckStatus = enumeration('session_patch_ack_status', {
  Accepted: 0,
  PartiallyApplied: 1,
  Rejected: 2,
});
export type PatchAckStatus = EnumerationValue<typeof PatchAckStatus>;

/** Why it, or a part of it, was refused. */
export const PatchRejectReason = enumeration('session_patch_reject_reason', {
  None: 0,
  UnsupportedField: 1,
  InvalidRange: 2,
  UnsupportedStrategy: 3,
  InvalidLaneMask: 4,
  RateLimited: 5,
});
export type PatchRejectReason = EnumerationValue<typeof PatchRejectReason>;

const PATCH_FIELDS = 0x7f;

/** SESSION_PATCH (protocol section 5). Body: the profile patch. */
export const SessionPatchMetadata = record({
  name: 'SessionPatchMetadata',
  length: 36,
  fields: {
    profileId: u16(0),
    /** Which of the fields below ask for a change. */
    patchMask: maskU32(4, PATCH_FIELDS),
    /** Hundredths of a frame a second. */
    targetCadenceX100: u32(8),
    qualityTier: u16(12),
    degradePolicy: u16(14),
    activeLaneMask: u64(16),
    preferredCodecBitmap: u32(24),
    preferredCompressionBitmap: u32(28),
    profilePatchBytes: u32(32),
  },
  reserved: { reserved0: u16(2) },
});
export type SessionPatchMetadata = RecordValue<typeof SessionPatchMetadata>;

/** SESSION_PATCH_ACK (protocol section 5). Body: the profile patch ack. */
export const SessionPatchAckMetadata = record({
  name: 'SessionPatchAckMetadata',
  length: 48,
  fields: {
    ackStatus: enumU16(0, PatchAckStatus),
    rejectReason: enumU16(2, PatchRejectReason),
    appliedPatchMask: maskU32(4, PATCH_FIELDS),
    rejectedPatchMask: maskU32(8, PATCH_FIELDS),
    /** Milliseconds. */
    retryAfterMs: u32(12),
    effectiveProfileId: u16(16),
    effectiveTargetCadenceX100: u32(20),
    effectiveQualityTier: u16(24),
    effectiveDegradePolicy: u16(26),
    effectiveLaneMask: u64(28),
    effectiveCodecBitmap: u32(36),
    effectiveCompressionBitmap: u32(40),
    profilePatchAckBytes: u32(44),
  },
  reserved: { reserved0: u16(18) },
});
export type SessionPatchAckMetadata = RecordValue<typeof SessionPatchAckMetadata>;
