import { Observable, Subject } from 'rxjs';
import { u32 } from '../protocol/options/rules';
import { RuntimeError } from '../protocol/runtime-error';
import { takeValue } from '../protocol/options/take-options';
import { takeFields } from '../protocol/options/take-fields';
import { scheduleIn } from '../transport/time/schedule-in';
import { requireBytes } from '../wire/bytes/require-bytes';
import { readUtf8 } from '../wire/bytes/utf8';
import { breaksRule, NnrpError } from '../wire/errors';
import type { AnyMessage, MessageOf } from '../wire/message';
import { MessageType } from '../wire/message-type';
import { RuntimeRole } from '../wire/preview4/control/runtime-role';
import { EMPTY } from '../wire/packet';
import {
  ObjectDeltaFlag,
  ObjectDeltaMetadata,
  ObjectDescriptorMetadata,
  ObjectReferenceMetadata,
  ObjectReleaseMetadata,
  ObjectReleaseReason,
  OwnershipHint,
} from '../wire/preview4/objects';
import { HeldObject, type ObjectHolder } from './held-object';
import type { ObjectLimits } from './object-limits';
import { misuse } from './misuse';
import { ObjectSender } from './object-sender';
import type { ObjectsPort } from './objects-port';
import { ObjectsUnderWay } from './objects-under-way';
import type {
  ObjectFields,
  ObjectReferenceFields,
  ObjectRegion,
  ObjectSide,
  SessionObjects,
  SharedObject,
} from './shared-object';
import { splice } from './splice';
import { takeRegion } from './take-region';

const T = MessageType;
const Reason = ObjectReleaseReason;

/** What an end says of objects. */
export type ObjectMessage = MessageOf<
  | typeof MessageType.ObjectDeclare
  | typeof MessageType.ObjectRef
  | typeof MessageType.ObjectRelease
  | typeof MessageType.ObjectPatch
  | typeof MessageType.ObjectDelta
>;

export function isObjectMessage(message: AnyMessage): message is ObjectMessage {
  return message.messageType >= T.ObjectDeclare && message.messageType <= T.ObjectDelta;
}

/**
 * The objects of a session, as one of its ends has them.
 *
 * ```
 *           OBJECT_DECLARE          OBJECT_PATCH, OBJECT_DELTA of its owner
 *  +------+ ---------------> +----------+ ---+
 *  | none |                  | declared |    |  OBJECT_REF of either end, bound to an operation or not
 *  +------+                  +----------+ <--+
 *                              |  OBJECT_RELEASE of its owner; its time is over; its session is;
 *                              |  the connection, of one that the other end has declared
 *                              v
 *                           released
 * ```
 *
 * The owner decides, and the other end follows: what crosses with a release is of an object that is not known any more,
 * and is nobody's fault. Only a reference to one is answered, by the release that its sender may have missed.
 */
export class ObjectTable implements SessionObjects, ObjectHolder {
  readonly declared$: Observable<SharedObject>;
  private readonly objects = new Map<bigint, HeldObject>();
  private readonly declared = new Subject<SharedObject>();
  /** Operations that refer to objects and have not ended, by frame. */
  private readonly watched = new Map<number, bigint>();
  /** The client's are odd, the server's even: neither need ask. */
  private nextId: bigint;
  private readonly say: ObjectSender;
  private readonly underWay: ObjectsUnderWay;

  constructor(
    private readonly port: ObjectsPort,
    private readonly limits: ObjectLimits,
  ) {
    this.nextId = BigInt(port.role);
    this.say = new ObjectSender(port);
    this.underWay = new ObjectsUnderWay(port);
    this.declared$ = port.contain(
      new Observable<SharedObject>((subscriber) => {
        for (const object of this.all) if (object.declaredBy === 'there') subscriber.next(object);
        return this.declared.subscribe(subscriber);
      }),
    );
  }

  get all(): readonly HeldObject[] {
    return [...this.objects.values()];
  }

  get(objectId: bigint): SharedObject | undefined {
    return this.objects.get(objectId);
  }

