import type { SchedulerLike } from 'rxjs';
import type { Violation } from './records';
import { Trace } from './trace';

/** What every run of a simulation writes down: what happened, how often, and what must not have. */
export class RunLedger {
  readonly trace: Trace;
  readonly counts = new Map<string, number>();
  violation: Violation | undefined;

  constructor(
    protected readonly scheduler: Pick<SchedulerLike, 'now'>,
    keptEvents: number,
  ) {
    this.trace = new Trace(keptEvents);
  }

  tell(actor: string, text: string): void {
    this.trace.add({ time: this.scheduler.now(), actor, text });
  }

  /** Counts how often a run met something: what never happens is not tested. */
  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** The first violation is the one that counts. */
  violated(invariant: number, text: string): void {
    if (this.violation !== undefined) return;
    this.violation = { invariant, text };
    this.tell('invariants', `${invariant}: ${text}`);
  }
}
