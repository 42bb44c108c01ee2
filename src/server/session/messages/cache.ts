import type { MessageOf } from '../../../wire/message';
import type { MessageType } from '../../../wire/message-type';
import type { SessionCore } from '../session-core';

/** CACHE_PUT: kept where there is room, and acknowledged either way. */
export function onCachePut(session: SessionCore, message: MessageOf<typeof MessageType.CachePut>): void {
  session.sender.cacheAck(session.dialect.cache.encodeAck(session.stores.cache.put(message)));
  session.streams.emit('messages', message);
}

/** CACHE_INVALIDATE, which nobody acknowledges. */
export function onCacheInvalidate(
  session: SessionCore,
  message: MessageOf<typeof MessageType.CacheInvalidate>,
): void {
  session.stores.cache.invalidate(message);
  session.streams.emit('messages', message);
}
