import { unexpectedMessage } from '../../../protocol/runtime-error';
import type { MessageOf } from '../../../wire/message';
import type { MessageType } from '../../../wire/message-type';
import type { SessionCore } from '../session-core';

/** CACHE_PUT: kept where there is room, and acknowledged either way. */
export function onCachePut(session: SessionCore, message: MessageOf<typeof MessageType.CachePut>): void {
  requirePreview3(session);
  session.sender.cacheAck(session.cache.put(message));
  session.streams.emit('messages', message);
}

/** CACHE_INVALIDATE, which nobody acknowledges. */
export function onCacheInvalidate(
  session: SessionCore,
  message: MessageOf<typeof MessageType.CacheInvalidate>,
): void {
  requirePreview3(session);
  session.cache.invalidate(message);
  session.streams.emit('messages', message);
}

/** Keys are of another size in preview4, and objects are kept by those of preview3. */
function requirePreview3({ names }: SessionCore): void {
  if (names !== undefined) throw unexpectedMessage('server caches no objects of preview4');
}
