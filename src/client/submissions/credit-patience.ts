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
      ? 'the server has paused the session or its connection, or grants none'
      : `${inFlight} operations are in flight, of ${granted} that the server grants`;
  const what = `${waiting} ${waiting === 1 ? 'submit' : 'submits'} of session ${sessionId}`;
  return new RuntimeError(
    'internal',
    `${what} waited for credit for ${PATIENCE_MS / 1000} s: ${why}; end or cancel some, or have the server grant more (\`maxInFlightOperations\` and \`grantedOperationCredit\` of createServer, \`session.grant\`); \`credit$\` says how much there is`,
    { reach: 'operation', origin: 'application' },
  );
}
