import { encodeObjectReferences } from '../../../src/wire/body/object-reference';
import type { RevisionName } from '../../../src/wire/message';
import { BodyRegionPrelude } from '../../../src/wire/preview4/body/body-region';
import { ObjectReferenceBlock } from '../../../src/wire/preview4/body/object-reference';
import { joinBody } from '../../../src/wire/body/body-region';
import { FrameSubmitMetadata, SubmitMode } from '../../../src/wire/messages/frame-submit';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
import type { Packet } from '../../../src/wire/packet';
import type { Ledger } from '../ledger';
import type { OperationRecord } from '../records';

/**
 * A submit says whose it is in a field that nobody else uses, so that handlers, packets and records
 * can be told apart whatever becomes of frame ids.
 */
export function fieldsOf({ index }: { readonly index: number }): Partial<FrameSubmitMetadata> {
  return { targetFpsX100: index };
}

export function operationOf(
  ledger: Ledger,
  { targetFpsX100 }: Pick<FrameSubmitMetadata, 'targetFpsX100'>,
): OperationRecord | undefined {
  return ledger.operations[targetFpsX100 - 1];
}

/** Of a FRAME_SUBMIT of either revision: the field has the same place in both. */
export function operationIn(ledger: Ledger, { metadata }: Packet): OperationRecord | undefined {
  return operationOf(ledger, { targetFpsX100: FrameSubmitMetadata.read.targetFpsX100(metadata) });
}

/** The place in the cache that a key of the simulation stands for. */
export function cacheKey(key: number) {
  return { objectKind: CacheObjectKind.CameraBlock, cacheNamespace: 1, cacheKeyHi: 0, cacheKeyLo: key };
}

/** What a submit says that refers to the object of a key. */
export const REFERENCE_FIELDS: Partial<FrameSubmitMetadata> = {
  submitMode: SubmitMode.Reference,
  objectRefMask: 1,
};

/** Its body, which is longer in preview4. */
export function referenceBody(key: number, revision: RevisionName): Uint8Array {
  const { cacheKeyHi, cacheKeyLo, ...place } = cacheKey(key);
  if (revision === 'preview3')
    return joinBody({ objectReferences: encodeObjectReferences([{ ...cacheKey(key), refFlags: 0 }]) });
  const wide = { ...place, cacheKeyHi: BigInt(cacheKeyHi), cacheKeyLo: BigInt(cacheKeyLo) };
  const block = ObjectReferenceBlock.of(wide);
  const objectReferences = encodeObjectReferences([block], ObjectReferenceBlock);
  return joinBody({ objectReferences }, BodyRegionPrelude);
}
