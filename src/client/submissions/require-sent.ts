import { unexpectedMessage } from '../../protocol/runtime-error';
import type { CommonHeader } from '../../wire/header';
import { messageTypeName } from '../../wire/message-type';
import type { Submissions } from './submissions';

/** Throws a `RuntimeError` where a message is of an operation that was never submitted. Of one that has ended it is late. */
export function requireSent(
  submissions: Pick<Submissions, 'wasSent'>,
  { messageType, frameId }: CommonHeader,
): void {
  if (submissions.wasSent(frameId)) return;
  throw unexpectedMessage(
    `client received ${messageTypeName(messageType)} of operation ${frameId}, which it never submitted`,
  );
}
