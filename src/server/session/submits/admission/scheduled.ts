import type { Capabilities } from '../../../../protocol/capability/capabilities';
import type { RouteHint } from '../../../../protocol/operation/route-hint';
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
  /** Where it would best run, and what it makes be done; undefined where that was not said. */
  readonly routeHint: RouteHint | undefined;
  readonly executionHint: RouteHint | undefined;
  /** What its client makes do with; undefined where that was not said. */
  readonly degraded: Capabilities | undefined;
  /** Undefined where nothing was said. */
  readonly budget: OperationBudget | undefined;
  /** Results that the client takes before the operation is held; undefined where they are not counted. */
  readonly window: ResultWindow | undefined;
}

/** What a session may say of all that it submits, and an operation has where it says none of its own. */
export type Shared = Partial<Pick<Scheduled, 'trace' | 'routeHint' | 'executionHint' | 'degraded'>>;

export const UNSAID: Scheduled = {
  deadlineAt: Infinity,
  isDiscarded: false,
  rank: 0,
  trace: undefined,
  routeHint: undefined,
  executionHint: undefined,
  degraded: undefined,
  budget: undefined,
  window: undefined,
};
