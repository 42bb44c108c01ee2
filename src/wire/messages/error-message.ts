import { enumU32, flagU32, u32 } from '../codec/fields';
import { enumeration, type EnumerationValue } from '../codec/enumeration';
import { record, type RecordValue } from '../codec/record';

/** The scope of an ERROR: the connection, a session or a frame. */
export const ErrorScope = enumeration('error_scope', { Connection: 0, Session: 1, Frame: 2 });
export type ErrorScope = EnumerationValue<typeof ErrorScope>;

/** ERROR (protocol section 5). Body: a diagnostic text of `diagnosticBytes`. */
export const ErrorMetadata = record({
  name: 'ErrorMetadata',
  length: 32,
  fields: {
    errorCode: u32(0),
    errorScope: enumU32(4, ErrorScope),
    isFatal: flagU32(8, 'ERROR is_fatal must be 0 or 1'),
    /** Milliseconds. */
    retryAfterMs: u32(12),
    relatedSessionId: u32(16),
    relatedFrameId: u32(20),
    relatedViewId: u32(24),
    diagnosticBytes: u32(28),
  },
});
export type ErrorMetadata = RecordValue<typeof ErrorMetadata>;