  declare(fields: ObjectFields = {}, bytes = EMPTY, metadata = EMPTY): SharedObject {
    const { port } = this;
    port.requireOpen();
    const given = takeFields('session.objects.declare', fields, ObjectDescriptorMetadata);
    const size = requireBytes(bytes, 'the object of session.objects.declare').length;
    const metadataBytes = requireBytes(metadata, 'the metadata of session.objects.declare').length;
    this.requireRoom('here', 1, size + metadataBytes);
    while (this.objects.has(this.nextId)) this.nextId += 2n;
    const descriptor = ObjectDescriptorMetadata.of({
      byteSize: BigInt(size),
      ...given,
      objectId: this.nextId,
      producerRole: port.role,
      sessionId: port.sessionId,
      metadataBytes,
    });
    // A field that is not allowed costs no id.
    ObjectDescriptorMetadata.encode(descriptor);
    this.nextId += 2n;
    const object = this.add('here', descriptor, metadata.slice());
    if (size > 0) this.set(object, 1n, bytes.slice());
    try {
      this.say.whole(object);
    } catch (error) {
      // Larger than a packet may be.
      this.release(object, { releaseReason: Reason.Cancelled });
      throw error;
    }
    this.underWay.add(object, object.byteLength);
    return object;
  }

  /** Takes what the other end says, with the body that its metadata declare. Throws an `NnrpError` that says what is wrong. */
  receive(message: ObjectMessage): void {
    const { messageType, metadata } = message;
    if (messageType === T.ObjectDeclare) {
      this.onDeclare(message);
      return;
    }
    const object = this.objects.get(metadata.objectId);
    if (object === undefined) {
      if (messageType === T.ObjectRef) this.say.invalid(metadata.objectId, 'there is no such object');
    } else if (messageType === T.ObjectRef) this.onReference(object, message);
    else if (messageType === T.ObjectRelease) this.onRelease(object, message);
    else this.onChange(object, message);
  }

  /** An operation has ended, and needs no object any more. */
  private operationEnded(frameId: number): void {
    const operationId = this.watched.get(frameId) ?? 0n;
    this.watched.delete(frameId);
    for (const object of this.all) {
      const ofHere = object.droppedBy('here', frameId);
      const ofThere = object.droppedBy('there', frameId);
      if (!ofHere && !ofThere) continue;
      // The client counts its references as its server does, which alone says when they end.
      if (this.port.role === RuntimeRole.Server)
        this.say.release({ objectId: object.objectId, operationId }, frameId);
      object.changes.next({ kind: 'dropped', by: ofHere ? 'here' : 'there', frameId });
      this.endUnreferred(object);
    }
  }

  /** The connection is lost: what the other end has declared is gone with it. */
  detached(): void {
    this.underWay.lost();
    for (const object of this.all) {
      if (object.declaredBy === 'here') this.forgotten(object);
      else this.end(object, { by: 'there', reason: Reason.OwnerClosed, text: '' });
    }
  }

  /** There is another connection, whose other end knows of no object. */
  attached(): void {
    for (const object of this.all) {
      // The end of another may have ended it.
      if (object.released !== undefined) continue;
      try {
        this.underWay.requireDeliverable(object);
        this.say.again(object);
        this.underWay.add(object, object.byteLength);
      } catch (error) {
        if (!(error instanceof NnrpError) && !(error instanceof RuntimeError)) throw error;
        // The other end cannot be told: others go on.
        this.say.release({ objectId: object.objectId, releaseReason: Reason.Invalidated });
        this.end(object, { by: 'here', reason: Reason.Invalidated, text: error.message });
      }
    }
  }

  private forgotten(object: HeldObject): void {
    if (!object.forgotten()) return;
    object.changes.next({ kind: 'dropped', by: 'there', frameId: 0 });
    this.endUnreferred(object);
  }

  /** The session is over. */
  ended(): void {
    for (const object of this.all) this.end(object, { by: 'here', reason: Reason.OwnerClosed, text: '' });
    this.watched.clear();
    this.declared.complete();
  }

  refer(object: HeldObject, frameId: number, fields: ObjectReferenceFields, metadata: Uint8Array): void {
    requireLive(object);
    takeValue(frameId, 'the frameId of object.refer', u32);
    const operationId = frameId === 0 ? 0n : this.port.operationId(frameId);
    if (operationId === undefined)
      throw misuse(
        `object ${object.objectId} cannot be used by operation ${frameId}, which is not under way`,
      );
    const given = takeFields('object.refer', fields, ObjectReferenceMetadata);
    const reference = ObjectReferenceMetadata.of({
      objectVersion: object.sequence,
      ...given,
      objectId: object.objectId,
      operationId,
      metadataBytes: requireBytes(metadata, 'the metadata of object.refer').length,
    });
    this.say.reference(frameId, reference, metadata);
    this.note(object, 'here', frameId, operationId);
    if (object.descriptor.ownershipHint === OwnershipHint.TransferOnRef) object.owner = 'here';
    object.changes.next({ kind: 'reference', by: 'here', frameId, fields: reference, metadata });
  }

