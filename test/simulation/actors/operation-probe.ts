import { Subscription, type Observer, type SchedulerLike } from 'rxjs';
import { OperationError } from '../../../src/client/errors';
import { TOO_LARGE_CODE } from '../../../src/server/connection/error-packet';
import { decodeTokens } from '../../../src/protocol/content/token-decoder';
import { isTerminal, type ResultPush } from '../../../src/protocol/operation/result';
import { isForgottenByServer } from '../innards';
import type { Ledger } from '../ledger';
import { isOpenForClient, type OperationRecord } from '../records';

/**
 * A subscriber that writes down all that it is told. RxJS takes what is an observer and a subscription
 * for a subscriber as it is: so a client that says more than it may is not corrected on the way.
 */
export class OperationProbe extends Subscription implements Observer<ResultPush> {
  constructor(
    private readonly ledger: Ledger,
    private readonly operation: OperationRecord,
    private readonly scheduler: SchedulerLike,
    private readonly slowConsumerMs = Infinity,
  ) {
    super();
  }

  next(result: ResultPush): void {
    if (isTerminal(result)) this.note({ type: 'last', body: result.body });
    else this.note({ type: 'partial', body: this.operation.plan.isText ? textOf(result) : result.body });
  }

  error(error: unknown): void {
    const {
      reason,
      errorCode = 0,
      outcome,
      retryAfterMs = 0,
    }: Partial<OperationError> = error instanceof OperationError ? error : {};
    if (reason === undefined) this.ledger.violated(0, `an operation failed: ${String(error)}`);
    this.ledger.count(`outcome: ${reason}`);
    if (errorCode === TOO_LARGE_CODE) this.ledger.count('answers that were too large');
    // Nothing is sent that says so.
    const { operation } = this;
    const { session, frameId } = operation;
    const isForgotten = session.client !== undefined && isForgottenByServer(session.client);
    if (isForgotten && frameId !== 0) operation.isForgotten = true;
    if (reason === 'too-large' || session.link === undefined) session.outstanding.delete(operation);
    if (reason === 'slow-consumer') this.noteSlow();
    this.note({ type: 'error', reason, errorCode, outcome, retryAfterMs });
    super.unsubscribe();
  }

  complete(): void {
    this.ledger.count('outcome: complete');
    this.note({ type: 'complete' });
    super.unsubscribe();
  }

  /** The client wants no more of it. */
  override unsubscribe(): void {
    if (this.closed) return;
    const { operation, ledger } = this;
    ledger.count('outcome: unsubscribed');
    ledger.tell(operation.session.actor, `unsubscribes operation ${operation.index}`);
    operation.unsubscribedAt = operation.seen.length;
    ledger.open.delete(operation);
    // Otherwise it is outstanding until its FRAME_CANCEL is sent.
    if (operation.session.link === undefined) operation.session.outstanding.delete(operation);
    ledger.touched.add(operation);
    super.unsubscribe();
  }

  /** Its handler has said how far it is. */
  progressed(text: string): void {
    const { operation, ledger } = this;
    ledger.count('progress heard');
    operation.progressHeard.push(text);
    ledger.touched.add(operation);
    if (!isOpenForClient(operation)) ledger.facts.push({ kind: 'progress-after-end', operation });
  }

  private noteSlow(): void {
    const { operation, ledger, scheduler, slowConsumerMs } = this;
    const stillMs = scheduler.now() - operation.takenAt;
    ledger.facts.push({ kind: 'called-slow', operation, stillMs, allowedMs: slowConsumerMs });
  }

  private note(seen: OperationRecord['seen'][number]): void {
    const { operation, ledger } = this;
    // What is told to one that has left is not wrong: whoever tells several cannot know.
    if (operation.unsubscribedAt !== undefined && seen.type !== 'partial' && seen.type !== 'last') return;
    operation.seen.push(seen);
    if (seen.type === 'complete' || seen.type === 'error') ledger.open.delete(operation);
    ledger.touched.add(operation);
    const reason = seen.type === 'error' ? ` ${seen.reason}` : '';
    ledger.tell(operation.session.actor, `operation ${operation.index} ${seen.type}${reason}`);
  }
}

const utf8 = new TextEncoder();

/** The bytes of what a part of an answer says. */
function textOf(result: ResultPush): Uint8Array {
  return utf8.encode(decodeTokens(result).join(''));
}
