import { LeaseOwnerScope } from '../../protocol/cache/cache-lease';
import type { CacheObjectId, WithCacheKey } from '../../protocol/cache/cache-object-id';
import { ObjectCache, type CachedObject } from '../../protocol/cache/object-cache';
import { checkSubmitReferences } from '../../wire/body/object-reference';
import type { MessageOf } from '../../wire/message';
import type { MessageType } from '../../wire/message-type';
import type { CacheAckMetadata } from '../../wire/messages/cache';
import type { CacheErrorCode } from '../../wire/messages/cache';
import type { CacheMissReason, CacheReferenceMetadata } from '../../wire/preview4/cache';
import { FrameSubmitMetadata, SubmitMode } from '../../wire/messages/frame-submit';
import type { ServerSettings } from '../options';

/** The outcome of a submit's references. */
export type ResolvedObjects =
  | { readonly kind: 'resolved'; readonly objects: readonly CachedObject[] }
  | { readonly kind: 'miss'; readonly code: CacheErrorCode };

export const NO_REFERENCES: ResolvedObjects = { kind: 'resolved', objects: [] };

const { submitMode, objectRefMask } = FrameSubmitMetadata.read;

/** Whether a submit, by its metadata, which were checked, has objects elsewhere than in its body. */
export function refersToObjects(metadata: Uint8Array): boolean {
  return submitMode(metadata) !== SubmitMode.Inline || objectRefMask(metadata) !== 0;
}

/** The objects that a session's client has cached for its submits (protocol section 7). */
export class SessionCache {
  private readonly cache: ObjectCache;

  constructor(
    private readonly sessionId: number,
    settings: ServerSettings,
    private readonly clock: { now(): number },
  ) {
    this.cache = new ObjectCache({
      kinds: settings.supportedCacheObjects,
      maxObjects: settings.maxCacheObjects,
      maxObjectBytes: settings.maxCacheObjectBytes,
      maxBytes: settings.maxCacheBytes,
      maxTtlMs: settings.leaseTtlMs,
    });
  }

  get objectCount(): number {
    return this.cache.size;
  }

  put({ metadata, body }: MessageOf<typeof MessageType.CachePut>): WithCacheKey<CacheAckMetadata> {
    const owner = { scope: LeaseOwnerScope.Session, id: this.sessionId };
    const outcome = this.cache.put({ put: metadata, bytes: body, owner, now: this.clock.now() });
    return this.cache.ack(metadata, outcome);
  }

  invalidate({ metadata }: MessageOf<typeof MessageType.CacheInvalidate>): void {
    this.cache.invalidate(metadata);
  }

  /** Why a CACHE_REFERENCE is of nothing that is here; undefined where it is of something. */
  missOf(reference: CacheReferenceMetadata): CacheMissReason | undefined {
    return this.cache.missOf(reference, this.clock.now());
  }

  /** The objects that a submit refers to. Throws an `NnrpError` where they are not those that it declares. */
  resolve(submit: FrameSubmitMetadata, references: readonly CacheObjectId[]): ResolvedObjects {
    checkSubmitReferences(references, submit);
    const objects: CachedObject[] = [];
    for (const reference of references) {
      const resolution = this.cache.resolve(reference, { now: this.clock.now() });
      if (resolution.kind === 'miss') return resolution;
      objects.push(resolution.object);
    }
    return { kind: 'resolved', objects };
  }
}
