import { defer, map, startWith, Subject, type Observable, type SchedulerLike } from 'rxjs';
import type { SessionCarrier } from '../session/session-carrier';
import type { Credit } from './credit';
import { CreditPatience, waitsForCredit } from './credit-patience';
import type { InFlight } from './in-flight';
import type { SubmitWindow } from './submit-window';

/** Tells what becomes of a session's credit: how much there is, and that a submit has waited for some for long. */
export class CreditNews {
  private readonly changes = new Subject<void>();
  /** The credit now, and after each change. */
  readonly credit$: Observable<Credit> = defer(() =>
    this.changes.pipe(
      startWith(undefined),
      map(() => this.now()),
    ),
  );
  private readonly patience: CreditPatience;

  constructor(
    private readonly window: Pick<SubmitWindow, 'credit'>,
    private readonly inFlight: InFlight,
    private readonly waiting: ReadonlySet<object>,
    carrier: SessionCarrier,
    scheduler: SchedulerLike,
  ) {
    const tell = (): void => carrier.report(waitsForCredit(carrier.sessionId, this.now()));
    this.patience = new CreditPatience(waiting, scheduler, tell);
  }

  now(): Credit {
    return { granted: this.window.credit, inFlight: this.inFlight.counted, waiting: this.waiting.size };
  }

  /** What is granted, in flight or waiting may have changed. */
  changed(): void {
    if (this.changes.observed) this.changes.next();
    const { connection, size } = this.inFlight;
    if (connection !== undefined) this.patience.look(size + this.waiting.size === 0);
  }

  /** Nothing is sent for the time being, for another reason than credit. */
  stop(): void {
    this.patience.stop();
  }

  /** The session is over. */
  end(): void {
    this.changes.complete();
  }
}
