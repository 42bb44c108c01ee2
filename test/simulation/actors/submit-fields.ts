import { encodeObjectReferences } from '../../../src/wire/body/object-reference';
import { joinBody } from '../../../src/wire/body/body-region';
import { SubmitMode, type FrameSubmitMetadata } from '../../../src/wire/messages/frame-submit';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
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

/** The place in the cache that a key of the simulation stands for. */
export function cacheKey(key: number) {
  return { objectKind: CacheObjectKind.CameraBlock, cacheNamespace: 1, cacheKeyHi: 0, cacheKeyLo: key };
}

/** What a submit says that refers to the object of a key. */
export const REFERENCE_FIELDS: Partial<FrameSubmitMetadata> = {
  submitMode: SubmitMode.Reference,
  objectRefMask: 1,
};

/** Its body. */
export function referenceBody(key: number): Uint8Array {
  return joinBody({ objectReferences: encodeObjectReferences([{ ...cacheKey(key), refFlags: 0 }]) });
}
