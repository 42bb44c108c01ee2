import type { Violation } from './records';
import type { TraceEvent } from './trace';

export interface SimulationOptions {
  /** How many of the last events are kept to be looked at. Default 50. */
  readonly keepEvents?: number;
}

/** How a run went. */
export interface SimulationReport {
  readonly seed: number;
  /** Undefined where every invariant held. */
  readonly violation: Violation | undefined;
  /** Events of the trace. */
  readonly eventCount: number;
  /** Milliseconds of the simulation's clock. */
  readonly endedAtMs: number;
  /** The same for two runs that went the same way. */
  readonly traceHash: string;
  /** The last events. */
  readonly events: readonly TraceEvent[];
  /** How often what happened. */
  readonly counts: ReadonlyMap<string, number>;
}
