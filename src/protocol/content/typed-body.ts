import { BodyRegionPrelude, splitBody } from '../../wire/body/body-region';
import { decodeTypedPayload, TypedPayloadDescriptor, type PayloadShape } from '../../wire/body/typed-payload';
import { fieldOffset } from '../../wire/codec/record';
import { BodyRegionPrelude as Preview4Prelude } from '../../wire/preview4/body/body-region';
import {
  decodeTypedPayload as decodeInPreview4,
  TypedPayloadDescriptor as Preview4Descriptor,
} from '../../wire/preview4/body/typed-payload';
import { NnrpError } from '../../wire/errors';
import { PayloadKind } from '../../wire/messages/payload-kind';
import { readU32 } from '../../wire/bytes/u32';

const REFERENCE_BYTES = fieldOffset(BodyRegionPrelude, 'objectReferenceBytes');
const DESCRIPTOR_BYTES = fieldOffset(BodyRegionPrelude, 'typedPayloadDescriptorBytes');
const OBJECT_REFERENCE_LENGTH = 16;
const FLAGS_AT = fieldOffset(Preview4Descriptor, 'descriptorFlags');
const KIND_AT = fieldOffset(Preview4Descriptor, 'payloadKind');
/** Of a descriptor of preview3, whose flags stand where preview4 has the kind. */
const FLAGS_OF_PREVIEW3 = 0x0f;

/**
 * The payloads of a typed body of either revision: whoever reads what they are need not know which one their session
 * speaks. Throws an `NnrpError` where the body is not what `shape` says.
 */
export function typedPayloads(shape: PayloadShape, body: Uint8Array): Uint8Array[] {
  // Blocks of another size; a body without any is the same in both.
  const isOdd =
    body.length >= BodyRegionPrelude.length && readU32(body, REFERENCE_BYTES) % OBJECT_REFERENCE_LENGTH !== 0;
  const regions = splitBody(body, isOdd ? Preview4Prelude : BodyRegionPrelude);
  const { typedPayloadDescriptors: descriptors, typedPayloadFrames: frames } = regions;
  const decode = isOfPreview4(descriptors) ? decodeInPreview4 : decodeTypedPayload;
  return decode(shape, descriptors, frames).map(({ payload }) => payload);
}

/**
 * What a body that nobody describes says of its payloads, where it is one that describes itself, as preview4 has them;
 * undefined of any other, which is bytes.
 */
export function shapeOf(body: Uint8Array): PayloadShape | undefined {
  if (!mayDescribeItself(body)) return undefined;
  try {
    return describedShape(body);
  } catch (error) {
    // Bytes that only look like it are as good as any.
    if (error instanceof NnrpError) return undefined;
    throw error;
  }
}

/** What nearly all that is something else is not, as can be told without reading its descriptors. */
function mayDescribeItself(body: Uint8Array): boolean {
  const { length } = BodyRegionPrelude;
  if (body.length < length + Preview4Descriptor.length || readU32(body, DESCRIPTOR_BYTES) === 0) return false;
  let regions = 0;
  for (let at = 0; at < 24; at += 4) regions += readU32(body, at);
  // Flags and reserved bytes follow the lengths. No text begins with such numbers.
  return length + regions === body.length && readU32(body, 24) === 0 && readU32(body, 28) === 0;
}

/** Throws an `NnrpError` where a body does not describe itself. */
function describedShape(body: Uint8Array): PayloadShape {
  const { typedPayloadDescriptors, typedPayloadFrames } = splitBody(body, Preview4Prelude);
  const { length } = Preview4Descriptor;
  let payloadKindBitmap = 0;
  for (let at = KIND_AT; at < typedPayloadDescriptors.length; at += length) {
    payloadKindBitmap |= typedPayloadDescriptors[at]!;
  }
  const shape = { payloadKindBitmap, payloadFrameCount: typedPayloadDescriptors.length / length };
  decodeInPreview4(shape, typedPayloadDescriptors, typedPayloadFrames);
  return shape;
}

/** Descriptors differ in two bytes: flags in preview3, of which there are four; kind and flags in preview4. */
function isOfPreview4(descriptors: Uint8Array): boolean {
  for (let at = 0; at < descriptors.length; at += TypedPayloadDescriptor.length) {
    if (descriptors[at + FLAGS_AT] !== 0 || descriptors[at + KIND_AT]! > FLAGS_OF_PREVIEW3) return true;
  }
  return false;
}

/**
 * A body of preview3's form in that of preview4, whose descriptors say their kind; any other as it is, one of several
 * kinds among them: preview3 does not say which payload is of which.
 */
export function inPreview4(
  { payloadKindBitmap: kind, payloadFrameCount }: PayloadShape,
  body: Uint8Array,
): Uint8Array {
  const isOfOneKind = (kind & (kind - 1)) === 0 && kind !== 0 && kind !== PayloadKind.Tensor;
  if (!isOfOneKind || payloadFrameCount === 0 || !mayDescribeItself(body)) return body;
  const { typedPayloadDescriptors } = splitBody(body, BodyRegionPrelude);
  if (isOfPreview4(typedPayloadDescriptors)) return body;
  const moved = body.slice();
  const start = typedPayloadDescriptors.byteOffset - body.byteOffset;
  const { length } = TypedPayloadDescriptor;
  for (let at = start; at < start + typedPayloadDescriptors.length; at += length) {
    moved[at + KIND_AT] = kind;
    moved[at + FLAGS_AT] = body[at + KIND_AT]!;
  }
  return moved;
}