  change(object: HeldObject, kind: 'patch' | 'delta', bytes: Uint8Array, region: ObjectRegion): void {
    requireLive(object);
    if (object.owner === 'there')
      throw misuse(`object ${object.objectId} is the other end's, which alone may change it`);
    const delta = requireBytes(bytes, `the bytes of object.${kind === 'patch' ? 'patch' : 'append'}`);
    const { offset = 0, length, metadata = EMPTY, isFinal = false } = takeRegion(kind, region);
    const fields = ObjectDeltaMetadata.of({
      objectId: object.objectId,
      deltaSequence: object.sequence + 1n,
      regionOffset: BigInt(offset),
      regionBytes: length ?? Math.max(0, Math.min(delta.length, object.bytes.length - offset)),
      deltaBytes: delta.length,
      flags: isFinal ? ObjectDeltaFlag.Final : 0,
      metadataBytes: requireBytes(metadata, 'the metadata of a change').length,
    });
    const changed = splice(object.bytes, fields, delta);
    this.requireRoom(object.declaredBy, 0, changed.length - object.bytes.length);
    this.say.change(kind, fields, metadata, delta);
    this.underWay.add(object, fields.metadataBytes + delta.length);
    this.set(object, fields.deltaSequence, changed);
    object.changes.next({ kind, fields, metadata, delta });
  }

  release(object: HeldObject, fields: unknown): void {
    if (object.released !== undefined) return;
    const given = takeFields('object.release', fields, ObjectReleaseMetadata);
    const { releaseReason = Reason.Completed } = given;
    this.say.release({ objectId: object.objectId, releaseReason });
    if (object.mayEnd('here')) this.end(object, { by: 'here', reason: releaseReason, text: '' });
    else if (object.droppedBy('here', 0)) object.changes.next({ kind: 'dropped', by: 'here', frameId: 0 });
  }

  contain<V>(source$: Observable<V>): Observable<V> {
    return this.port.contain(source$);
  }

  private onDeclare({ metadata, body }: MessageOf<typeof MessageType.ObjectDeclare>): void {
    const { objectId, sessionId } = metadata;
    if (objectId === 0n) breaksRule('OBJECT_DECLARE object_id must not be zero');
    if (sessionId !== 0 && sessionId !== this.port.sessionId)
      breaksRule('OBJECT_DECLARE session_id must be that of its session');
    if (this.objects.has(objectId)) breaksRule('OBJECT_DECLARE object_id must not be in use');
    const full = this.lacksRoom('there', 1, body.length);
    if (full !== undefined) this.say.invalid(objectId, full);
    // A copy, as a view would keep all of the buffer that it was received in.
    else this.declared.next(this.add('there', metadata, body.slice()));
  }

  private onChange(
    object: HeldObject,
    message: MessageOf<typeof MessageType.ObjectPatch | typeof MessageType.ObjectDelta>,
  ): void {
    const { metadata: fields, body } = message;
    // What it was declared with comes from who has declared it, whoever owns it.
    if (object.owner === 'here' && (object.declaredBy === 'here' || object.sequence > 0n)) {
      // It has crossed with the reference that has made it this end's: its sender will see, and let it go.
      if (object.descriptor.ownershipHint === OwnershipHint.TransferOnRef) return;
      breaksRule('an object must be changed by its owner');
    }
    if (fields.deltaSequence <= object.sequence) breaksRule('delta_sequence of an object must rise');
    const metadata = body.slice(0, fields.metadataBytes);
    const delta = body.slice(fields.metadataBytes);
    const changed = splice(object.bytes, fields, delta);
    const full = this.lacksRoom(object.declaredBy, 0, changed.length - object.bytes.length);
    if (full !== undefined) {
      this.say.invalid(object.objectId, full);
      this.end(object, { by: 'here', reason: Reason.Invalidated, text: full });
      return;
    }
    this.set(object, fields.deltaSequence, changed);
    const kind = message.messageType === T.ObjectPatch ? 'patch' : 'delta';
    object.changes.next({ kind, fields, metadata, delta });
  }

