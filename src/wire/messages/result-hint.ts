import { enumU32, u32 } from '../codec/fields';
import { enumeration, type EnumerationValue } from '../codec/enumeration';
import { record, type RecordValue } from '../codec/record';

/** The budget policy that a server has applied. */
export const HintBudgetPolicy = enumeration('result_hint_budget_policy', {
  None: 0,
  Full: 1,
  Partial: 2,
  StaleReuse: 3,
  Drop: 4,
});
export type HintBudgetPolicy = EnumerationValue<typeof HintBudgetPolicy>;

/** How loaded a server says that it is. */
export const CongestionState = enumeration('result_hint_congestion_state', {
  None: 0,
  Steady: 1,
  Elevated: 2,
  Saturated: 3,
});
export type CongestionState = EnumerationValue<typeof CongestionState>;

/** Why a RESULT_HINT was sent. */
export const HintReason = enumeration('result_hint_reason', {
  None: 0,
  QueueFull: 1,
  ServerBusy: 2,
  BudgetExceeded: 3,
  Superseded: 4,
});
export type HintReason = EnumerationValue<typeof HintReason>;

/** RESULT_HINT (protocol section 5). */
export const ResultHintMetadata = record({
  name: 'ResultHintMetadata',
  length: 16,
  fields: {
    appliedBudgetPolicy: enumU32(0, HintBudgetPolicy),
    congestionState: enumU32(4, CongestionState),
    reason: enumU32(8, HintReason),
    /** Milliseconds. */
    retryAfterMs: u32(12),
  },
});
export type ResultHintMetadata = RecordValue<typeof ResultHintMetadata>;
