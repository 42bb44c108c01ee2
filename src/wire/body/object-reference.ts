import { enumU16, u32, zeroU16 } from '../codec/fields';
import { record, type RecordValue, type WireRecord } from '../codec/record';
import { breaksRule, NnrpError } from '../errors';
import { CacheObjectKind } from '../messages/cache';
import { SubmitMode } from '../messages/frame-submit';
import { OBJECT_REFERENCE_LENGTH } from './body-region';

/** A cached object that a submit refers to (protocol section 6). */
export const ObjectReferenceBlock = record({
  name: 'ObjectReferenceBlock',
  length: OBJECT_REFERENCE_LENGTH,
  fields: {
    objectKind: enumU16(0, CacheObjectKind),
    refFlags: zeroU16(2),
    cacheNamespace: u32(4),
    cacheKeyHi: u32(8),
    cacheKeyLo: u32(12),
  },
});
export type ObjectReferenceBlock = RecordValue<typeof ObjectReferenceBlock>;

/** The standard slots of `objectRefMask`: slot n is bit n. */
const SLOTS: readonly CacheObjectKind[] = [
  CacheObjectKind.CameraBlock,
  CacheObjectKind.TileIndexBlock,
  CacheObjectKind.TensorSectionTable,
  CacheObjectKind.PayloadLayoutTemplate,
];
const KNOWN_SLOTS = 0x0f;

/**
 * Reads an object reference region, of the blocks of preview3 unless a revision's are given.
 * Throws an `NnrpError`.
 */
export function decodeObjectReferences(region: Uint8Array): ObjectReferenceBlock[];
export function decodeObjectReferences<B>(region: Uint8Array, blockRecord: WireRecord<B>): B[];
export function decodeObjectReferences(
  region: Uint8Array,
  blockRecord: WireRecord<unknown> = ObjectReferenceBlock,
): unknown[] {
  const { length } = blockRecord;
  if (region.length % length !== 0) {
    breaksRule('object reference region length must be a multiple of object reference block length');
  }
  return Array.from({ length: region.length / length }, (_, index) =>
    blockRecord.decode(region, index * length),
  );
}

/**
 * Writes an object reference region, of the blocks of preview3 unless a revision's are given.
 * Throws an `NnrpError`.
 */
export function encodeObjectReferences(blocks: readonly ObjectReferenceBlock[]): Uint8Array;
export function encodeObjectReferences<B>(blocks: readonly B[], blockRecord: WireRecord<B>): Uint8Array;
export function encodeObjectReferences(
  blocks: readonly unknown[],
  blockRecord: WireRecord<unknown> = ObjectReferenceBlock,
): Uint8Array {
  const region = new Uint8Array(blocks.length * blockRecord.length);
  blocks.forEach((block, index) => {
    blockRecord.encodeInto(block, region, index * blockRecord.length);
  });
  return region;
}

/** The mask of the standard slots that references take. */
export function objectRefMaskOf(blocks: readonly { readonly objectKind: CacheObjectKind }[]): number {
  return blocks.reduce((mask, { objectKind }) => {
    const slot = SLOTS.indexOf(objectKind);
    return slot === -1 ? mask : mask | (1 << slot);
  }, 0);
}

/** Checks that a submit declares references exactly where its mode says so. Throws an `NnrpError`. */
export function checkObjectRefMask(submitMode: SubmitMode, objectRefMask: number): void {
  if ((objectRefMask & ~KNOWN_SLOTS) !== 0) {
    throw new NnrpError({
      kind: 'ReservedBitsSet',
      field: 'frame_submit.object_ref_mask',
      value: objectRefMask,
      allowed: KNOWN_SLOTS,
    });
  }
  if (submitMode === SubmitMode.Inline) {
    if (objectRefMask !== 0) breaksRule('inline FRAME_SUBMIT must not declare object_ref_mask');
  } else if (objectRefMask === 0) {
    breaksRule('reference or mixed FRAME_SUBMIT requires non-zero object_ref_mask');
  }
}

/**
 * Checks a submit's references against its mask (protocol section 6): standard blocks in slot order,
 * without duplicates, exactly those that the mask declares. Other kinds may stand anywhere.
 * Throws an `NnrpError`.
 */
export function checkSubmitReferences(
  blocks: readonly { readonly objectKind: CacheObjectKind }[],
  submit: { readonly submitMode: SubmitMode; readonly objectRefMask: number },
): void {
  checkObjectRefMask(submit.submitMode, submit.objectRefMask);
  let lowestSlot = 0;
  let seen = 0;
  for (const block of blocks) {
    const slot = SLOTS.indexOf(block.objectKind);
    if (slot === -1) continue;
    const bit = 1 << slot;
    if (slot < lowestSlot) breaksRule('object reference region standard slots must be sorted');
    if ((seen & bit) !== 0) breaksRule('object reference region must not duplicate standard slots');
    if ((submit.objectRefMask & bit) === 0) {
      breaksRule('object reference block requires matching object_ref_mask bit');
    }
    lowestSlot = slot;
    seen |= bit;
  }
  if (seen !== submit.objectRefMask) {
    breaksRule('object reference region must exactly match object_ref_mask');
  }
}
