import { u32 } from '../codec/fields';
import { record, type RecordValue } from '../codec/record';
import { breaksRule, NnrpError } from '../errors';

/** Bytes of one object reference block. */
export const OBJECT_REFERENCE_LENGTH = 16;

/** The start of a body that describes itself (protocol section 6); lengths in bytes. */
export const BodyRegionPrelude = record({
  name: 'BodyRegionPrelude',
  length: 32,
  fields: {
    inlineObjectBytes: u32(0),
    objectReferenceBytes: u32(4),
    typedPayloadDescriptorBytes: u32(8),
    typedPayloadFrameBytes: u32(12),
    extensionDescriptorBytes: u32(16),
    extensionPayloadBytes: u32(20),
  },
  reserved: { bodyFlags: u32(24), reserved: u32(28) },
  rules({ objectReferenceBytes }) {
    if (objectReferenceBytes % OBJECT_REFERENCE_LENGTH !== 0) {
      breaksRule('object_reference_bytes must be a multiple of object reference block length');
    }
  },
});
export type BodyRegionPrelude = RecordValue<typeof BodyRegionPrelude>;

/** The six regions of a body, each a view that copies nothing. */
export interface BodyRegions {
  readonly inlineObjects: Uint8Array;
  readonly objectReferences: Uint8Array;
  readonly typedPayloadDescriptors: Uint8Array;
  readonly typedPayloadFrames: Uint8Array;
  readonly extensionDescriptors: Uint8Array;
  readonly extensionPayloads: Uint8Array;
}

const U32_MAX = 0xffffffff;

/**
 * Splits a body into its regions, as the revision of `preludeRecord` has them. Throws an `NnrpError`: `PacketLengthMismatch` where the regions do
 * not cover the body exactly, `MessageLengthOverflow` where their sum does not fit 32 bits.
 *
 * @example
 * const { typedPayloadDescriptors, typedPayloadFrames } = splitBody(packet.body);
 */
export function splitBody(body: Uint8Array, preludeRecord = BodyRegionPrelude): BodyRegions {
  const prelude = preludeRecord.decode(body);
  const lengths = [
    prelude.inlineObjectBytes,
    prelude.objectReferenceBytes,
    prelude.typedPayloadDescriptorBytes,
    prelude.typedPayloadFrameBytes,
    prelude.extensionDescriptorBytes,
    prelude.extensionPayloadBytes,
  ];
  const regionBytes = lengths.reduce((sum, length) => sum + length, 0);
  if (regionBytes > U32_MAX) {
    throw new NnrpError({ kind: 'MessageLengthOverflow', declared: regionBytes, limit: U32_MAX });
  }
  const declared = BodyRegionPrelude.length + regionBytes;
  if (declared !== body.length) {
    throw new NnrpError({ kind: 'PacketLengthMismatch', declared, actual: body.length });
  }
  let start = BodyRegionPrelude.length;
  const next = (length: number): Uint8Array => body.subarray(start, (start += length));
  return {
    inlineObjects: next(prelude.inlineObjectBytes),
    objectReferences: next(prelude.objectReferenceBytes),
    typedPayloadDescriptors: next(prelude.typedPayloadDescriptorBytes),
    typedPayloadFrames: next(prelude.typedPayloadFrameBytes),
    extensionDescriptors: next(prelude.extensionDescriptorBytes),
    extensionPayloads: next(prelude.extensionPayloadBytes),
  };
}

/**
 * Joins regions into a body, prelude first; regions that are not given are empty. Throws an `NnrpError`
 * where the revision of `preludeRecord` does not take them.
 */
export function joinBody(regions: Partial<BodyRegions>, preludeRecord = BodyRegionPrelude): Uint8Array {
  const parts = [
    regions.inlineObjects,
    regions.objectReferences,
    regions.typedPayloadDescriptors,
    regions.typedPayloadFrames,
    regions.extensionDescriptors,
    regions.extensionPayloads,
  ];
  const length = (index: number): number => parts[index]?.length ?? 0;
  const total = parts.reduce((sum, part) => sum + (part?.length ?? 0), BodyRegionPrelude.length);
  const body = new Uint8Array(total);
  preludeRecord.encodeInto(
    {
      inlineObjectBytes: length(0),
      objectReferenceBytes: length(1),
      typedPayloadDescriptorBytes: length(2),
      typedPayloadFrameBytes: length(3),
      extensionDescriptorBytes: length(4),
      extensionPayloadBytes: length(5),
    },
    body,
  );
  let start = BodyRegionPrelude.length;
  for (const part of parts) {
    if (part === undefined) continue;
    body.set(part, start);
    start += part.length;
  }
  return body;
}
