import { LeaseOwnerScope } from '../../protocol/cache/cache-lease';
import { cacheObjectId } from '../../protocol/cache/cache-object-id';
import { ObjectCache, type CachedObject } from '../../protocol/cache/object-cache';
import { checkSubmitReferences, decodeObjectReferences } from '../../wire/body/object-reference';
import { splitBody } from '../../wire/body/body-region';
import type { MessageOf } from '../../wire/message';
import type { MessageType } from '../../wire/message-type';
import type { CacheAckMetadata } from '../../wire/messages/cache';
import type { CacheErrorCode } from '../../wire/messages/cache';
import { SubmitMode, type FrameSubmitMetadata } from '../../wire/messages/frame-submit';
import type { ServerSettings } from '../options';

/** What a submit's references come to. */
export type ResolvedObjects =
  | { readonly kind: 'resolved'; readonly objects: readonly CachedObject[] }
  | { readonly kind: 'miss'; readonly code: CacheErrorCode };

const NO_REFERENCES: ResolvedObjects = { kind: 'resolved', objects: [] };

/** The objects that a session's client has cached for its submits (protocol section 7). */
export class SessionCache {
  /** Made with the first message that asks for it: most sessions cache nothing. */
  private made: ObjectCache | undefined;

  constructor(
    private readonly sessionId: number,
    private readonly settings: ServerSettings,
    private readonly clock: { now(): number },
  ) {}

  get objectCount(): number {
    return this.made?.size ?? 0;
  }

  private get cache(): ObjectCache {
    const { settings } = this;
    this.made ??= new ObjectCache({
      kinds: settings.supportedCacheObjects,
      maxObjects: settings.maxCacheObjects,
      maxObjectBytes: settings.maxCacheObjectBytes,
      maxBytes: settings.maxCacheBytes,
      maxTtlMs: settings.leaseTtlMs,
    });
    return this.made;
  }

  put({ metadata, body }: MessageOf<typeof MessageType.CachePut>): CacheAckMetadata {
    const owner = { scope: LeaseOwnerScope.Session, id: this.sessionId };
    const outcome = this.cache.put({ put: metadata, bytes: body, owner, now: this.clock.now() });
    return this.cache.ack(metadata, outcome);
  }

  invalidate({ metadata }: MessageOf<typeof MessageType.CacheInvalidate>): void {
    this.cache.invalidate(metadata);
  }

  /** The objects that a submit refers to. Throws an `NnrpError` where its references are malformed. */
  resolve(submit: FrameSubmitMetadata, body: Uint8Array): ResolvedObjects {
    if (submit.submitMode === SubmitMode.Inline && submit.objectRefMask === 0) return NO_REFERENCES;
    const blocks = decodeObjectReferences(splitBody(body).objectReferences);
    checkSubmitReferences(blocks, submit);
    const objects: CachedObject[] = [];
    for (const block of blocks) {
      const resolution = this.cache.resolve(cacheObjectId(block), { now: this.clock.now() });
      if (resolution.kind === 'miss') return resolution;
      objects.push(resolution.object);
    }
    return { kind: 'resolved', objects };
  }
}
