import type { TraceContext } from '../../../../protocol/operation/trace-context';
import type { OperationBudget } from '../operation-budget';

/** Counts results down, and says when none is left. */
export interface ResultWindow {
  left: number;
  runOut(): void;
}

/** What a client has said of an operation besides its submit. */
export interface Scheduled {
  /** Milliseconds of the wall clock, after which an answer is of no use; Infinity for never. */
  readonly deadlineAt: number;
  /** Whether the operation ends then; else only its application is told. */
  readonly isDiscarded: boolean;
  /** Among those that wait the lowest goes first, and of several the one that has come first. */
  readonly rank: number;
  /** Where it belongs; undefined where that was not said. */
  readonly trace: TraceContext | undefined;
  /** Undefined where nothing was said. */
  readonly budget: OperationBudget | undefined;
  /** Results that the client takes before the operation is held; undefined where they are not counted. */
  readonly window: ResultWindow | undefined;
}

export const UNSAID: Scheduled = {
  deadlineAt: Infinity,
  isDiscarded: false,
  rank: 0,
  trace: undefined,
  budget: undefined,
  window: undefined,
};
