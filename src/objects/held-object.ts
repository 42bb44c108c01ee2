import { Subject, Subscription, type Observable } from 'rxjs';
import { EMPTY } from '../wire/packet';
import { OwnershipHint, type ObjectDescriptorMetadata } from '../wire/preview4/objects';
import type {
  ObjectChange,
  ObjectEnd,
  ObjectReferenceFields,
  ObjectRegion,
  ObjectSide,
  SharedObject,
} from './shared-object';

/** Who acts on what the application does with an object. */
export interface ObjectHolder {
  refer(object: HeldObject, frameId: number, fields: ObjectReferenceFields, metadata: Uint8Array): void;
  change(object: HeldObject, kind: 'patch' | 'delta', bytes: Uint8Array, region: ObjectRegion): void;
  release(object: HeldObject, fields: unknown): void;
  contain<T>(source$: Observable<T>): Observable<T>;
}

/** An object, as one end of a session has it. */
export class HeldObject implements SharedObject {
  owner: ObjectSide;
  bytes = EMPTY;
  sequence = 0n;
  released: ObjectEnd | undefined;
  /** Ends with it. */
  lifetime = Subscription.EMPTY;
  readonly changes = new Subject<ObjectChange>();
  readonly changes$: Observable<ObjectChange>;
  private readonly frames: Readonly<Record<ObjectSide, Set<number>>> = { here: new Set(), there: new Set() };

  constructor(
    private readonly holder: ObjectHolder,
    readonly declaredBy: ObjectSide,
    readonly descriptor: ObjectDescriptorMetadata,
    readonly metadata: Uint8Array,
    /** In milliseconds of the session's scheduler; Infinity for never. */
    readonly endsAt: number,
  ) {
    this.owner = this.firstOwner;
    this.changes$ = holder.contain(this.changes);
  }

  get objectId(): bigint {
    return this.descriptor.objectId;
  }

  get referenceCount(): number {
    return this.frames.here.size + this.frames.there.size;
  }

  /** Bytes that it counts for. */
  get byteLength(): number {
    return this.bytes.length + this.metadata.length;
  }

  /** Whether one end may end it at both. Of one that changes hands neither can know who has it now. */
  mayEnd(side: ObjectSide): boolean {
    const { ownershipHint } = this.descriptor;
    const isOfBoth =
      ownershipHint === OwnershipHint.SessionOwned || ownershipHint === OwnershipHint.TransferOnRef;
    return isOfBoth || this.owner === side;
  }

  /** Notes a reference; false where there is that one already. */
  referredBy(side: ObjectSide, frameId: number): boolean {
    const frames = this.frames[side];
    if (frames.has(frameId)) return false;
    frames.add(frameId);
    return true;
  }

  /** Drops the reference of an operation, all of an end for 0; false where there was none. */
  droppedBy(side: ObjectSide, frameId: number): boolean {
    const frames = this.frames[side];
    if (frameId !== 0) return frames.delete(frameId);
    const hadSome = frames.size > 0;
    frames.clear();
    return hadSome;
  }

  /** The operations that refer to it here. */
  get framesOfHere(): readonly number[] {
    return [...this.frames.here];
  }

  /** The other end has it no more, and is to be told of it anew; whether that had referred to it. */
  forgotten(): boolean {
    this.owner = this.firstOwner;
    return this.droppedBy('there', 0);
  }

  end(end: ObjectEnd): void {
    this.released = end;
    this.lifetime.unsubscribe();
    this.changes.complete();
  }

  refer(by = { frameId: 0 }, fields: ObjectReferenceFields = {}, metadata = EMPTY): void {
    const { frameId } = takeBy(by);
    this.holder.refer(this, frameId, fields, metadata);
  }

  patch(bytes: Uint8Array, region: ObjectRegion = {}): void {
    this.holder.change(this, 'patch', bytes, region);
  }

  append(bytes: Uint8Array, about: Pick<ObjectRegion, 'metadata' | 'isFinal'> = {}): void {
    this.holder.change(this, 'delta', bytes, { ...about, offset: this.bytes.length, length: 0 });
  }

  release(fields: Parameters<SharedObject['release']>[0] = {}): void {
    this.holder.release(this, fields);
  }

  private get firstOwner(): ObjectSide {
    const { declaredBy } = this;
    if (this.descriptor.ownershipHint !== OwnershipHint.ConsumerOwned) return declaredBy;
    return declaredBy === 'here' ? 'there' : 'here';
  }
}

/** Also where the application's code has no types. */
function takeBy(by: { readonly frameId: number } | null): { readonly frameId: number } {
  return by ?? { frameId: NaN };
}
