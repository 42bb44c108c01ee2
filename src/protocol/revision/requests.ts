import { fieldOffset } from '../../wire/codec/record';
import type { RevisionName } from '../../wire/message';
import { MessageType } from '../../wire/message-type';
import { CacheInvalidateMetadata, CachePutMetadata } from '../../wire/messages/cache';
import { EMPTY } from '../../wire/packet';
import {
  CacheInvalidateMetadata as Preview4Invalidate,
  CachePutMetadata as Preview4Put,
} from '../../wire/preview4/cache';
import { ControlReason, ControlRequestMetadata } from '../../wire/preview4/control/control-request';
import { FrameSubmitMetadata } from '../../wire/preview4/frame-submit';
import { RuntimeRole } from '../../wire/preview4/control/runtime-role';
import { Slab } from '../../wire/bytes/slab';
import { writeU32 } from '../../wire/bytes/u32';
import { wideKey } from './cache-dialect';

const OPERATION_ID = fieldOffset(FrameSubmitMetadata, 'operationId');
/** Metadata of submits, which nobody has a use for once they are written. */
const submits = new Slab(FrameSubmitMetadata.length);

/** How a revision says what a client asks of operations. */
export interface RequestEncoder {
  /** The metadata of a submit, of those that a client has made without a thought of the revision; not to be written to. */
  submit(frameId: number, metadata: Uint8Array): Uint8Array;
  /** The same again, of a submit that was sent. */
  submitted(metadata: Uint8Array): Uint8Array;
  /** The metadata of a CACHE_PUT, of those that a client has made so. */
  cachePut(metadata: Uint8Array): Uint8Array;
  /** The metadata of a CACHE_INVALIDATE, likewise. Throws an `NnrpError` where they have what their scope has not. */
  cacheInvalidate(metadata: Uint8Array): Uint8Array;
  /** The message, and its metadata, that says that an operation is not wanted any more. */
  cancel(frameId: number): readonly [MessageType, Uint8Array];
}

const PREVIEW3: RequestEncoder = {
  submit: (_, metadata) => metadata,
  submitted: (metadata) => metadata,
  cachePut: (metadata) => metadata,
  cacheInvalidate: (metadata) => metadata,
  cancel: () => [MessageType.FrameCancel, EMPTY],
};

/** An operation's id is its frame's, which no other of the session has. */
const PREVIEW4: RequestEncoder = {
  submit(frameId, metadata) {
    const named = submits.copy(metadata);
    writeU32(named, OPERATION_ID, frameId);
    return named;
  },
  submitted(metadata) {
    const plain = metadata.slice();
    plain.fill(0, OPERATION_ID, OPERATION_ID + 8);
    return plain;
  },
  cachePut(metadata) {
    const put = CachePutMetadata.decode(metadata);
    return Preview4Put.encode({ ...put, ...wideKey(put) });
  },
  cacheInvalidate(metadata) {
    const which = CacheInvalidateMetadata.decode(metadata);
    return Preview4Invalidate.encode({ ...which, ...wideKey(which) });
  },
  cancel(frameId) {
    const metadata = ControlRequestMetadata.of({
      operationId: BigInt(frameId),
      controlSequence: 1n,
      reasonCode: ControlReason.UserCancelled,
      sourceRole: RuntimeRole.Client,
    });
    return [MessageType.Cancel, ControlRequestMetadata.encode(metadata)];
  },
};

export function requestsOf(revision: RevisionName): RequestEncoder {
  return revision === 'preview4' ? PREVIEW4 : PREVIEW3;
}
