import type { MessageOf } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import { EMPTY, packet } from '../../../wire/packet';
import type { SessionCore } from '../session-core';
import type { Toll } from '../session-terms';

/**
 * Milliseconds after which a client that takes an operation back has had use of it: one that has as many in
 * flight as its credit allows, and changes its mind all the time, is no flood.
 */
const USE_MS = 10;

/** FRAME_CANCEL: ends the operation, and what the settings say besides. */
export function onCancel(
  { operations, streams, server }: SessionCore,
  cancel: MessageOf<typeof MessageType.FrameCancel>,
  now: number,
): Toll | undefined {
  const isUse = now - operations.arrivalOf(cancel.frameId) >= USE_MS;
  // Nothing where the cancel crossed with the operation's last result: that is no fault of anybody.
  const cancelled = operations.cancel(cancel.frameId, server.settings.cancelScope, 'client');
  if (cancelled.length > 0) streams.emit('cancels', cancel);
  return isUse ? undefined : 'cancelled-early';
}

/** CANCEL and ABORT of preview4, of one operation or of all: the application has the same as of FRAME_CANCEL. */
export function onControl(
  session: SessionCore,
  { header, metadata }: MessageOf<typeof MessageType.Cancel | typeof MessageType.Abort>,
  now: number,
): Toll | undefined {
  const { operations, names } = session;
  if (metadata.operationId !== 0n) {
    names?.checkBound(metadata.operationId, operations.get(header.frameId));
    return onCancel(session, frameCancel(session, header.frameId), now);
  }
  let toll: Toll | undefined;
  for (const { operationId } of operations.all()) {
    toll = onCancel(session, frameCancel(session, operationId), now) ?? toll;
  }
  return toll;
}

function frameCancel({ sessionId }: SessionCore, frameId: number): MessageOf<typeof MessageType.FrameCancel> {
  const messageType = MessageType.FrameCancel;
  const { header } = packet({ messageType, sessionId, frameId });
  return { messageType, sessionId, frameId, header, metadata: undefined, body: EMPTY };
}
