import type { MessageOf } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import { packet } from '../../../wire/packet';
import type { SessionCore } from '../session-core';

/** PING of a session, which clients of preview4 ask about. */
export function onPing(
  { outlet, sessionId }: SessionCore,
  { frameId }: MessageOf<typeof MessageType.Ping>,
): void {
  outlet.answer(packet({ messageType: MessageType.Pong, sessionId, frameId }));
}
