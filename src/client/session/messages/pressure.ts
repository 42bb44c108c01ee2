import { creditChange, retryChange, scopeOf } from '../../../protocol/revision/pressure';
import type { CreditChange } from '../../../protocol/flow/flow';
import type { MessageOf } from '../../../wire/message';
import type { MessageType } from '../../../wire/message-type';
import { ErrorScope } from '../../../wire/messages/error-message';
import { FlowScope } from '../../../wire/messages/flow-update';
import { RecoverableErrorFlag } from '../../../wire/preview4/control/recoverable-error';
import type { Submissions } from '../../submissions/submissions';

/** What a server of preview4 says of how much may be submitted, and when again. */
export class Pressures {
  constructor(
    private readonly submissions: Submissions,
    private readonly now: () => number,
  ) {}

  /** CREDIT_UPDATE and BACKPRESSURE, which are obeyed as FLOW_UPDATE is. */
  onPressure({
    messageType,
    metadata,
  }: MessageOf<typeof MessageType.CreditUpdate | typeof MessageType.Backpressure>): void {
    this.apply(creditChange(messageType, metadata));
  }

  /** RETRY_AFTER: what is new waits so long; of an operation, whoever has asked is told with its end. */
  onRetryAfter({ metadata }: MessageOf<typeof MessageType.RetryAfter>): void {
    const { scopeId, retryAfterMs, jitterMs } = metadata;
    const scope = scopeOf(metadata);
    // Sessions that hear it at once do not come again at once.
    const ms = retryAfterMs + Math.round(jitterMs * spread(this.submissions.sessionId));
    if (scope === FlowScope.Operation) this.note(Number(scopeId), ms);
    else this.apply(retryChange(scope, ms));
  }

  /** ERROR_RECOVERABLE, which ends nothing: where it says when to try again, that is kept as of RETRY_AFTER. */
  onRecoverable({ metadata }: MessageOf<typeof MessageType.ErrorRecoverable>): void {
    const { errorScope, flags, retryAfterMs, relatedFrameId } = metadata;
    if ((flags & RecoverableErrorFlag.RetryAfter) === 0) return;
    if (relatedFrameId !== 0) this.note(relatedFrameId, retryAfterMs);
    else {
      const scope = errorScope === ErrorScope.Connection ? FlowScope.Connection : FlowScope.Session;
      this.apply(retryChange(scope, retryAfterMs));
    }
  }

  private apply(change: CreditChange): void {
    if (change.scopeKind === FlowScope.Connection) {
      this.submissions.inFlight.connection?.apply(change, this.now());
    } else this.submissions.applyFlow(change);
  }

  private note(frameId: number, retryAfterMs: number): void {
    const asked = this.submissions.inFlight.get(frameId);
    if (asked !== undefined) asked.retryAfterMs = retryAfterMs;
  }
}

/** From 0 to 1, another for each session. */
function spread(sessionId: number): number {
  return (Math.imul(sessionId, 0x9e37_79b1) >>> 0) / 2 ** 32;
}
