import { Subject } from 'rxjs';
import { takeFields } from '../../../protocol/options/take-fields';
import { narrowKey, wideKey } from '../../../protocol/revision/cache-dialect';
import {
  cacheMissPacket,
  cacheReferenceMetadata,
  type CacheReference,
} from '../../../protocol/revision/cache-reference';
import type { Message, MessageOf } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import {
  CacheAckMetadata,
  CacheAckStatus,
  CacheInvalidateMetadata,
  CachePutMetadata,
} from '../../../wire/messages/cache';
import { MAX_SAID_BYTES } from '../../../wire/preview4';
import { CacheAckMetadata as Preview4Ack, CacheMissReason } from '../../../wire/preview4/cache';
import { requireBytes } from '../../../wire/bytes/require-bytes';
import { AwaitedAcks, type Patience } from '../../awaited-acks';
import type { CacheInvalidation } from '../session';
import type { SessionCarrier } from '../session-carrier';

/**
 * CACHE_PUT, CACHE_ACK that answers it, CACHE_INVALIDATE; in preview4 CACHE_REFERENCE, and CACHE_MISS that answers it where
 * the server has no such object. A client keeps no objects of its server's, and says so.
 */
export class CachePuts extends AwaitedAcks<CachePutMetadata, CacheAckMetadata> {
  readonly misses = new Subject<Message<typeof MessageType.CacheMiss>>();

  constructor(
    private readonly carrier: SessionCarrier,
    patience: Patience,
  ) {
    super(MessageType.CachePut, MessageType.CacheAck, patience);
  }

  /** For so many milliseconds, unless the fields say how many. */
  ask(fields: Partial<CachePutMetadata>, object: Uint8Array, ttlMs: number): Promise<CacheAckMetadata> {
    this.carrier.requireLink();
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
    this.carrier.requireLink();
    const given = takeFields('session.cacheInvalidate', which, CacheInvalidateMetadata);
    // Its scope is not filled in: 0 is everything that the session has.
    const invalidateScope = given.invalidateScope as CacheInvalidateMetadata['invalidateScope'];
    const fields = { ...CacheInvalidateMetadata.of(given), invalidateScope };
    const metadata = CacheInvalidateMetadata.encode(fields);
    this.carrier.send(MessageType.CacheInvalidate, 0, this.carrier.speech.requests.cacheInvalidate(metadata));
  }

  refer(reference: CacheReference, metadata: Uint8Array): void {
    this.carrier.requireLink();
    this.carrier.requirePreview4('references to cached objects');
    const { length } = requireBytes(metadata, 'the metadata of session.cacheReference');
    if (length > MAX_SAID_BYTES)
      throw new RangeError(
        `the metadata of session.cacheReference must be ${MAX_SAID_BYTES} bytes at most, got ${length}`,
      );
    const fields = cacheReferenceMetadata(reference, length);
    this.carrier.send(MessageType.CacheReference, 0, fields, metadata);
  }

  /** The server refers to what it has put here. */
  onReference({ metadata }: MessageOf<typeof MessageType.CacheReference>): void {
    const { link, sessionId } = this.carrier;
    link?.answers.send(cacheMissPacket(sessionId, metadata, CacheMissReason.NotFound));
  }

  /** The server puts something here. */
  onPut({ metadata }: Message<typeof MessageType.CachePut, 'preview4'>): void {
    const { cacheNamespace } = metadata;
    const ack = Preview4Ack.of({ cacheNamespace, ...wideKey(metadata), status: CacheAckStatus.Rejected });
    this.carrier.answer(MessageType.CacheAck, 0, Preview4Ack.encode(ack));
  }
}
