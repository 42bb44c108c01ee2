import { enumU32, maskU8, u16, u32, u8 } from '../../codec/fields';
import { record, type RecordValue } from '../../codec/record';
import { ErrorScope } from '../../messages/error-message';

/** Flags of RECOVERABLE_ERROR. */
export const RecoverableErrorFlag = { RetryableNow: 0x1, RetryAfter: 0x2 } as const;

/** ERROR_RECOVERABLE. Body: a diagnostic text of `diagnosticBytes`. */
export const RecoverableErrorMetadata = record({
  name: 'RecoverableErrorMetadata',
  length: 32,
  fields: {
    errorCode: u32(0),
    errorScope: enumU32(4, ErrorScope),
    recoveryAction: u16(8),
    sourceRole: u8(10),
    flags: maskU8(11, 0x3),
    /** Milliseconds. */
    retryAfterMs: u32(12),
    relatedSessionId: u32(16),
    relatedFrameId: u32(20),
    relatedViewId: u32(24),
    diagnosticBytes: u32(28),
  },
});
export type RecoverableErrorMetadata = RecordValue<typeof RecoverableErrorMetadata>;
