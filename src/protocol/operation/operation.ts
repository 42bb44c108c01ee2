import { enumeration, type EnumerationValue } from '../../wire/codec/enumeration';

/**
 * The state of an operation (protocol section 8). Superseded, cancelled, failed and completed are
 * terminal; every other state may also go to cancelled, failed and superseded.
 *
 * ```
 *              +----------+          +---------+ ----> +-----------+
 *   submit --> | accepted | -------> | running |       | completed |
 *              +----------+          +---------+   +-> +-----------+
 *                   |                 ^   |   |    |
 *                   |                 |   |   v    |
 *                   |   +--------------+  |  +---------+
 *                   |   | waiting_tool | <+- | partial | --+
 *                   |   +--------------+     +---------+   | another part
 *                   |          |                |   ^      |
 *                   |          |                |   +------+
 *                   v          v                v
 *              +-----------------------------------+
 *              |  cancelled   failed   superseded  |
 *              +-----------------------------------+
 * ```
 */
export const OperationState = enumeration('operation_state', {
  Accepted: 0,
  Running: 1,
  Partial: 2,
  WaitingTool: 3,
  Superseded: 4,
  Cancelled: 5,
  Failed: 6,
  Completed: 7,
});
export type OperationState = EnumerationValue<typeof OperationState>;

/** The states that nothing follows. */
export type TerminalState =
  | typeof OperationState.Superseded
  | typeof OperationState.Cancelled
  | typeof OperationState.Failed
  | typeof OperationState.Completed;

/** The reach of a cancel, besides the operation that it names. */
export const CancelScope = enumeration('cancel_scope', { Operation: 0, Subtree: 1, Group: 2, Session: 3 });
export type CancelScope = EnumerationValue<typeof CancelScope>;

const S = OperationState;
const GIVEN_UP = bits(S.Cancelled, S.Failed, S.Superseded);

/** For each state the states that may follow, as bits: a lookup instead of a search. */
const FOLLOWING: readonly number[] = [
  /* Accepted    */ GIVEN_UP | bits(S.Running),
  /* Running     */ GIVEN_UP | bits(S.Partial, S.WaitingTool, S.Completed),
  /* Partial     */ GIVEN_UP | bits(S.Partial, S.WaitingTool, S.Completed),
  /* WaitingTool */ GIVEN_UP | bits(S.Running),
  /* Superseded  */ 0,
  /* Cancelled   */ 0,
  /* Failed      */ 0,
  /* Completed   */ 0,
];

/** Whether nothing can follow `state`. */
export function isTerminalState(state: OperationState): state is TerminalState {
  return state >= OperationState.Superseded;
}

/** Whether an operation may go from one state to another (protocol section 8). */
export function canTransition(from: OperationState, to: OperationState): boolean {
  return ((FOLLOWING[from] as number) & (1 << to)) !== 0;
}

function bits(...states: readonly OperationState[]): number {
  return states.reduce<number>((mask, state) => mask | (1 << state), 0);
}
