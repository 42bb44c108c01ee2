import { checkBody, type AnyMessage } from '../wire/message';
import type { Revision } from '../wire/revision';

/** Throws an `NnrpError`, `DeclaredLengthMismatch`, where a message has another body than its metadata say. */
export function checkDeclaredBody(
  { messageType, metadata, body }: Pick<AnyMessage, 'messageType' | 'metadata' | 'body'>,
  { messages }: Revision,
): void {
  const row = messages[messageType];
  if (row !== undefined) checkBody(row, metadata, body);
}
