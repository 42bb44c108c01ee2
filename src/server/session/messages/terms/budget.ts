import type { MessageOf } from '../../../../wire/message';
import type { MessageType } from '../../../../wire/message-type';
import type { SessionCore } from '../../session-core';

/**
 * BUDGET_UPDATE: what an operation may still use, or all of the session together. Its handler is told; what goes beyond it in
 * tokens or bytes of results ends it, `budget-exceeded`.
 */
export function onBudget(
  session: SessionCore,
  { header, metadata }: MessageOf<typeof MessageType.BudgetUpdate>,
): void {
  session.schedule.budget(header, metadata);
}
