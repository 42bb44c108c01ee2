import { enumeration, type EnumerationValue } from '../../codec/enumeration';
import { maskU32, maskU8, u16, u32, u64, u8 } from '../../codec/fields';
import { record, type RecordValue } from '../../codec/record';
import { breaksRule, NnrpError } from '../../errors';
import { MessageType } from '../../message-type';

/** How much pressure a peer is under. */
export const PressureLevel = enumeration('pressure_level', { None: 0, Soft: 1, Hard: 2, Paused: 3 });
export type PressureLevel = EnumerationValue<typeof PressureLevel>;

/** Customary values of `pressureReason`; any other is allowed. */
export const PressureReason = enumeration('pressure_reason', {
  Unspecified: 0,
  ReceiverQueueFull: 1,
  SenderQueueFull: 2,
  Memory: 3,
  Bandwidth: 4,
  Compute: 5,
  Deadline: 6,
  FairnessPolicy: 7,
  ConformanceInjection: 8,
});
export type PressureReason = EnumerationValue<typeof PressureReason>;

/** What `scopeId` is of, in BACKPRESSURE, CREDIT_UPDATE and RETRY_AFTER; a session where neither is set. */
export const PressureFlag = { Connection: 0x1, Operation: 0x2 } as const;

/** BACKPRESSURE and CREDIT_UPDATE. */
export const PressureMetadata = record({
  name: 'PressureMetadata',
  length: 32,
  fields: {
    scopeId: u64(0),
    creditWindow: u64(8),
    pressureLevel: u16(16),
    pressureReason: u16(18),
    /** Milliseconds. */
    retryAfterMs: u32(20),
    flags: maskU32(24, 0x3),
  },
  checkedFirst: 'masks',
  reserved: { reserved: u32(28) },
});
export type PressureMetadata = RecordValue<typeof PressureMetadata>;

/** Checks what the record alone does not say of a BACKPRESSURE or CREDIT_UPDATE. Throws an `NnrpError`. */
export function checkPressure({ pressureLevel }: PressureMetadata, type: MessageType): void {
  if (type === MessageType.CreditUpdate) return;
  if (type !== MessageType.Backpressure) {
    breaksRule('pressure metadata requires BACKPRESSURE or CREDIT_UPDATE');
  }
  if (pressureLevel === PressureLevel.None) breaksRule('BACKPRESSURE requires non-zero pressure_level');
  if (pressureLevel > PressureLevel.Paused) {
    throw new NnrpError({ kind: 'UnknownEnumValue', enumName: 'pressure_level', value: pressureLevel });
  }
}

/** RETRY_AFTER. Body: a diagnostic text of `diagnosticBytes`. */
export const RetryAfterMetadata = record({
  name: 'RetryAfterMetadata',
  length: 32,
  fields: {
    scopeId: u64(0),
    controlSequence: u64(8),
    /** Milliseconds. */
    retryAfterMs: u32(16),
    /** Milliseconds. */
    jitterMs: u32(20),
    reasonCode: u16(24),
    sourceRole: u8(26),
    flags: maskU8(27, 0x3),
    diagnosticBytes: u32(28),
  },
});
export type RetryAfterMetadata = RecordValue<typeof RetryAfterMetadata>;
