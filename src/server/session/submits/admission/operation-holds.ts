import type { Result } from '../../../../protocol/operation/result';
import type { HeldExcess } from '../../../limits/held-totals';
import { resultRefused } from '../../results/result-refused';
import { HeldResults } from './held-results';
import type { ReceivedSubmit } from '../submit';
import { unknownOperation } from '../unknown-operation';
import { UNSAID } from './scheduled';
import type { SessionOperations } from '../session-operations';
import { limitTripped, type SessionParts } from '../session-parts';

/** What becomes of operations that the client holds, because their consumers are slow. */
export class OperationHolds {
  /** Results that each operation may send, as the client says of its session. */
  private window: number | undefined;
  /** Of which the client has said something since. */
  private apart = new WeakSet<ReceivedSubmit>();

  constructor(
    private readonly session: SessionParts,
    private readonly operations: SessionOperations,
  ) {}

  /**
   * The client asks to hold an operation: it gets no results of it until it says so. Throws an `NnrpError`,
   * `UnknownOperation`, where it never was submitted, as the next does.
   */
  hold(frameId: number): void {
    const submit = this.submitted(frameId);
    if (submit === undefined) return;
    this.apart.add(submit);
    this.holdSubmit(submit);
  }

  /** Undefined where it has ended. */
  private submitted(frameId: number): ReceivedSubmit | undefined {
    const submit = this.operations.get(frameId);
    if (submit === undefined && !this.operations.has(frameId)) throw unknownOperation(frameId);
    return submit;
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
    this.apart.add(submit);
    this.apply(submit, window);
  }

  private apply(submit: ReceivedSubmit, window: number | undefined): void {
    this.count(submit, window);
    if (window === 0) this.holdSubmit(submit);
    else this.send(submit);
  }

  private count(submit: ReceivedSubmit, window: number | undefined): void {
    const runOut = (): void => {
      this.holdSubmit(submit);
    };
    const counted = window === undefined ? undefined : { left: window, runOut };
    if (counted === undefined && submit.scheduled === undefined) return;
    submit.scheduled = { ...(submit.scheduled ?? UNSAID), window: counted };
  }

  /** The same of each operation that has begun, or begins. */
  allow(window: number | undefined): void {
    this.window = window;
    this.apart = new WeakSet();
    for (const submit of this.operations.begun()) this.apply(submit, window);
  }

  /** An operation begins: what was said last counts, of it or of all. */
  begin(submit: ReceivedSubmit): void {
    if (!this.apart.has(submit)) this.apply(submit, this.window);
  }

  /** The client takes all results of an operation again. */
  release(frameId: number): void {
    const submit = this.submitted(frameId);
    if (submit !== undefined) this.allowOf(submit, undefined);
  }

  /** Sends what has waited, as far as the client takes it; the operation is held while some is left. */
  private send(submit: ReceivedSubmit): void {
    const { held } = submit;
    if (held === undefined) return;
    // One of them may be too large, which ends the operation: then nothing of it waits.
    for (let next = held.next(); next !== undefined; next = held.next()) {
      this.sendLate(submit, next);
      if (submit.scheduled?.window?.left === 0) return;
    }
    if (submit.held === held) submit.release();
  }

  /** The client cannot say any more what it holds. */
  releaseAll(): void {
    this.allow(undefined);
  }

  /** Sends what has waited. Its client may be another by now, for which it is none that can be sent. */
  private sendLate(submit: ReceivedSubmit, result: Result): void {
    const { sessionId, server } = this.session;
    try {
      this.operations.send(submit, result);
    } catch (error) {
      server.reports.failures.next(resultRefused(sessionId, result.frameId, error));
      this.operations.abandon(result.frameId);
    }
  }
}
