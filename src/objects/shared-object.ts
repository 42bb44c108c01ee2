import type { Observable } from 'rxjs';
import type {
  ObjectDeltaMetadata,
  ObjectDescriptorMetadata,
  ObjectReferenceMetadata,
  ObjectReleaseMetadata,
  ObjectReleaseReason,
} from '../wire/preview4/objects';

/** An end of a session, as the other knows it. */
export type ObjectSide = 'here' | 'there';

/** What has been said of an object. */
export type ObjectChange =
  | {
      /** `delta`: what was added, or is the application's own to apply; `patch`: what took the place of a region. */
      readonly kind: 'patch' | 'delta';
      readonly fields: ObjectDeltaMetadata;
      readonly metadata: Uint8Array;
      /** The change; the object's `bytes` have it, unless it is compressed. */
      readonly delta: Uint8Array;
    }
  | {
      readonly kind: 'reference';
      readonly by: ObjectSide;
      /** The operation that refers to it; 0: the session. */
      readonly frameId: number;
      readonly fields: ObjectReferenceMetadata;
      readonly metadata: Uint8Array;
    }
  | {
      /** It does not need the object any more; the object stays. */
      readonly kind: 'dropped';
      readonly by: ObjectSide;
      /** The operation that has referred to it; 0: all of the session. */
      readonly frameId: number;
    };

/** How an object has ended. */
export interface ObjectEnd {
  readonly by: ObjectSide;
  readonly reason: ObjectReleaseReason;
  /** What was said besides; empty for nothing. */
  readonly text: string;
}

/** Which bytes a patch takes the place of. */
export interface ObjectRegion {
  /** Bytes from the start. Default 0. */
  readonly offset?: number;
  /** Bytes. Default: as many as the patch has; at most all that are there. */
  readonly length?: number;
  /** Bytes that the application says of the change. Default none. */
  readonly metadata?: Uint8Array;
  /** Whether no change comes after it. Default false. */
  readonly isFinal?: boolean;
}

/** An object that both ends of a session know by its id, until it is released. */
export interface SharedObject {
  readonly objectId: bigint;
  /** What was said as it was declared. */
  readonly descriptor: ObjectDescriptorMetadata;
  /** What the application has said of it then. */
  readonly metadata: Uint8Array;
  readonly declaredBy: ObjectSide;
  /** Who may change it and release it. */
  readonly owner: ObjectSide;
  /** What is held of it: what patches and deltas have made. Another array after each: one that was taken stays. */
  readonly bytes: Uint8Array;
  /** Of the last change, 0 before the first. */
  readonly sequence: bigint;
  /** References to it, of both ends: one an operation, and one a session. */
  readonly referenceCount: number;
  /** How it has ended, undefined while it has not. */
  readonly released: ObjectEnd | undefined;
  /** What is said of it from now on; completes as it is released, and with the session. */
  readonly changes$: Observable<ObjectChange>;
  /**
   * Tells the other end that it is used here, by an operation or by the session: OBJECT_REF. What was declared
   * `TransferOnRef` is owned here from then on. The reference of an operation ends with that. Throws a `RuntimeError`
   * where the object was released, and where no such operation is under way.
   */
  refer(by?: { readonly frameId: number }, fields?: ObjectReferenceFields, metadata?: Uint8Array): void;
  /**
   * Writes bytes into it, and tells the other end: OBJECT_PATCH. Throws a `RuntimeError` where it is not owned here,
   * was released, or gets larger than it may, and an `NnrpError` where the region is not within it.
   */
  patch(bytes: Uint8Array, region?: ObjectRegion): void;
  /** Adds bytes to its end: OBJECT_DELTA. Throws as `patch` does. */
  append(bytes: Uint8Array, about?: Pick<ObjectRegion, 'metadata' | 'isFinal'>): void;
  /**
   * Lets it go: OBJECT_RELEASE. Of its owner, and of either end where the session owns it or it may change hands, that
   * ends it at both; of the other end it drops the references. Does nothing where it was released.
   */
  release(fields?: Partial<Pick<ObjectReleaseMetadata, 'releaseReason'>>): void;
}

/** What may be said of a reference. */
export type ObjectReferenceFields = Partial<
  Pick<ObjectReferenceMetadata, 'objectVersion' | 'offset' | 'length' | 'flags'>
>;

/** What may be said as an object is declared: its id, its session and the lengths are filled in. */
export type ObjectFields = Partial<
  Omit<ObjectDescriptorMetadata, 'objectId' | 'sessionId' | 'metadataBytes' | 'producerRole'>
>;

/** The objects of a session: what its two ends share beside operations. Only preview4 has them. */
export interface SessionObjects {
  /** Those that the other end declares: those that are there, then each; completes with the session. */
  readonly declared$: Observable<SharedObject>;
  /** Those of both ends that are not released, in the order in which they were declared. */
  readonly all: readonly SharedObject[];
  /** Undefined where there is none, or it was released. */
  get(objectId: bigint): SharedObject | undefined;
  /**
   * Declares an object of this end: OBJECT_DECLARE, and its bytes where there are some. It lasts until it is released, for
   * `lifetimeHintMs` where that is not 0, and as long as the session; over a lost connection, too, after which the other
   * end is told of it anew. Throws a `RuntimeError` where there is no room for it, the other end speaks preview3, or the
   * session is over, and an `NnrpError` where a field is not allowed, or a packet of it is larger than the other end takes.
   * Where that is so of a later connection, it is released, `Invalidated`.
   *
   * @example
   * const plan = session.objects.declare({ objectKind: RuntimeObjectKind.RoutePlan }, bytes);
   * plan.append(more);
   * plan.release();
   */
  declare(fields?: ObjectFields, bytes?: Uint8Array, metadata?: Uint8Array): SharedObject;
}