  private onReference(
    object: HeldObject,
    { header, metadata: fields, body }: MessageOf<typeof MessageType.ObjectRef>,
  ): void {
    const frameId = fields.operationId === 0n ? 0 : header.frameId;
    const operationId = frameId === 0 ? 0n : this.port.operationId(frameId);
    if (operationId !== undefined && operationId !== fields.operationId)
      throw new NnrpError({ kind: 'UnknownOperation', operationId: fields.operationId });
    if (object.descriptor.ownershipHint === OwnershipHint.TransferOnRef && object.owner === 'here') {
      if (fields.objectVersion !== object.sequence) {
        // The other end has taken it as it was: two would go on from different bytes.
        this.release(object, { releaseReason: Reason.Replaced });
        return;
      }
      object.owner = 'there';
    }
    if (operationId !== undefined) this.note(object, 'there', frameId, operationId);
    // It has crossed with the operation's end: its sender drops it, and has what it has made its own.
    else this.say.dropped(object.objectId, fields.operationId, frameId);
    object.changes.next({ kind: 'reference', by: 'there', frameId, fields, metadata: body.slice() });
    if (operationId === undefined) object.changes.next({ kind: 'dropped', by: 'there', frameId });
  }

  private onRelease(
    object: HeldObject,
    { header, metadata, body }: MessageOf<typeof MessageType.ObjectRelease>,
  ): void {
    const { operationId, releaseReason: reason } = metadata;
    const frameId = operationId === 0n ? 0 : header.frameId;
    // One that the other end cannot have is none that both know.
    const isOver = frameId === 0 && (object.mayEnd('there') || reason === Reason.Invalidated);
    if (isOver) this.end(object, { by: 'there', reason, text: readUtf8(body) });
    else if (object.droppedBy('there', frameId) || (frameId !== 0 && object.droppedBy('here', frameId))) {
      object.changes.next({ kind: 'dropped', by: 'there', frameId });
      this.endUnreferred(object);
    }
  }

  private add(side: ObjectSide, descriptor: ObjectDescriptorMetadata, metadata: Uint8Array): HeldObject {
    const { scheduler } = this.port;
    const lastsMs = descriptor.lifetimeHintMs || Infinity;
    const object = new HeldObject(this, side, descriptor, metadata, scheduler.now() + lastsMs);
    this.objects.set(object.objectId, object);
    object.lifetime = scheduleIn(scheduler, lastsMs, () => {
      const { objectId, owner } = object;
      if (owner === 'here') this.say.release({ objectId, releaseReason: Reason.Expired });
      this.end(object, { by: owner, reason: Reason.Expired, text: '' });
    });
    return object;
  }

  private set(object: HeldObject, sequence: bigint, bytes: Uint8Array): void {
    object.sequence = sequence;
    object.bytes = bytes;
  }

  private note(object: HeldObject, side: ObjectSide, frameId: number, operationId: bigint): void {
    if (!object.referredBy(side, frameId) || frameId === 0 || this.watched.has(frameId)) return;
    this.watched.set(frameId, operationId);
    this.port.whenEnded(frameId, () => {
      this.operationEnded(frameId);
    });
  }

  private endUnreferred(object: HeldObject): void {
    const isDone = object.referenceCount === 0 && object.owner === 'here';
    if (isDone && object.descriptor.ownershipHint === OwnershipHint.ReleaseOnDrop) this.release(object, {});
  }

  private end(object: HeldObject, end: NonNullable<SharedObject['released']>): void {
    this.objects.delete(object.objectId);
    object.end(end);
  }

  /** What of one end's objects would be too much; undefined where nothing would. */
  private lacksRoom(side: ObjectSide, objects: number, bytes: number): string | undefined {
    const { maxObjects, maxBytes } = this.limits;
    const held = this.all.filter(({ declaredBy }) => declaredBy === side);
    if (held.length + objects > maxObjects) return `an end has ${maxObjects} objects at most`;
    const sum = held.reduce((total, { byteLength }) => total + byteLength, bytes);
    if (bytes <= 0 || sum <= maxBytes) return undefined;
    return `an end has ${maxBytes} bytes of objects at most, and these would be ${sum}`;
  }

  private requireRoom(side: ObjectSide, objects: number, bytes: number): void {
    const full = this.lacksRoom(side, objects, bytes);
    if (full !== undefined) throw misuse(`no room for an object in session ${this.port.sessionId}: ${full}`);
  }
}

function requireLive({ objectId, released }: HeldObject): void {
  if (released !== undefined) throw misuse(`object ${objectId} was released`);
}
