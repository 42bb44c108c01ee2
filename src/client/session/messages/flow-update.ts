import { Subject } from 'rxjs';
import { CreditEpoch } from '../../../protocol/flow/credit-epoch';
import { validateFlowRouting } from '../../../protocol/flow/flow';
import { holdMetadata } from '../../../protocol/revision/pressure';
import type { SessionExtension } from '../../../protocol/session/session-extension';
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
 * whose consumer is slow. To one of preview4 BACKPRESSURE and CREDIT_UPDATE say that.
 */
export class FlowUpdates {
  /** Every one that concerns the session. */
  readonly received = new Subject<FlowUpdateMetadata>();
  private readonly epoch = new CreditEpoch();
  private takesPressure = false;

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

  /** How the server can be made to wait, by what it has told of itself. */
  heard(extension: SessionExtension | undefined): 'operation' | 'transport' {
    this.takesPressure = extension?.takesPressure === true;
    return extension?.holdsOperations === true ? 'operation' : 'transport';
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
    const { frameId } = submission;
    if (this.takesPressure && this.carrier.speech.name === 'preview4') {
      const isHeld = updateReason === FlowUpdateReason.Pause;
      const type = isHeld ? MessageType.Backpressure : MessageType.CreditUpdate;
      this.carrier.send(type, frameId, holdMetadata(frameId, isHeld));
      return;
    }
    const update = FlowUpdateMetadata.of({
      scopeKind: FlowScope.Operation,
      updateReason,
      backpressureLevel,
      operationId: BigInt(frameId),
      creditEpoch: this.epoch.next(),
    });
    this.carrier.send(MessageType.FlowUpdate, 0, FlowUpdateMetadata.encode(update));
  }
}
