import { enumU16, u16, u32, zeroU16 } from '../../codec/fields';
import { record, type RecordValue } from '../../codec/record';
import { breaksRule } from '../../errors';
import { CacheObjectKind } from '../../messages/cache';

/** The prefix of an object that a submit brings along. */
export const InlineObjectBlockHeader = record({
  name: 'InlineObjectBlockHeader',
  subject: 'inline_object',
  length: 16,
  fields: {
    objectKind: enumU16(0, CacheObjectKind),
    objectFlags: zeroU16(2),
    profileId: u16(4),
    objectBytes: u32(8),
  },
  checkedFirst: 'masks',
  reserved: { reserved0: u16(6), reserved1: u32(12) },
});
export type InlineObjectBlockHeader = RecordValue<typeof InlineObjectBlockHeader>;

/** An object that a submit brings along; of one that was read, `payload` is a view of the body. */
export interface InlineObject {
  readonly objectKind: CacheObjectKind;
  readonly profileId: number;
  readonly payload: Uint8Array;
}

/** Bytes: each object is followed by zeros up to a multiple of this. */
const ALIGNMENT = 8;

/** Reads an inline object region: header ‖ payload ‖ padding, as often as it holds them. Throws an `NnrpError`. */
export function decodeInlineObjects(region: Uint8Array): InlineObject[] {
  const objects: InlineObject[] = [];
  for (let at = 0; at < region.length;) {
    const { objectKind, profileId, objectBytes } = InlineObjectBlockHeader.decode(region, at);
    const start = at + InlineObjectBlockHeader.length;
    const end = start + objectBytes;
    at = aligned(end);
    if (at > region.length) breaksRule('inline object block must fit the inline object region');
    if (region.subarray(end, at).some((byte) => byte !== 0)) {
      breaksRule('inline object padding must be zero');
    }
    objects.push({ objectKind, profileId, payload: region.subarray(start, end) });
  }
  return objects;
}

/** Writes an inline object region. Throws an `NnrpError`. */
export function encodeInlineObjects(
  objects: readonly (Pick<InlineObject, 'objectKind' | 'payload'> & Partial<InlineObject>)[],
): Uint8Array {
  const lengthOf = (payload: Uint8Array): number => aligned(InlineObjectBlockHeader.length + payload.length);
  const region = new Uint8Array(objects.reduce((sum, { payload }) => sum + lengthOf(payload), 0));
  let at = 0;
  for (const { objectKind, profileId = 0, payload } of objects) {
    const header = InlineObjectBlockHeader.of({ objectKind, profileId, objectBytes: payload.length });
    InlineObjectBlockHeader.encodeInto(header, region, at);
    region.set(payload, at + InlineObjectBlockHeader.length);
    at += lengthOf(payload);
  }
  return region;
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
