import type { ObjectMessage } from '../../../objects/object-table';
import { checkDeclaredBody } from '../../../protocol/declared-body';
import { unexpectedType } from '../../../protocol/packet-checks';
import type { MessageOf, TypeFrom } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import type { Revision } from '../../../wire/revision';

type SessionScope = 'session' | 'operation' | 'any';

/** Messages of a client since preview4 that have no handler of their own. */
type NewType = Exclude<
  TypeFrom<'client', SessionScope, 'preview4'>,
  | TypeFrom<'client', SessionScope>
  | typeof MessageType.Cancel
  | typeof MessageType.Abort
  | typeof MessageType.Supersede
  | typeof MessageType.PriorityUpdate
  | typeof MessageType.Deadline
  | typeof MessageType.ExpireAt
  | typeof MessageType.BudgetUpdate
  | typeof MessageType.TraceContext
  | typeof MessageType.RouteHint
  | typeof MessageType.ExecutionHint
  | typeof MessageType.CacheReference
  | typeof MessageType.CapabilityNegotiation
  | typeof MessageType.DegradeProfile
  | typeof MessageType.Backpressure
  | typeof MessageType.CreditUpdate
  | typeof MessageType.Ping
  | ObjectMessage['messageType']
>;

const T = MessageType;

/**
 * Whether a message of preview4 is one that this server has no use for, and takes all the same: it is judged, and asks
 * for no answer.
 */
const IS_ADVICE: Readonly<Record<NewType, boolean>> = {
  [T.CacheMiss]: true,
  [T.ErrorRecoverable]: true,
  [T.RetryAfter]: true,
  [T.Progress]: false,
  [T.PartialResult]: false,
  [T.ResultDropReason]: false,
  [T.CacheAck]: false,
  [T.Pong]: false,
};

/** Throws an `NnrpError` or a `RuntimeError` where a message is broken, or is none that may come. */
export function onAdvice(message: MessageOf<NewType>, revision: Revision): void {
  if (!IS_ADVICE[message.messageType]) throw unexpectedType(message.messageType, 'server');
  checkDeclaredBody(message, revision);
}
