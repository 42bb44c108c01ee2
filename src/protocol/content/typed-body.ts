import { BodyRegionPrelude, splitBody, type BodyRegions } from '../../wire/body/body-region';
import { decodeTypedPayload, TypedPayloadDescriptor, type PayloadShape } from '../../wire/body/typed-payload';
import { fieldOffset } from '../../wire/codec/record';
import { BodyRegionPrelude as Preview4Prelude } from '../../wire/preview4/body/body-region';
import {
  decodeTypedPayload as decodeInPreview4,
  TypedPayloadDescriptor as Preview4Descriptor,
} from '../../wire/preview4/body/typed-payload';
import { NnrpError } from '../../wire/errors';
import { CacheObjectKind } from '../../wire/messages/cache';
import { PayloadKind, Profile } from '../../wire/messages/payload-kind';
import { StreamSemantics } from '../../wire/messages/schema-descriptor';
import { ours } from '../../wire/bytes/own-bytes';
import { readU32 } from '../../wire/bytes/u32';

const INLINE_BYTES = fieldOffset(BodyRegionPrelude, 'inlineObjectBytes');
const REFERENCE_BYTES = fieldOffset(BodyRegionPrelude, 'objectReferenceBytes');
const DESCRIPTOR_BYTES = fieldOffset(BodyRegionPrelude, 'typedPayloadDescriptorBytes');
const OBJECT_REFERENCE_LENGTH = 16;
const FLAGS_AT = fieldOffset(Preview4Descriptor, 'descriptorFlags');
const KIND_AT = fieldOffset(Preview4Descriptor, 'payloadKind');
/** Of a descriptor of preview3, whose flags stand where preview4 has the kind. */
const FLAGS_OF_PREVIEW3 = 0x0f;

/** A payload, and what it is. */
export interface TypedFrame {
  readonly payloadKind: PayloadKind;
  readonly payload: Uint8Array;
}

/**
 * The payloads of a typed body of either revision: whoever reads what they are need not know which one their session
 * speaks. Throws an `NnrpError` where the body is not what `shape` says.
 */
export function typedFrames(shape: PayloadShape, body: Uint8Array): TypedFrame[] {
  const { typedPayloadDescriptors: descriptors, typedPayloadFrames: frames } = regionsOf(body);
  if (isOfPreview4(descriptors, shape)) {
    const decoded = decodeInPreview4(shape, descriptors, frames);
    return decoded.map(({ descriptor: { payloadKind }, payload }) => ({ payloadKind, payload }));
  }
  return decodeTypedPayload(shape, descriptors, frames).map(({ descriptor, payload }) => ({
    payloadKind: kindIn(shape, descriptor),
    payload,
  }));
}

/** The same, where nobody asks what each is. */
export function typedPayloads(shape: PayloadShape, body: Uint8Array): Uint8Array[] {
  return typedFrames(shape, body).map(({ payload }) => payload);
}

/** The regions of a body of either revision. Throws an `NnrpError`. */
export function regionsOf(body: Uint8Array): BodyRegions {
  // Blocks of another size; a body without any is the same in both.
  const isOdd =
    body.length >= BodyRegionPrelude.length && readU32(body, REFERENCE_BYTES) % OBJECT_REFERENCE_LENGTH !== 0;
  return splitBody(body, isOdd ? Preview4Prelude : BodyRegionPrelude);
}

/** preview3 says the kinds of a body, not which payload is of which: where there are several, the rest of it tells. */
function kindIn(
  { payloadKindBitmap }: PayloadShape,
  { profileId, streamSemantics }: TypedPayloadDescriptor,
): PayloadKind {
  const kinds = payloadKindBitmap & ~PayloadKind.Tensor;
  if (kinds === 0) return PayloadKind.Tensor;
  if (isOne(kinds)) return kinds as PayloadKind;
  const may = (kind: PayloadKind): boolean => (kinds & kind) !== 0;
  if (profileId === Profile.Token && may(PayloadKind.TokenChunk)) return PayloadKind.TokenChunk;
  if (streamSemantics === StreamSemantics.Event && may(PayloadKind.StructuredEvent)) {
    return PayloadKind.StructuredEvent;
  }
  if (streamSemantics === StreamSemantics.ToolUpdate && may(PayloadKind.ToolDelta)) {
    return PayloadKind.ToolDelta;
  }
  return PayloadKind.OpaqueBytes;
}

