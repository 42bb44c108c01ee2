import type { SchedulerLike, Subscription } from 'rxjs';
import { RuntimeError } from '../../protocol/runtime-error';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { Credit } from './credit';

/** Milliseconds that the first of the submits which wait may wait before that is told. */
const PATIENCE_MS = 5_000;

/** Tells once of a session that a submit has waited for credit for long: else nothing says why nothing happens. */
export class CreditPatience {
  private timer: Subscription | undefined;
  private isTold = false;

  constructor(
    /** In order of arrival. */
    private readonly waiting: ReadonlySet<object>,
    private readonly scheduler: SchedulerLike,
    private readonly tell: () => void,
  ) {}

  /** What waits, or is in flight, has changed. The timer goes on over submits that wait for a moment each. */
  look(isIdle: boolean): void {
    if (this.timer !== undefined) {
      if (isIdle) this.stop();
    } else if (this.waiting.size > 0 && !this.isTold) this.watch();
  }

  /** Nothing is sent for the time being, for another reason. */
  stop(): void {
    this.timer?.unsubscribe();
    this.timer = undefined;
  }

  private watch(): void {
    const [first] = this.waiting;
    this.timer = scheduleIn(this.scheduler, PATIENCE_MS, () => {
      this.timer = undefined;
      if (first !== undefined && this.waiting.has(first)) {
        this.isTold = true;
        this.tell();
      } else this.look(false);
    });
  }
}

/** Says what a submit waits for, and what helps. */
export function waitsForCredit(sessionId: number, { granted, inFlight, waiting }: Credit): RuntimeError {
  const why =
    inFlight < granted || granted === 0
      ? 'the server has paused it, or grants none'
      : `${inFlight} in flight are all that the server grants`;
  return new RuntimeError(
    'internal',
    `submits of session ${sessionId} wait for credit (${waiting}, one for ${PATIENCE_MS / 1000} s): ${why}; end some, or have it grant more (\`maxInFlightOperations\` of createServer, \`session.grant\`)`,
    { reach: 'operation', origin: 'application' },
  );
}
