import { enumeration, type EnumerationValue } from '../../codec/enumeration';
import { maskU16, maskU8, u16, u32, u64, u8 } from '../../codec/fields';
import { record, type RecordValue } from '../../codec/record';
import { breaksRule } from '../../errors';
import { MessageType } from '../../message-type';
import { checkRole } from './runtime-role';

/** Customary values of `reasonCode`; any other is allowed. */
export const ControlReason = enumeration('reason_code', {
  Unspecified: 0,
  UserCancelled: 1,
  Superseded: 2,
  DeadlineExpired: 3,
  BudgetExceeded: 4,
  DependencyFailed: 5,
  TransportClosing: 6,
  Shutdown: 7,
  ConformanceInjection: 8,
});
export type ControlReason = EnumerationValue<typeof ControlReason>;

/** Flags of a control request. */
export const ControlRequestFlag = { CooperativeAllowed: 0x1, HardAbortAllowed: 0x2 } as const;

/** CANCEL and ABORT, of one operation or of all. Body: a diagnostic text of `diagnosticBytes`. */
export const ControlRequestMetadata = record({
  name: 'ControlRequestMetadata',
  length: 32,
  fields: {
    /** 0: every operation of the session. */
    operationId: u64(0),
    controlSequence: u64(8),
    reasonCode: u16(16),
    sourceRole: u8(18),
    flags: maskU8(19, 0x3),
    diagnosticBytes: u32(20),
  },
  checkedFirst: 'masks',
  reserved: { reserved: u64(24) },
});
export type ControlRequestMetadata = RecordValue<typeof ControlRequestMetadata>;

/** Checks what the record alone does not say of a CANCEL or ABORT. Throws an `NnrpError`. */
export function checkControlRequest(metadata: ControlRequestMetadata, type: MessageType): void {
  if (type !== MessageType.Cancel && type !== MessageType.Abort) {
    breaksRule('control request metadata requires CANCEL or ABORT');
  }
  checkRole(metadata);
}

/** Flags of SUPERSEDE. */
export const SupersedeFlag = { AbortOld: 0x1 } as const;

/** SUPERSEDE: an operation takes the place of another. Body: a diagnostic text of `diagnosticBytes`. */
export const SupersedeMetadata = record({
  name: 'SupersedeMetadata',
  length: 32,
  fields: {
    oldOperationId: u64(0),
    newOperationId: u64(8),
    controlSequence: u64(16),
    dropReasonCode: u16(24),
    flags: maskU16(26, 0x1),
    diagnosticBytes: u32(28),
  },
});
export type SupersedeMetadata = RecordValue<typeof SupersedeMetadata>;
