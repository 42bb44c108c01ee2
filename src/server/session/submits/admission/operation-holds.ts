import type { Result } from '../../../../protocol/operation/result';
import type { HeldExcess } from '../../../limits/held-totals';
import { resultRefused } from '../../results/result-refused';
import { HeldResults } from './held-results';
import type { SessionOperations } from '../session-operations';
import { limitTripped, type SessionParts } from '../session-parts';

/** What becomes of operations that the client holds, because their consumers are slow. */
export class OperationHolds {
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
    if (submit === undefined || submit.held !== undefined) return;
    const { server, claim, outlet } = this.session;
    const overfull = (excess: HeldExcess): void => {
      limitTripped(this.session, { ...excess, consequence: 'operation-dropped' });
      this.operations.giveUp(submit, 'failed');
    };
    submit.hold(new HeldResults(server.held, claim.partyAt(outlet.peer), overfull));
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
    for (const { frameId } of this.operations.all()) this.release(frameId);
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
