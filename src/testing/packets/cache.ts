import { MessageType } from '../../wire/message-type';
import {
  CacheAckStatus,
  CacheInvalidateScope,
  type CacheAckMetadata,
  type CacheInvalidateMetadata,
  type CacheObjectKind,
  type CachePutMetadata,
} from '../../wire/messages/cache';
import type { ObjectReferenceBlock } from '../../wire/body/object-reference';
import { recordPacket, type RecordPacket } from './built-packet';
import type { Bytes } from './bytes';

/** An object of the cache by its kind and a number: namespace 1, the number for the key's low word. */
export interface CacheName {
  readonly objectKind: CacheObjectKind;
  readonly key: number;
}

const NAMESPACE = 1;

function keyOf({ key }: CacheName) {
  return { cacheNamespace: NAMESPACE, cacheKeyHi: 0, cacheKeyLo: key };
}

/** CACHE_PUT, for a minute unless `with` says otherwise. */
export function cachePut(
  sessionId: number,
  name: CacheName,
  object: Bytes,
): RecordPacket<typeof MessageType.CachePut> {
  const fields: Partial<CachePutMetadata> = {
    ...keyOf(name),
    objectKind: name.objectKind,
    ttlMs: 60_000,
  };
  return recordPacket(MessageType.CachePut, { sessionId }, fields, object);
}

/**
 * CACHE_ACK as a server with its default options answers `cachePut`: accepted for 30 s, the longest
 * lease that it gives.
 */
export function cacheAck(
  sessionId: number,
  name: CacheName,
  fields: Partial<CacheAckMetadata> = {},
): RecordPacket<typeof MessageType.CacheAck> {
  const ack = { ...keyOf(name), status: CacheAckStatus.Accepted, acceptedTtlMs: 30_000, ...fields };
  return recordPacket(MessageType.CacheAck, { sessionId }, ack);
}

/** CACHE_INVALIDATE of one object, or of more where `with` says so. */
export function cacheInvalidate(
  sessionId: number,
  name: CacheName,
  fields: Partial<CacheInvalidateMetadata> = {},
): RecordPacket<typeof MessageType.CacheInvalidate> {
  const invalidate = { ...keyOf(name), invalidateScope: CacheInvalidateScope.ObjectKey, ...fields };
  return recordPacket(MessageType.CacheInvalidate, { sessionId }, invalidate);
}

/** How a submit refers to the object; see `SubmitPacket.referring`. */
export function cacheReference(name: CacheName): ObjectReferenceBlock {
  return { objectKind: name.objectKind, refFlags: 0, ...keyOf(name) };
}
