import { checkDeclaredBody } from '../../../protocol/declared-body';
import { cacheMissPacket } from '../../../protocol/revision/cache-reference';
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

/** CACHE_REFERENCE of preview4: an object that is to be used again. What is not here is answered with CACHE_MISS. */
export function onCacheReference(
  session: SessionCore,
  message: MessageOf<typeof MessageType.CacheReference>,
): void {
  checkDeclaredBody(message, session.revision);
  const reason = session.stores.cache.missOf(message.metadata);
  if (reason === undefined) session.streams.emit('messages', message);
  else session.outlet.answer(cacheMissPacket(session.sessionId, message.metadata, reason));
}
