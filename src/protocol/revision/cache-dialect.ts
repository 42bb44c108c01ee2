import { splitBody } from '../../wire/body/body-region';
import { decodeObjectReferences } from '../../wire/body/object-reference';
import { CacheAckMetadata } from '../../wire/messages/cache';
import { BodyRegionPrelude as Preview4Prelude } from '../../wire/preview4/body/body-region';
import { ObjectReferenceBlock as Preview4Block } from '../../wire/preview4/body/object-reference';
import { CacheAckMetadata as Preview4Ack } from '../../wire/preview4/cache';
import type { CacheKey, CacheObjectId, WithCacheKey } from '../cache/cache-object-id';

/** How a revision says what concerns cached objects: its keys are larger in preview4, and so is all that has one. */
export interface CacheDialect {
  /** The metadata of a CACHE_ACK. Throws an `NnrpError` where a field has no such value. */
  encodeAck(ack: WithCacheKey<CacheAckMetadata>): Uint8Array;
  /** The objects that the body of a submit refers to. Throws an `NnrpError` where it is malformed. */
  references(body: Uint8Array): CacheObjectId[];
}

export const PREVIEW3_CACHE: CacheDialect = {
  encodeAck: (ack) => CacheAckMetadata.encode({ ...ack, ...narrowKey(ack) }),
  references: (body) => decodeObjectReferences(splitBody(body).objectReferences),
};

export const PREVIEW4_CACHE: CacheDialect = {
  encodeAck: (ack) => Preview4Ack.encode({ ...ack, ...wideKey(ack) }),
  references: (body) =>
    decodeObjectReferences(splitBody(body, Preview4Prelude).objectReferences, Preview4Block),
};

/** A key as preview3 has it. */
export function narrowKey({ cacheKeyHi, cacheKeyLo }: CacheKey): Record<keyof CacheKey, number> {
  return { cacheKeyHi: Number(cacheKeyHi), cacheKeyLo: Number(cacheKeyLo) };
}

/** A key as preview4 has it. */
export function wideKey({ cacheKeyHi, cacheKeyLo }: CacheKey): Record<keyof CacheKey, bigint> {
  return { cacheKeyHi: BigInt(cacheKeyHi), cacheKeyLo: BigInt(cacheKeyLo) };
}
