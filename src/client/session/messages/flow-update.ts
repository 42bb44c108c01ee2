import { Subject } from 'rxjs';
import { CreditEpoch } from '../../../protocol/flow/credit-epoch';
import { validateFlowRouting } from '../../../protocol/flow/flow';
import type { MessageOf } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import {
  BackpressureLevel,
  FlowScope,
  FlowUpdateMetadata,
  FlowUpdateReason,
} from '../../../wire/messages/flow-update';
import type { Submission } from '../../submissions/submission';
import type { Submissions } from '../../submissions/submissions';
import type { SessionCarrier } from '../session-carrier';

/**
 * FLOW_UPDATE: of the server, how much may be submitted; to a server that has told it can, to hold an operation,
 * whose consumer is slow.
 */
export class FlowUpdates {
  /** Every one that concerns the session. */
  readonly received = new Subject<FlowUpdateMetadata>();
  private readonly epoch = new CreditEpoch();

  constructor(
    private readonly submissions: Submissions,
    private readonly carrier: SessionCarrier,
  ) {}

  onUpdate({ header, metadata }: MessageOf<typeof MessageType.FlowUpdate>): void {
    validateFlowRouting(header, metadata);
    // What the connection's sessions share is the link's to apply.
    if (header.sessionId !== 0) this.submissions.applyFlow(metadata);
    this.received.next(metadata);
  }

  hold(submission: Submission | undefined): void {
    this.tell(submission, FlowUpdateReason.Pause, BackpressureLevel.Hard);
  }

  release(submission: Submission | undefined): void {
    this.tell(submission, FlowUpdateReason.Resume, BackpressureLevel.None);
  }

  /** Says nothing of an operation that has ended. */
  private tell(
    submission: Submission | undefined,
    updateReason: FlowUpdateReason,
    backpressureLevel: BackpressureLevel,
  ): void {
    if (submission === undefined || !this.submissions.isInFlight(submission)) return;
    const update = FlowUpdateMetadata.of({
      scopeKind: FlowScope.Operation,
      updateReason,
      backpressureLevel,
      operationId: BigInt(submission.frameId),
      creditEpoch: this.epoch.next(),
    });
    this.carrier.send(MessageType.FlowUpdate, 0, FlowUpdateMetadata.encode(update));
  }
}
