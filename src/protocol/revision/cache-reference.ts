import { MessageType } from '../../wire/message-type';
import { packet, type Packet } from '../../wire/packet';
import {
  CacheMissMetadata,
  CacheReferenceFlag,
  CacheReferenceMetadata,
  CacheReuseScope,
  type CacheMissReason,
} from '../../wire/preview4/cache';

/** A cached object that is to be used again, as its client names it. */
export interface CacheReference {
  /** As in CACHE_PUT. Default 0. */
  readonly cacheNamespace?: number;
  readonly cacheKeyHi?: number | bigint;
  readonly cacheKeyLo?: number | bigint;
  /** The profile that says how it is read. Default 0. */
  readonly profileId?: number;
  /** For whom it is to be used again, a `CacheReuseScope` of `nnrp-rx/wire`. Default: the session. */
  readonly reuseScope?: CacheReuseScope;
  /** The trace that it was made in. Default 0: none. */
  readonly producerTraceId?: bigint;
  /** Milliseconds that it is of use for. Default 0: that is not said. */
  readonly expirationHintMs?: number;
  /** Whether a submit has the bytes in its body where they are missing. Default false. */
  readonly hasFallback?: boolean;
}

/** CACHE_REFERENCE's metadata. */
export function cacheReferenceMetadata(reference: CacheReference, metadataBytes: number): Uint8Array {
  const { cacheKeyHi = 0, cacheKeyLo = 0, hasFallback = false, ...fields } = reference;
  const metadata = CacheReferenceMetadata.of({
    reuseScope: CacheReuseScope.Session,
    ...fields,
    cacheKeyHi: BigInt(cacheKeyHi),
    cacheKeyLo: BigInt(cacheKeyLo),
    metadataBytes,
    flags: hasFallback ? CacheReferenceFlag.BodyFallback : 0,
  });
  return CacheReferenceMetadata.encode(metadata);
}

/** CACHE_MISS, of a reference. */
export function cacheMissPacket(
  sessionId: number,
  { cacheNamespace, profileId, cacheKeyHi, cacheKeyLo }: CacheReferenceMetadata,
  missReason: CacheMissReason,
): Packet {
  const miss = CacheMissMetadata.of({ cacheNamespace, profileId, cacheKeyHi, cacheKeyLo, missReason });
  return packet({ messageType: MessageType.CacheMiss, sessionId }, CacheMissMetadata.encode(miss));
}
