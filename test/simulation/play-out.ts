import type { RunLedger } from './run-ledger';
import type { SimulationReport } from './report';
import { settle } from './time/elapse';
import type { VirtualScheduler } from './time/virtual-scheduler';

/** A run that is under way. */
export interface Played {
  readonly seed: number;
  readonly scheduler: VirtualScheduler;
  readonly ledger: RunLedger;
  /** Past this time nothing may be left to happen, by the invariant of this number. */
  readonly endsBy: number;
  readonly invariantOfEnd: number;
  /** Whether what was to be closed is. */
  readonly isFinished: boolean;
  afterEvent(): void;
  /** Nothing is left to happen. */
  end(): void;
}

/** Lets happen one event after the other, until none is left or an invariant does not hold. */
export async function playOut(run: Played): Promise<SimulationReport> {
  const { scheduler, ledger, invariantOfEnd } = run;
  await settle();
  while (ledger.violation === undefined) {
    const next = scheduler.nextTime;
    if (next === undefined) break;
    if (next > run.endsBy) {
      ledger.violated(
        invariantOfEnd,
        `${scheduler.pendingCount} timers would still run, the next at ${next} ms`,
      );
      break;
    }
    try {
      scheduler.runNext();
    } catch (error) {
      ledger.violated(0, `an event threw: ${String(error)}`);
    }
    await settle();
    run.afterEvent();
  }
  if (ledger.violation === undefined) {
    if (!run.isFinished) ledger.violated(invariantOfEnd, 'what was to be closed never was');
    run.end();
  }
  const { trace, violation, counts } = ledger;
  return {
    seed: run.seed,
    violation,
    eventCount: trace.count,
    endedAtMs: scheduler.now(),
    traceHash: trace.hash,
    events: trace.events,
    counts,
  };
}
