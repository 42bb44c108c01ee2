import { enumU8, maskU32, u16, u32, u64, u8 } from '../codec/fields';
import { enumeration, without, type EnumerationValue } from '../codec/enumeration';
import { record, type RecordValue } from '../codec/record';

/** The scope that a FLOW_UPDATE grants credit to. */
export const FlowScope = enumeration('scope_kind', { Connection: 0, Session: 1, Operation: 2 });
export type FlowScope = EnumerationValue<typeof FlowScope>;

/** Why it was sent. */
export const FlowUpdateReason = enumeration('update_reason', {
  Grant: 0,
  Reduce: 1,
  Pause: 2,
  Resume: 3,
  Congestion: 4,
});
export type FlowUpdateReason = EnumerationValue<typeof FlowUpdateReason>;

/** Hard is no error: stop submitting until a grant, a resume or a newer epoch. `Paused` came with preview4. */
export const BackpressureLevel = enumeration('backpressure_level', { None: 0, Soft: 1, Hard: 2, Paused: 3 });
export type BackpressureLevel = EnumerationValue<typeof BackpressureLevel>;

/** Flags of FLOW_UPDATE: which of its fields count, and what still may be submitted. */
export const FlowFlag = {
  CreditValid: 0x1,
  RetryAfterValid: 0x2,
  BackgroundOnly: 0x4,
  DrainInFlightOnly: 0x8,
} as const;

/** FLOW_UPDATE (protocol section 5). `creditEpoch` only rises within one scope. */
export const FlowUpdateMetadata = record({
  name: 'FlowUpdateMetadata',
  length: 32,
  fields: {
    scopeKind: enumU8(0, FlowScope),
    updateReason: enumU8(1, FlowUpdateReason),
    backpressureLevel: enumU8(2, without(BackpressureLevel, 'Paused')),
    connectionCredit: u16(4),
    sessionCredit: u16(6),
    operationCredit: u16(8),
    operationId: u64(12),
    /** Milliseconds. */
    retryAfterMs: u32(20),
    creditEpoch: u32(24),
    flowFlags: maskU32(28, 0x0f),
  },
  reserved: { reserved0: u8(3), reserved1: u16(10) },
});
export type FlowUpdateMetadata = RecordValue<typeof FlowUpdateMetadata>;
