import { isStop, scopeOf, UNCOUNTED } from '../../../protocol/revision/pressure';
import type { MessageOf } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import { FlowScope } from '../../../wire/messages/flow-update';
import type { SessionCore } from '../session-core';

/**
 * BACKPRESSURE and CREDIT_UPDATE from a client: how many results of an operation it takes, or of all that the session has and
 * will have. A window of so many is counted down; at 0 the operation is held, and no other.
 *
 *   uncounted ──window n──▶ n, n-1 … 1 ──────▶ 0: held ──a window──▶
 *       └───────────BACKPRESSURE, hard or paused───▶
 */
export function onPressure(
  session: SessionCore,
  { messageType, metadata }: MessageOf<typeof MessageType.Backpressure | typeof MessageType.CreditUpdate>,
): void {
  const { operations, names, holds } = session;
  const stops = isStop(metadata);
  // A soft one asks for nothing yet.
  if (messageType === MessageType.Backpressure && !stops) return;
  const window = stops ? 0 : Number(metadata.creditWindow);
  const credit = window >= UNCOUNTED ? undefined : window;
  if (scopeOf(metadata) !== FlowScope.Operation) {
    holds.allow(credit);
    return;
  }
  const frameId = names?.frameOf(metadata.scopeId, operations);
  const submit = frameId === undefined ? undefined : operations.get(frameId);
  // It may have crossed with the operation's end.
  if (submit !== undefined) holds.allowOf(submit, credit);
}
