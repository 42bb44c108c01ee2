import { CreditEpoch } from '../../protocol/flow/credit-epoch';
import {
  BackpressureLevel,
  FlowScope,
  FlowUpdateMetadata,
  FlowUpdateReason,
} from '../../wire/messages/flow-update';
import type { Submission } from './submission';

/** Asks a server that has told it can to hold an operation, whose consumer is slow: FLOW_UPDATE of its scope. */
export class OperationHolds {
  private readonly epoch = new CreditEpoch();

  constructor(
    private readonly submits: { isInFlight(submission: Submission): boolean },
    private readonly send: (metadata: Uint8Array) => void,
  ) {}

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
    if (submission === undefined || !this.submits.isInFlight(submission)) return;
    const update = FlowUpdateMetadata.of({
      scopeKind: FlowScope.Operation,
      updateReason,
      backpressureLevel,
      operationId: BigInt(submission.frameId),
      creditEpoch: this.epoch.next(),
    });
    this.send(FlowUpdateMetadata.encode(update));
  }
}
