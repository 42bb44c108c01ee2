import { cutText } from '../protocol/cut-text';
import { MessageType } from '../wire/message-type';
import { EMPTY } from '../wire/packet';
import {
  ObjectDeltaFlag,
  ObjectDeltaMetadata,
  ObjectDescriptorMetadata,
  ObjectReferenceMetadata,
  ObjectReleaseMetadata,
  ObjectReleaseReason,
} from '../wire/preview4/objects';
import type { HeldObject } from './held-object';
import type { ObjectsPort } from './objects-port';

const T = MessageType;

/** Says what an end has to say of objects. Throws an `NnrpError` where a field is not allowed. */
export class ObjectSender {
  constructor(private readonly port: ObjectsPort) {}

  /** Tells the other end of an object of this one, as it is. */
  whole({ objectId, descriptor, endsAt, metadata, bytes, sequence }: HeldObject): void {
    const { port } = this;
    const left = endsAt === Infinity ? 0 : Math.max(1, Math.ceil(endsAt - port.scheduler.now()));
    const now = { ...descriptor, sessionId: port.sessionId, lifetimeHintMs: left };
    port.send(T.ObjectDeclare, 0, ObjectDescriptorMetadata.encode(now), metadata);
    if (bytes.length === 0) return;
    const fields = ObjectDeltaMetadata.of({
      objectId,
      deltaSequence: sequence,
      deltaBytes: bytes.length,
      flags: ObjectDeltaFlag.Replaces,
    });
    port.send(T.ObjectPatch, 0, ObjectDeltaMetadata.encode(fields), bytes);
  }

  /** Tells a new connection's other end of an object, and of the operations under way that use it. */
  again(object: HeldObject): void {
    const { objectId, sequence: objectVersion } = object;
    this.whole(object);
    for (const frameId of object.framesOfHere) {
      const operationId = frameId === 0 ? 0n : this.port.operationId(frameId);
      if (operationId === undefined) object.droppedBy('here', frameId);
      else
        this.reference(frameId, ObjectReferenceMetadata.of({ objectId, objectVersion, operationId }), EMPTY);
    }
  }

  change(
    kind: 'patch' | 'delta',
    fields: ObjectDeltaMetadata,
    metadata: Uint8Array,
    delta: Uint8Array,
  ): void {
    const encoded = ObjectDeltaMetadata.encode(fields);
    const body = new Uint8Array(metadata.length + delta.length);
    body.set(metadata);
    body.set(delta, metadata.length);
    this.port.send(kind === 'patch' ? T.ObjectPatch : T.ObjectDelta, 0, encoded, body);
  }

  reference(frameId: number, fields: ObjectReferenceMetadata, metadata: Uint8Array): void {
    this.port.send(T.ObjectRef, frameId, ObjectReferenceMetadata.encode(fields), metadata);
  }

  release(fields: Partial<ObjectReleaseMetadata>, frameId = 0): void {
    this.port.send(T.ObjectRelease, frameId, this.releaseMetadata(fields), EMPTY);
  }

  /** Answers what was said of an object that this end cannot have, or has no more. */
  invalid(objectId: bigint, text: string): void {
    this.answer({ objectId, releaseReason: ObjectReleaseReason.Invalidated }, 0, cutText(text));
  }

  /** Answers a reference of an operation that has ended. */
  dropped(objectId: bigint, operationId: bigint, frameId: number): void {
    this.answer({ objectId, operationId }, frameId, EMPTY);
  }

  private answer(fields: Partial<ObjectReleaseMetadata>, frameId: number, text: Uint8Array): void {
    this.port.answer(T.ObjectRelease, frameId, this.releaseMetadata(fields, text.length), text);
  }

  private releaseMetadata(fields: Partial<ObjectReleaseMetadata>, diagnosticBytes = 0): Uint8Array {
    const release = { ...fields, sourceRole: this.port.role, diagnosticBytes };
    return ObjectReleaseMetadata.encode(ObjectReleaseMetadata.of(release));
  }
}
