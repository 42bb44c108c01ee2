import { boundOf } from '../../../../protocol/revision/bound';
import type { MessageOf } from '../../../../wire/message';
import { MessageType } from '../../../../wire/message-type';
import { SchedulingFlag } from '../../../../wire/preview4/control/scheduling';
import type { SessionCore } from '../../session-core';
import type { Toll } from '../../session-terms';

type Scheduling =
  typeof MessageType.Deadline | typeof MessageType.ExpireAt | typeof MessageType.PriorityUpdate;

/** More than any delta. */
const OF_CLASS = 0x1_0000;

/**
 * DEADLINE and EXPIRE_AT, which both say until when an answer is wanted; then the operation ends, as late, where its client
 * wants what is stale discarded. PRIORITY_UPDATE, which counts for as long as it waits: the classes of SESSION_OPEN, and
 * within one the higher delta first.
 */
export function onScheduling(
  session: SessionCore,
  { messageType, header, metadata }: MessageOf<Scheduling>,
): Toll | undefined {
  const { operationId, deadlineUnixMs, priorityClass, priorityDelta, flags } = metadata;
  if (messageType === MessageType.PriorityUpdate) {
    const rank = (priorityClass - session.open.priorityClass) * OF_CLASS - priorityDelta;
    session.schedule.change(header, operationId, { rank });
    return undefined;
  }
  const isDiscarded = (flags & SchedulingFlag.DiscardStale) !== 0;
  const deadlineAt = boundOf(deadlineUnixMs);
  session.schedule.change(header, operationId, { deadlineAt, isDiscarded });
  return session.schedule.takeToll();
}
