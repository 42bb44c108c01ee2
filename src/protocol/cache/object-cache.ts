import {
  type CacheAckMetadata,
  CacheAckStatus,
  CacheErrorCode,
  type CacheInvalidateMetadata,
  CacheObjectKind,
  type CachePutMetadata,
} from '../../wire/messages/cache';
import { CacheMissReason, type CacheReferenceMetadata } from '../../wire/preview4/cache';
import {
  checkDependencies,
  checkLease,
  isLeaseLive,
  type CacheDependency,
  type CacheDependencyState,
  type CacheLease,
  type LeaseOwner,
} from './cache-lease';
import {
  cacheObjectId,
  cacheObjectKey,
  isInvalidated,
  type CacheObjectId,
  type WithCacheKey,
} from './cache-object-id';

/** The schema that an object is written in. */
export interface CacheSchema {
  readonly schemaId: number;
  readonly schemaVersion: number;
}

/** An object of the cache. A replaced one is another object: what an application holds does not change. */
export interface CachedObject {
  readonly id: CacheObjectId;
  /** Rises with every put of the same id, an invalidation in between or not. */
  readonly version: number;
  readonly bytes: Uint8Array;
  readonly codecBitmap: number;
  readonly flags: number;
}

/** A cached object, as the cache holds it. */
export interface LeasedObject extends CachedObject {
  readonly lease: CacheLease;
  readonly dependencies: readonly CacheDependency[];
  readonly schema: CacheSchema | undefined;
}

/** Limits are inclusive, and 0 is no limit. */
export interface ObjectCacheOptions {
  /** Default: every kind. */
  readonly kinds?: Iterable<CacheObjectKind>;
  /** Objects at once. Default: 0. */
  readonly maxObjects?: number;
  /** Bytes of one object. Default: 0. */
  readonly maxObjectBytes?: number;
  /** Bytes of all objects. Default: 0. */
  readonly maxBytes?: number;
  /** Milliseconds, what a longer ttl is cut down to. Default: 0. */
  readonly maxTtlMs?: number;
}

export interface CachePut {
  readonly put: WithCacheKey<CachePutMetadata>;
  /** The body of the CACHE_PUT; the cache copies it. */
  readonly bytes: Uint8Array;
  /** With whom the object's lease ends, see {@link ObjectCache.releaseOwner}. */
  readonly owner: LeaseOwner;
  /** Milliseconds. */
  readonly now: number;
  /** Default: none. */
  readonly dependencies?: readonly CacheDependency[];
  /** Default: none. */
  readonly schema?: CacheSchema;
}

export type CacheRejection =
  | 'unsupported-kind'
  /** The body is not as long as `objectBytes` says. */
  | 'length-mismatch'
  | 'object-too-large'
  | 'dependency-invalid'
  | 'too-many-objects'
  | 'too-many-bytes';

export type CachePutOutcome =
  | { readonly kind: 'accepted' | 'replaced'; readonly object: LeasedObject }
  | { readonly kind: 'rejected'; readonly reason: CacheRejection };

/** Conditions that a reference must meet. */
export interface CacheLookup {
  /** Milliseconds. */
  readonly now: number;
  /** Default: any. */
  readonly version?: number;
  /** Default: any. */
  readonly schema?: CacheSchema;
}

export type CacheMissCode = Exclude<CacheErrorCode, typeof CacheErrorCode.None>;

export type CacheResolution =
  | { readonly kind: 'hit'; readonly object: LeasedObject }
  | { readonly kind: 'miss'; readonly id: CacheObjectId; readonly code: CacheMissCode };

/**
 * The objects that a session cached, each under one lease (protocol section 7).
 *
 * ```
 *              put: accepted              now >= lease end
 *  +--------+ ---------------> +--------+ ----------------> +---------+
 *  | absent |                  | cached | <---------------- | expired |
 *  +--------+ <--------------- +--------+   put: replaced   +---------+
 *      ^        invalidate,     ^      | put: replaced           |
 *      |        releaseOwner    +------+                         |
 *      +---------------------------------------------------------+
 *        invalidate, releaseOwner, sweep, or a put that needs the room
 * ```
 *
 * An expired object is `LeaseExpired` as long as it is held and a `Miss` afterwards. Nothing that is
 * live makes room for something new: a put that does not fit is rejected.
 *
 * @example
 * const cache = new ObjectCache({ maxObjects: 64, maxBytes: 1 << 20 });
 * const outcome = cache.put({ put, bytes: body, owner: { scope: LeaseOwnerScope.Session, id: 42 }, now });
 * reply(cache.ack(put, outcome));
 */
