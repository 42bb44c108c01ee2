import type { Result } from '../../../../protocol/operation/result';
import type { HeldExcess } from '../../../limits/held-totals';
import { resultRefused } from '../../results/result-refused';
import { HeldResults } from './held-results';
import type { ReceivedSubmit } from '../submit';
import { UNSAID } from './scheduled';
import type { SessionOperations } from '../session-operations';
import { limitTripped, type SessionParts } from '../session-parts';

/** What becomes of operations that the client holds, because their consumers are slow. */
export class OperationHolds {
  /** Results that each operation may send, as the client says of its session. */
  private window: number | undefined;

  constructor(
    private readonly session: SessionParts,
    private readonly operations: SessionOperations,
  ) {}

  /**
   * The client asks to hold an operation: it gets no results of it until it says so. Throws an `NnrpError`,
   * `UnknownOperation`, where it never was submitted, as the next does.
   */
  hold(frameId: number): void {
    const submit = this.operations.submitted(frameId);
    if (submit !== undefined) this.holdSubmit(submit);
  }

  private holdSubmit(submit: ReceivedSubmit): void {
    if (submit.held !== undefined || submit.hasEnded) return;
    const { server, claim, outlet } = this.session;
    const overfull = (excess: HeldExcess): void => {
      limitTripped(this.session, { ...excess, consequence: 'operation-dropped' });
      this.operations.giveUp(submit, 'failed');
    };
    submit.hold(new HeldResults(server.held, claim.partyAt(outlet.peer), overfull));
  }

  /** The client takes so many results of an operation, and then no more; undefined for any number. */
  allowOf(submit: ReceivedSubmit, window: number | undefined): void {
    this.count(submit, window);
    if (window === 0) this.holdSubmit(submit);
    else this.release(submit.frameId);
  }

  private count(submit: ReceivedSubmit, window: number | undefined): void {
    const runOut = (): void => {
      this.holdSubmit(submit);
    };
    const counted = window === undefined ? undefined : { left: window, runOut };
    if (counted === undefined && submit.scheduled === undefined) return;
    submit.scheduled = { ...(submit.scheduled ?? UNSAID), window: counted };
  }

  /** The same of each operation that there is, or comes. */
  allow(window: number | undefined): void {
    this.window = window;
    for (const submit of this.operations.all()) this.allowOf(submit, window);
  }

  /** A submit has come, before it begins. */
  begin(submit: ReceivedSubmit): void {
    if (this.window === undefined) return;
    const { window } = this;
    if (window === 0) this.holdSubmit(submit);
    else this.count(submit, window);
  }

  /** The client takes results of an operation again: those that have waited are sent. */
  release(frameId: number): void {
    const submit = this.operations.submitted(frameId);
    if (submit === undefined) return;
    // One of them may be too large, which ends it.
    for (const result of submit.release()) {
      if (this.operations.get(frameId) === submit) this.answerLate(result);
    }
    submit.released();
  }

  /** The client cannot say any more what it holds. */
  releaseAll(): void {
    this.allow(undefined);
  }

  /** Sends what has waited. Its client may be another by now, for which it is none that can be sent. */
  private answerLate(result: Result): void {
    const { sessionId, server } = this.session;
    try {
      this.operations.answer(result);
    } catch (error) {
      server.reports.failures.next(resultRefused(sessionId, result.frameId, error));
      this.operations.abandon(result.frameId);
    }
  }
}
