import { CreditEpoch } from '../../protocol/flow/credit-epoch';
import { validateFlowRouting } from '../../protocol/flow/flow';
import { breaksRule } from '../../wire/errors';
import type { MessageOf } from '../../wire/message';
import type { MessageType } from '../../wire/message-type';
import { FlowScope, FlowUpdateReason } from '../../wire/messages/flow-update';

/** Whose operations are held. */
export interface HeldOperations<Target> {
  /** Throws an `NnrpError`, `UnknownOperation`, where it was never submitted. */
  hold(frameId: number): void;
  /** Throws an `NnrpError`, `UnknownOperation`, where it was never submitted. */
  release(frameId: number, target: Target): void;
}

/**
 * FLOW_UPDATE from a client, which is of operation scope: its consumer does not keep up with one operation.
 *
 *   sent at once ──pause──▶ held: not pulled, and what is pushed all the same waits, in bounds
 *        ▲                                  │
 *        └────────── grant, resume ─────────┘
 */
export class OperationHolds<Target> {
  private readonly epoch = new CreditEpoch();

  constructor(
    private readonly operations: HeldOperations<Target>,
    /** Where what has waited goes. */
    private readonly target: Target,
  ) {}

  /** Throws an `NnrpError` where no client may say such a thing. */
  receive({ header, metadata }: MessageOf<typeof MessageType.FlowUpdate>): void {
    validateFlowRouting(header, metadata);
    if (metadata.scopeKind !== FlowScope.Operation) {
      breaksRule('FLOW_UPDATE from a client must be of operation scope');
    }
    const frameId = Number(metadata.operationId);
    switch (metadata.updateReason) {
      case FlowUpdateReason.Pause:
        if (this.isNews(metadata.creditEpoch)) this.operations.hold(frameId);
        return;
      case FlowUpdateReason.Grant:
      case FlowUpdateReason.Resume:
        if (this.isNews(metadata.creditEpoch)) this.operations.release(frameId, this.target);
        return;
      default:
        breaksRule('FLOW_UPDATE from a client must pause an operation, or resume it');
    }
  }

  private isNews(epoch: number): boolean {
    return this.epoch.observe(epoch) !== 'older';
  }
}
