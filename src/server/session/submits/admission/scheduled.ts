import type { OperationBudget } from '../operation-budget';

/** What a client has said of an operation besides its submit. */
export interface Scheduled {
  /** Milliseconds of the wall clock, after which an answer is of no use; Infinity for never. */
  readonly deadlineAt: number;
  /** Whether the operation ends then; else only its application is told. */
  readonly isDiscarded: boolean;
  /** Among those that wait the lowest goes first, and of several the one that has come first. */
  readonly rank: number;
  /** Undefined where nothing was said. */
  readonly budget: OperationBudget | undefined;
}
