import {
  CacheInvalidateScope,
  type CacheInvalidateMetadata,
  type CachePutMetadata,
  type ObjectReferenceBlock,
} from '../../../src/wire';
import { CACHED_KINDS, LEASE_TTL_MS, MAX_CACHED } from './terms';

interface CachedModel {
  readonly namespace: number;
  readonly hi: number;
  readonly lo: number;
  readonly kind: number;
  /** Milliseconds; from then on it is not found. */
  endsAt: number;
}

/** The objects that a session has cached, as protocol section 7 sees them. */
export class CacheModel {
  private objects: CachedModel[] = [];

  put(put: CachePutMetadata, length: number, now: number): void {
    if (!CACHED_KINDS.includes(put.objectKind) || put.objectBytes !== length) return;
    const endsAt = now + Math.min(put.ttlMs, LEASE_TTL_MS);
    const known = this.find(put);
    if (known !== undefined) {
      known.endsAt = endsAt;
      return;
    }
    if (this.objects.length >= MAX_CACHED)
      this.objects = this.objects.filter((object) => now < object.endsAt);
    if (this.objects.length >= MAX_CACHED) return;
    const { cacheNamespace: namespace, cacheKeyHi: hi, cacheKeyLo: lo, objectKind: kind } = put;
    this.objects.push({ namespace, hi, lo, kind, endsAt });
  }

  has(reference: ObjectReferenceBlock, now: number): boolean {
    const object = this.find(reference);
    return object !== undefined && now < object.endsAt;
  }

  invalidate({ invalidateScope, cacheNamespace, cacheKeyHi, cacheKeyLo }: CacheInvalidateMetadata): void {
    this.objects = this.objects.filter(({ namespace, hi, lo, kind }) => {
      if (invalidateScope === CacheInvalidateScope.WholeSession) return false;
      if (namespace !== cacheNamespace) return true;
      if (invalidateScope === CacheInvalidateScope.Namespace) return false;
      if (invalidateScope === CacheInvalidateScope.ObjectKind) return kind !== cacheKeyHi;
      return hi !== cacheKeyHi || lo !== cacheKeyLo;
    });
  }

  private find(id: Pick<CachePutMetadata, 'cacheNamespace' | 'cacheKeyHi' | 'cacheKeyLo' | 'objectKind'>) {
    return this.objects.find(
      ({ namespace, hi, lo, kind }) =>
        namespace === id.cacheNamespace &&
        hi === id.cacheKeyHi &&
        lo === id.cacheKeyLo &&
        kind === id.objectKind,
    );
  }
}