function isOne(kinds: number): boolean {
  return kinds !== 0 && (kinds & (kinds - 1)) === 0;
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
  if (body.length <= length) return false;
  if (readU32(body, DESCRIPTOR_BYTES) === 0 && readU32(body, INLINE_BYTES) === 0) return false;
  let regions = 0;
  for (let at = 0; at < 24; at += 4) regions += readU32(body, at);
  // Flags and reserved bytes follow the lengths. No text begins with such numbers.
  return length + regions === body.length && readU32(body, 24) === 0 && readU32(body, 28) === 0;
}

/** Throws an `NnrpError` where a body does not describe itself. */
function describedShape(body: Uint8Array): PayloadShape | undefined {
  const { inlineObjects, typedPayloadDescriptors, typedPayloadFrames } = splitBody(body, Preview4Prelude);
  const { length } = Preview4Descriptor;
  let payloadKindBitmap = 0;
  for (let at = KIND_AT; at < typedPayloadDescriptors.length; at += length) {
    payloadKindBitmap |= typedPayloadDescriptors[at]!;
  }
  // A tensor is no frame, but an object that is brought along.
  if (bringsSections(inlineObjects)) payloadKindBitmap |= PayloadKind.Tensor;
  if (payloadKindBitmap === 0) return undefined;
  const shape = { payloadKindBitmap, payloadFrameCount: typedPayloadDescriptors.length / length };
  decodeInPreview4(shape, typedPayloadDescriptors, typedPayloadFrames);
  return shape;
}

/** Whether sections of a tensor are among inline objects, each 16 bytes and its payload, a multiple of 8. */
function bringsSections(objects: Uint8Array): boolean {
  for (let at = 0; at + 16 <= objects.length; at += 16 + Math.ceil(readU32(objects, at + 8) / 8) * 8) {
    if (objects[at] === CacheObjectKind.TensorSectionTable && objects[at + 1] === 0) return true;
  }
  return false;
}

/** Descriptors differ in two bytes: flags in preview3, of which there are four; kind and flags in preview4. */
function isOfPreview4(descriptors: Uint8Array, { payloadKindBitmap }: PayloadShape): boolean {
  let kindsOrFlags = 0;
  for (let at = 0; at < descriptors.length; at += TypedPayloadDescriptor.length) {
    if (descriptors[at + FLAGS_AT] !== 0 || descriptors[at + KIND_AT]! > FLAGS_OF_PREVIEW3) return true;
    kindsOrFlags |= descriptors[at + KIND_AT]!;
  }
  // Kinds without flags look like flags that nobody has; but a token's kind like the flag that tokens have.
  const kinds = payloadKindBitmap & ~PayloadKind.Tensor;
  return kinds !== 0 && kinds !== PayloadKind.TokenChunk && kindsOrFlags === kinds;
}

/**
 * A body of preview3's form in that of preview4, whose descriptors say their kind; any other as it is, one of several
 * kinds among them: preview3 does not say which payload is of which.
 */
export function inPreview4(shape: PayloadShape, body: Uint8Array): Uint8Array {
  const { payloadKindBitmap: kind, payloadFrameCount } = shape;
  const isOfOneKind = isOne(kind) && kind !== PayloadKind.Tensor;
  if (!isOfOneKind || payloadFrameCount === 0 || !mayDescribeItself(body)) return body;
  const { typedPayloadDescriptors } = splitBody(body, BodyRegionPrelude);
  if (isOfPreview4(typedPayloadDescriptors, shape)) return body;
  const moved = body.slice();
  const start = typedPayloadDescriptors.byteOffset - body.byteOffset;
  const { length } = TypedPayloadDescriptor;
  for (let at = start; at < start + typedPayloadDescriptors.length; at += length) {
    moved[at + KIND_AT] = kind;
    moved[at + FLAGS_AT] = body[at + KIND_AT]!;
  }
  return ours(moved);
}
