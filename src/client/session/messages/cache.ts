import { takeFields } from '../../../protocol/options/take-fields';
import { narrowKey } from '../../../protocol/revision/cache-dialect';
import type { MessageOf } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import { CacheInvalidateMetadata, CachePutMetadata, CacheAckMetadata } from '../../../wire/messages/cache';
import { requireBytes } from '../../../wire/bytes/require-bytes';
import { AwaitedAcks, type Patience } from '../../awaited-acks';
import type { CacheInvalidation } from '../session';
import type { SessionCarrier } from '../session-carrier';

/** CACHE_PUT, CACHE_ACK that answers it, and CACHE_INVALIDATE. */
export class CachePuts extends AwaitedAcks<CachePutMetadata, CacheAckMetadata> {
  constructor(
    private readonly carrier: SessionCarrier,
    patience: Patience,
  ) {
    super(MessageType.CachePut, MessageType.CacheAck, patience);
  }

  /** For so many milliseconds, unless the fields say how many. */
  ask(fields: Partial<CachePutMetadata>, object: Uint8Array, ttlMs: number): Promise<CacheAckMetadata> {
    const given = takeFields('session.cachePut', fields, CachePutMetadata);
    const objectBytes = requireBytes(object, 'the object of session.cachePut').length;
    const put = CachePutMetadata.of({ ttlMs, ...given, objectBytes });
    const metadata = this.carrier.speech.requests.cachePut(CachePutMetadata.encode(put));
    this.carrier.send(MessageType.CachePut, 0, metadata, object);
    return this.add(put);
  }

  onAck({ metadata }: MessageOf<typeof MessageType.CacheAck>): void {
    // What the client has put has a key that is a number.
    this.settle(() => CacheAckMetadata.of({ ...metadata, ...narrowKey(metadata) }));
    this.carrier.noteAnswer();
  }

  invalidate(which: CacheInvalidation): void {
    const given = takeFields('session.cacheInvalidate', which, CacheInvalidateMetadata);
    // Its scope is not filled in: 0 is everything that the session has.
    const invalidateScope = given.invalidateScope as CacheInvalidateMetadata['invalidateScope'];
    const fields = { ...CacheInvalidateMetadata.of(given), invalidateScope };
    const metadata = CacheInvalidateMetadata.encode(fields);
    this.carrier.send(MessageType.CacheInvalidate, 0, this.carrier.speech.requests.cacheInvalidate(metadata));
  }
}
