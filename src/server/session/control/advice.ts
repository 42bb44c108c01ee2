import { decodeAs } from '../../../protocol/decode-as';
import { MessageType } from '../../../wire/message-type';
import type { Packet } from '../../../wire/packet';
import type { Revision } from '../../../wire/revision';
import { checkBody } from '../../../wire/message';

/**
 * What preview4 lets a client say that this server has no use for. It is judged, and asks for no answer: a client
 * that says how its operations would best be run gets them run.
 */
const ADVICE: ReadonlySet<MessageType> = new Set([
  MessageType.PriorityUpdate,
  MessageType.Deadline,
  MessageType.ExpireAt,
  MessageType.BudgetUpdate,
  MessageType.Backpressure,
  MessageType.CreditUpdate,
  MessageType.CapabilityNegotiation,
  MessageType.DegradeProfile,
  MessageType.RouteHint,
  MessageType.ExecutionHint,
  MessageType.TraceContext,
  MessageType.ObjectDeclare,
  MessageType.ObjectRef,
  MessageType.ObjectRelease,
  MessageType.ObjectPatch,
  MessageType.ObjectDelta,
  MessageType.CacheReference,
  MessageType.CacheMiss,
  MessageType.ErrorRecoverable,
  MessageType.RetryAfter,
]);

/** Takes what is advice; false for any other message. Throws an `NnrpError` or a `RuntimeError` where it is broken. */
export function takeAdvice(packet: Packet, revision: Revision): boolean {
  const { messageType } = packet.header;
  const row = revision.messages[messageType];
  if (row === undefined || !ADVICE.has(messageType)) return false;
  checkBody(row, decodeAs(packet, messageType, 'server', revision).metadata, packet.body);
  return true;
}
