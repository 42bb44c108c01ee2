import type { MessageOf } from '../../wire/message';
import { MessageType } from '../../wire/message-type';
import { CacheInvalidateMetadata, CachePutMetadata, type CacheAckMetadata } from '../../wire/messages/cache';
import { AwaitedAcks, type Patience } from '../awaited-acks';
import type { CacheInvalidation } from './session';
import type { SessionCarrier } from './session-carrier';

/** CACHE_PUT, CACHE_ACK that answers it, and CACHE_INVALIDATE. */
export class CachePuts extends AwaitedAcks<CachePutMetadata, CacheAckMetadata> {
  constructor(
    private readonly carrier: SessionCarrier,
    patience: Patience,
  ) {
    super(MessageType.CachePut, MessageType.CacheAck, patience);
  }

  ask(fields: Partial<CachePutMetadata>, object: Uint8Array): Promise<CacheAckMetadata> {
    const put = CachePutMetadata.of({ ...fields, objectBytes: object.length });
    this.carrier.send(MessageType.CachePut, 0, CachePutMetadata.encode(put), object);
    return this.add(put);
  }

  onAck({ metadata }: MessageOf<typeof MessageType.CacheAck>): void {
    this.settle(() => metadata);
    this.carrier.noteAnswer();
  }

  invalidate(which: CacheInvalidation): void {
    // Its scope is not filled in: 0 is everything that the session has.
    const { invalidateScope } = which;
    const fields = { ...CacheInvalidateMetadata.of(which), invalidateScope };
    this.carrier.send(MessageType.CacheInvalidate, 0, CacheInvalidateMetadata.encode(fields));
  }
}