export class ObjectCache {
  readonly #kinds: ReadonlySet<CacheObjectKind> | undefined;
  readonly #maxObjects: number;
  readonly #maxObjectBytes: number;
  readonly #maxBytes: number;
  readonly #maxTtlMs: number;
  readonly #objects = new Map<string, LeasedObject>();
  #bytes = 0;
  #lastLeaseId = 0;
  /** The highest version of any object that is gone: where versions of new ids go on from. */
  #versionFloor = 0;

  constructor(options: ObjectCacheOptions = {}) {
    const { kinds, maxObjects = 0, maxObjectBytes = 0, maxBytes = 0, maxTtlMs = 0 } = options;
    this.#kinds = kinds === undefined ? undefined : new Set(kinds);
    this.#maxObjects = limit(maxObjects);
    this.#maxObjectBytes = limit(maxObjectBytes);
    this.#maxBytes = limit(maxBytes);
    this.#maxTtlMs = limit(maxTtlMs);
  }

  /** How many objects are held, expired ones that are not swept among them. */
  get size(): number {
    return this.#objects.size;
  }

  /** Bytes of all objects that are held. */
  get byteLength(): number {
    return this.#bytes;
  }

  objects(): IterableIterator<LeasedObject> {
    return this.#objects.values();
  }

  /** Caches an object, or a new version of one. */
  put({ put, bytes, owner, now, dependencies = [], schema }: CachePut): CachePutOutcome {
    const id = cacheObjectId(put);
    const key = cacheObjectKey(id);
    const former = this.#objects.get(key);
    const reason = this.#refusal({ put, bytes, dependencies, now, former });
    if (reason !== undefined) return { kind: 'rejected', reason };
    const version = (former?.version ?? this.#versionFloor) + 1;
    const object: LeasedObject = {
      id,
      version,
      // A copy, as a view would keep all of the buffer that it was received in.
      bytes: bytes.slice(),
      codecBitmap: put.codecBitmap,
      flags: put.flags,
      lease: {
        leaseId: ++this.#lastLeaseId,
        objectId: id,
        objectVersion: version,
        owner,
        grantedAt: now,
        ttlMs: Math.min(put.ttlMs, this.#maxTtlMs),
      },
      dependencies: [...dependencies],
      schema,
    };
    this.#objects.set(key, object);
    this.#bytes += bytes.length - (former?.bytes.length ?? 0);
    return { kind: former === undefined ? 'accepted' : 'replaced', object };
  }

  /** The CACHE_ACK that answers a put. A code says why where the protocol has one; else it is 0. */
  ack(put: WithCacheKey<CachePutMetadata>, outcome: CachePutOutcome): WithCacheKey<CacheAckMetadata> {
    const { cacheNamespace, cacheKeyHi, cacheKeyLo } = put;
    const answer = {
      cacheNamespace,
      cacheKeyHi,
      cacheKeyLo,
      acceptedTtlMs: 0,
      maxObjectBytes: wireLimit(this.#maxObjectBytes),
      detailCode: 0,
    };
    if (outcome.kind === 'rejected') {
      const detailCode = outcome.reason === 'dependency-invalid' ? CacheErrorCode.DependencyInvalid : 0;
      return { ...answer, status: CacheAckStatus.Rejected, detailCode };
    }
    const status = outcome.kind === 'accepted' ? CacheAckStatus.Accepted : CacheAckStatus.Replaced;
    return { ...answer, status, acceptedTtlMs: outcome.object.lease.ttlMs };
  }

  /** The object that a reference names, or the cache_error_code that its submit fails with. */
  resolve(reference: CacheObjectId, { now, version, schema }: CacheLookup): CacheResolution {
    const object = this.#objects.get(cacheObjectKey(reference));
    const code = object === undefined ? CacheErrorCode.Miss : this.#fault(object, { now, version, schema });
    if (object !== undefined && code === CacheErrorCode.None) return { kind: 'hit', object };
    return { kind: 'miss', id: cacheObjectId(reference), code: code as CacheMissCode };
  }

  /**
   * Why a CACHE_REFERENCE, which says no kind, is of nothing that is here; undefined where it is of something. All that is
   * here has a lease, whose number no message tells: whichever one a reference wants, it has.
   */
  missOf(reference: CacheReferenceMetadata, now: number): CacheMissReason | undefined {
    let reason: CacheMissReason = CacheMissReason.NotFound;
    for (const objectKind of Object.values(CacheObjectKind)) {
      const object = this.#objects.get(cacheObjectKey({ ...reference, objectKind }));
      if (object === undefined) continue;
      if (!isLeaseLive(object.lease, now)) reason = CacheMissReason.Expired;
      else if (!this.#hold(object.dependencies, now)) reason = CacheMissReason.Invalidated;
      else return undefined;
    }
    return reason;
  }

  /** Removes what a CACHE_INVALIDATE reaches; returns it. What depends on it is invalid from now on. */
  invalidate(invalidate: WithCacheKey<CacheInvalidateMetadata>): LeasedObject[] {
    return this.#removeWhere(({ id }) => isInvalidated(id, invalidate));
  }

  /** Removes the objects whose lease is owned by one that ended; returns them. */
  releaseOwner({ scope, id }: LeaseOwner): LeasedObject[] {
    return this.#removeWhere(({ lease: { owner } }) => owner.scope === scope && owner.id === id);
  }

  /** Removes the objects whose lease has expired; returns them. */
  sweep(now: number): LeasedObject[] {
    return this.#removeWhere(({ lease }) => !isLeaseLive(lease, now));
  }

  #refusal({
    put,
    bytes,
    dependencies,
    now,
    former,
  }: Pick<CachePut, 'put' | 'bytes' | 'now'> & {
    readonly dependencies: readonly CacheDependency[];
    readonly former: LeasedObject | undefined;
  }): CacheRejection | undefined {
    if (this.#kinds?.has(put.objectKind) === false) return 'unsupported-kind';
    if (put.objectBytes !== bytes.length) return 'length-mismatch';
    if (bytes.length > this.#maxObjectBytes) return 'object-too-large';
    if (!this.#hold(dependencies, now)) return 'dependency-invalid';
    const isFull = (): boolean => former === undefined && this.#objects.size >= this.#maxObjects;
    const isOver = (): boolean => this.#bytes - (former?.bytes.length ?? 0) + bytes.length > this.#maxBytes;
    if (isFull() || isOver())
      this.#removeWhere((object) => object !== former && !isLeaseLive(object.lease, now));
    if (isFull()) return 'too-many-objects';
    return isOver() ? 'too-many-bytes' : undefined;
  }

  #fault(
    object: LeasedObject,
    { now, version, schema }: { now: number; version: number | undefined; schema: CacheSchema | undefined },
  ): CacheErrorCode {
    const code = checkLease(object.lease, now, version);
    if (code !== CacheErrorCode.None) return code;
    if (!this.#hold(object.dependencies, now)) return CacheErrorCode.DependencyInvalid;
    return schema === undefined || isSameSchema(schema, object.schema)
      ? CacheErrorCode.None
      : CacheErrorCode.SchemaMismatch;
  }

  #hold(dependencies: readonly CacheDependency[], now: number): boolean {
    if (dependencies.length === 0) return true;
    return checkDependencies(dependencies, (id) => this.#stateOf(id, now)) === CacheErrorCode.None;
  }

  #stateOf(id: CacheObjectId, now: number): CacheDependencyState | undefined {
    const object = this.#objects.get(cacheObjectKey(id));
    if (object === undefined) return undefined;
    return {
      objectId: object.id,
      currentVersion: object.version,
      isInvalidated: !isLeaseLive(object.lease, now),
    };
  }

  #removeWhere(matches: (object: LeasedObject) => boolean): LeasedObject[] {
    const removed: LeasedObject[] = [];
    for (const [key, object] of this.#objects) {
      if (!matches(object)) continue;
      this.#objects.delete(key);
      this.#bytes -= object.bytes.length;
      this.#versionFloor = Math.max(this.#versionFloor, object.version);
      removed.push(object);
    }
    return removed;
  }
}

function limit(option: number): number {
  return option === 0 ? Infinity : option;
}

function wireLimit(limit: number): number {
  return limit === Infinity ? 0 : limit;
}

function isSameSchema(a: CacheSchema, b: CacheSchema | undefined): boolean {
  return a.schemaId === b?.schemaId && a.schemaVersion === b.schemaVersion;
}
