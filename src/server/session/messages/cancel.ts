import { CancelScope } from '../../../protocol/operation/operation';
import { checkDeclaredBody } from '../../../protocol/declared-body';
import type { MessageOf } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import { EMPTY, packet } from '../../../wire/packet';
import type { SessionCore } from '../session-core';
import { isEarly, type Toll } from '../session-terms';
import type { ReceivedSubmit } from '../submits/submit';

/** FRAME_CANCEL: ends the operation, and what the settings say besides. */
export function onCancel(
  { operations, streams, server }: SessionCore,
  cancel: MessageOf<typeof MessageType.FrameCancel>,
  now: number,
): Toll | undefined {
  // None where the cancel crossed with the operation's last result: that is no fault of anybody.
  const submits = operations.cancel(cancel.frameId, server.settings.cancelScope, 'client');
  if (submits.length > 0) streams.emit('cancels', cancel);
  return takenBack(submits, now);
}

/**
 * CANCEL and ABORT of preview4, of one operation or of all: the application has the same as of FRAME_CANCEL, but that an
 * operation which is aborted keeps no slot until its handler has come to an end.
 */
export function onControl(
  session: SessionCore,
  message: MessageOf<typeof MessageType.Cancel | typeof MessageType.Abort>,
  now: number,
): Toll | undefined {
  const { operations, names, streams } = session;
  const { header, metadata } = message;
  const isAbort = message.messageType === MessageType.Abort;
  checkDeclaredBody(message, session.revision);
  if (metadata.operationId !== 0n) {
    const submit = operations.get(header.frameId);
    names?.checkBound(metadata.operationId, submit);
    if (submit !== undefined) submit.isAborted = isAbort;
    return onCancel(session, frameCancel(session, header.frameId), now);
  }
  const all = operations.all();
  for (const submit of all) submit.isAborted = isAbort;
  const [first] = all;
  if (first === undefined) return takenBack([], now);
  // All at once: those that wait are not to start for it.
  const submits = operations.cancel(first.frameId, CancelScope.Session, 'client');
  for (const { frameId } of submits) streams.emit('cancels', frameCancel(session, frameId));
  return takenBack(submits, now);
}

/** SUPERSEDE of preview4: another operation has taken the place of one, which is taken back. */
export function onSupersede(
  { operations, names, revision }: SessionCore,
  message: MessageOf<typeof MessageType.Supersede>,
  now: number,
): Toll | undefined {
  const { header, metadata } = message;
  checkDeclaredBody(message, revision);
  const submit = operations.get(header.frameId);
  names?.checkBound(metadata.oldOperationId, submit);
  submit?.supersede();
  return takenBack(submit === undefined ? [] : [submit], now);
}

/** The toll for each operation that was taken back before it was of use, and for a word that took nothing back. */
export function takenBack(submits: readonly ReceivedSubmit[], now: number): Toll | undefined {
  const early = submits.filter((submit) => isEarly(submit, now));
  const count = submits.length === 0 ? 1 : early.length;
  return count === 0 ? undefined : { kind: 'cancelled-early', count };
}

function frameCancel({ sessionId }: SessionCore, frameId: number): MessageOf<typeof MessageType.FrameCancel> {
  const messageType = MessageType.FrameCancel;
  const { header } = packet({ messageType, sessionId, frameId });
  return { messageType, sessionId, frameId, header, metadata: undefined, body: EMPTY };
}
