import { i16, maskU32, u16, u32, u64 } from '../../codec/fields';
import { record, type RecordValue } from '../../codec/record';
import { breaksRule } from '../../errors';
import { MessageType } from '../../message-type';

/** Flags of SCHEDULING. */
export const SchedulingFlag = {
  /** Results that are too late are not sent. */
  DiscardStale: 0x1,
  /** A RESULT_DROP_REASON is sent for it. */
  EmitDropReason: 0x2,
} as const;

/** PRIORITY_UPDATE, DEADLINE and EXPIRE_AT. */
export const SchedulingMetadata = record({
  name: 'SchedulingMetadata',
  length: 32,
  fields: {
    operationId: u64(0),
    controlSequence: u64(8),
    priorityClass: u16(16),
    priorityDelta: i16(18),
    /** Milliseconds since 1970. */
    deadlineUnixMs: u64(20),
    flags: maskU32(28, 0x3),
  },
});
export type SchedulingMetadata = RecordValue<typeof SchedulingMetadata>;

/** Checks what the record alone does not say of a PRIORITY_UPDATE, DEADLINE or EXPIRE_AT. Throws an `NnrpError`. */
export function checkScheduling({ deadlineUnixMs }: SchedulingMetadata, type: MessageType): void {
  if (type === MessageType.PriorityUpdate) return;
  if (type !== MessageType.Deadline && type !== MessageType.ExpireAt) {
    breaksRule('scheduling metadata requires PRIORITY_UPDATE, DEADLINE, or EXPIRE_AT');
  }
  if (deadlineUnixMs === 0n) breaksRule('DEADLINE and EXPIRE_AT require deadline_unix_ms');
}

/** Flags of BUDGET. */
export const BudgetFlag = { Replace: 0x1, Increment: 0x2 } as const;

/** BUDGET_UPDATE: what an operation may still use. */
export const BudgetMetadata = record({
  name: 'BudgetMetadata',
  length: 40,
  fields: {
    /** 0: the session. */
    operationId: u64(0),
    computeBudgetUnits: u64(8),
    memoryBudgetBytes: u64(16),
    bandwidthBudgetBytes: u64(24),
    tokenBudget: u32(32),
    flags: maskU32(36, 0x3),
  },
});
export type BudgetMetadata = RecordValue<typeof BudgetMetadata>;
