import { unexpectedMessage, type RuntimeError } from '../protocol/runtime-error';
import { messageTypeName, type MessageType } from '../wire/message-type';

/** An ack without a request. */
export function unasked(type: MessageType): RuntimeError {
  return unexpectedMessage(`client received ${messageTypeName(type)} that it did not ask for`);
}
