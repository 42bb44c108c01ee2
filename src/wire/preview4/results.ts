import { enumeration, type EnumerationValue } from '../codec/enumeration';
import { maskU32, maskU8, u16, u32, u64, u8 } from '../codec/fields';
import { record, type RecordValue } from '../codec/record';
import { breaksRule } from '../errors';
import { checkRole } from './control/runtime-role';

/** How far an operation is. From 0x100 to 0x7fff, stages are a profile's own. */
export const StageCode = enumeration('stage_code', {
  Unspecified: 0,
  Queued: 1,
  Admitted: 2,
  InputReceived: 3,
  Preprocessing: 4,
  Executing: 5,
  WaitingDependency: 6,
  ProducingPartial: 7,
  Finalizing: 8,
  Completed: 9,
  Dropped: 10,
  Failed: 11,
});
export type StageCode = EnumerationValue<typeof StageCode>;

/** Why an operation has no result. */
export const DropReason = enumeration('drop_reason_code', {
  None: 0,
  DeadlineExpired: 1,
  Superseded: 2,
  PeerCancelled: 3,
  Backpressure: 4,
  CapabilityMismatch: 5,
  BudgetExceeded: 6,
  ObjectInvalidated: 7,
  TransportClosed: 8,
  ConformanceInjection: 9,
});
export type DropReason = EnumerationValue<typeof DropReason>;

const PERCENT_X100_MAX = 10_000;
/** `percentX100` where nobody can tell. */
export const PERCENT_UNKNOWN = 0xffff;

/** PROGRESS of an operation. Body: whatever its stage says, `bodyBytes` of it. */
export const ProgressMetadata = record({
  name: 'ProgressMetadata',
  length: 32,
  fields: {
    operationId: u64(0),
    progressSequence: u64(8),
    stageCode: u16(16),
    /** Hundredths of a percent, or {@link PERCENT_UNKNOWN}. */
    percentX100: u16(18),
    objectId: u64(20),
    bodyBytes: u32(28),
  },
  rules({ percentX100 }) {
    if (percentX100 > PERCENT_X100_MAX && percentX100 !== PERCENT_UNKNOWN) {
      breaksRule('progress.percent_x100 must be 0..10000 or 0xffff');
    }
  },
});
export type ProgressMetadata = RecordValue<typeof ProgressMetadata>;

/** Checks what the record alone does not say of a PROGRESS. Throws an `NnrpError`. */
export function checkProgress({ operationId }: ProgressMetadata): void {
  if (operationId === 0n) breaksRule('PROGRESS requires a non-zero operation_id');
}

/** Flags of PARTIAL_RESULT. */
export const PartialResultFlag = { FinalPartial: 0x1, ObjectRef: 0x2 } as const;

/** PARTIAL_RESULT: a part of an answer, which a RESULT_PUSH ends. Body: the part, of `bodyBytes`. */
export const PartialResultMetadata = record({
  name: 'PartialResultMetadata',
  length: 40,
  fields: {
    operationId: u64(0),
    /** From 1 on, for each operation. */
    resultSequence: u64(8),
    objectId: u64(16),
    deltaSequence: u64(24),
    bodyBytes: u32(32),
    flags: maskU32(36, 0x3),
  },
});
export type PartialResultMetadata = RecordValue<typeof PartialResultMetadata>;

/** Checks what the record alone does not say of a PARTIAL_RESULT. Throws an `NnrpError`. */
export function checkPartialResult({ operationId, flags, objectId, bodyBytes }: PartialResultMetadata): void {
  if (operationId === 0n) breaksRule('PARTIAL_RESULT requires a non-zero operation_id');
  if ((flags & PartialResultFlag.ObjectRef) !== 0 && objectId === 0n) {
    breaksRule('PARTIAL_RESULT object-ref flag requires object_id');
  }
  if (bodyBytes === 0 && objectId === 0n) {
    breaksRule('PARTIAL_RESULT requires inline body bytes or object_id');
  }
}

/** Flags of RESULT_DROP_REASON. */
export const ResultDropFlag = { Final: 0x1, Retryable: 0x2 } as const;

/** RESULT_DROP_REASON: an operation ends without a result. Body: a diagnostic text of `diagnosticBytes`. */
export const ResultDropReasonMetadata = record({
  name: 'ResultDropReasonMetadata',
  length: 32,
  fields: {
    operationId: u64(0),
    resultSequence: u64(8),
    dropReasonCode: u16(16),
    sourceRole: u8(18),
    flags: maskU8(19, 0x3),
    diagnosticBytes: u32(20),
  },
  checkedFirst: 'masks',
  reserved: { reserved: u64(24) },
});
export type ResultDropReasonMetadata = RecordValue<typeof ResultDropReasonMetadata>;

/** Checks what the record alone does not say of a RESULT_DROP_REASON. Throws an `NnrpError`. */
export function checkResultDropReason(metadata: ResultDropReasonMetadata): void {
  if (metadata.operationId === 0n) breaksRule('RESULT_DROP_REASON requires a non-zero operation_id');
  if (metadata.dropReasonCode === DropReason.None) {
    breaksRule('RESULT_DROP_REASON requires a non-zero drop_reason_code');
  }
  checkRole(metadata);
}
