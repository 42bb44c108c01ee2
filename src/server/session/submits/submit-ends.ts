import { OperationState, type TerminalState } from '../../../protocol/operation/operation';
import type { SubmitEnd } from '../session-message';

/** How an operation that gets no answer is recorded. */
export const STATE_OF_END: Readonly<Record<Exclude<SubmitEnd, 'completed'>, TerminalState>> = {
  dropped: OperationState.Failed,
  failed: OperationState.Failed,
  superseded: OperationState.Superseded,
  late: OperationState.Failed,
  'budget-exceeded': OperationState.Failed,
  cancelled: OperationState.Cancelled,
  closed: OperationState.Cancelled,
  disconnected: OperationState.Cancelled,
};

/** How an operation ends with a result that ends it. */
export const END_OF_RESULT = { push: 'completed', drop: 'dropped', failure: 'failed' } as const;
