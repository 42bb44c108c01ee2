import { CreditEpoch } from '../../../protocol/flow/credit-epoch';
import { validateFlowRouting } from '../../../protocol/flow/flow';
import { unexpectedType } from '../../../protocol/packet-checks';
import { breaksRule } from '../../../wire/errors';
import type { MessageOf } from '../../../wire/message';
import type { MessageType } from '../../../wire/message-type';
import { FlowScope, FlowUpdateReason } from '../../../wire/messages/flow-update';
import type { SessionCore } from '../session-core';

/**
 * FLOW_UPDATE from a client, which is of operation scope: its consumer does not keep up with one operation.
 * Throws an `NnrpError` where no client may say such a thing.
 *
 *   sent at once ──pause──▶ held: not pulled, and what is pushed all the same waits, in bounds
 *        ▲                                  │
 *        └────────── grant, resume ─────────┘
 */
export function onFlowUpdate(
  session: SessionCore,
  { messageType, header, metadata }: MessageOf<typeof MessageType.FlowUpdate>,
): void {
  const { understandsHolds, holds } = session;
  if (!understandsHolds) throw unexpectedType(messageType, 'server');
  validateFlowRouting(header, metadata);
  if (metadata.scopeKind !== FlowScope.Operation) {
    breaksRule('FLOW_UPDATE from a client must be of operation scope');
  }
  const frameId = Number(metadata.operationId);
  const isNews = (): boolean =>
    (session.holdEpoch ??= new CreditEpoch()).observe(metadata.creditEpoch) !== 'older';
  switch (metadata.updateReason) {
    case FlowUpdateReason.Pause:
      if (isNews()) holds.hold(frameId);
      return;
    case FlowUpdateReason.Grant:
    case FlowUpdateReason.Resume:
      if (isNews()) holds.release(frameId);
      return;
    default:
      breaksRule('FLOW_UPDATE from a client must pause an operation, or resume it');
  }
}
