import { maskU16, u16, u32 } from '../codec/fields';
import { record, type RecordValue } from '../codec/record';
import { breaksRule, NnrpError } from '../errors';
import { PAYLOAD_KINDS, PayloadKind, Profile } from '../messages/payload-kind';

/** Flags of a typed payload descriptor. */
export const DescriptorFlag = {
  Terminal: 0x1,
  Partial: 0x2,
  SchemaOverride: 0x4,
  ProfileHintPresent: 0x8,
} as const;

/** Describes one frame of a typed payload (protocol section 6). */
export const TypedPayloadDescriptor = record({
  name: 'TypedPayloadDescriptor',
  length: 24,
  fields: {
    profileId: u16(0),
    descriptorFlags: maskU16(2, 0x0f),
    schemaId: u32(4),
    schemaVersion: u32(8),
    streamSemantics: u16(12),
    /** Bytes from the start of the frame region. */
    offset: u32(16),
    /** Bytes. */
    length: u32(20),
  },
  reserved: { reserved0: u16(14) },
});
export type TypedPayloadDescriptor = RecordValue<typeof TypedPayloadDescriptor>;

/** One frame of a typed payload; `payload` is a view of the body, not a copy. */
export interface TypedPayloadFrame {
  readonly descriptor: TypedPayloadDescriptor;
  readonly payload: Uint8Array;
}

/** The words of a record on the payload behind it. */
export interface PayloadShape {
  readonly payloadKindBitmap: number;
  readonly payloadFrameCount: number;
}

/**
 * Reads a typed payload: descriptors that are contiguous from 0 and cover the frame region exactly,
 * of profiles that the payload kinds allow. Throws an `NnrpError`.
 *
 * @example
 * const regions = splitBody(result.body);
 * const frames = decodeTypedPayload(result.metadata, regions.typedPayloadDescriptors, regions.typedPayloadFrames);
 * const text = frames.map(({ payload }) => utf8.decode(payload)).join('');
 */
export function decodeTypedPayload(
  shape: PayloadShape,
  descriptorRegion: Uint8Array,
  frameRegion: Uint8Array,
): TypedPayloadFrame[] {
  checkPayloadKinds(shape.payloadKindBitmap);
  if (descriptorRegion.length !== shape.payloadFrameCount * TypedPayloadDescriptor.length) {
    breaksRule('typed payload descriptor region length must match payload_frame_count');
  }
  if (shape.payloadFrameCount === 0 && frameRegion.length !== 0) {
    breaksRule('zero typed payload frames require empty descriptor and frame regions');
  }
  const frames: TypedPayloadFrame[] = [];
  let covered = 0;
  for (let at = 0; at < descriptorRegion.length; at += TypedPayloadDescriptor.length) {
    const descriptor = TypedPayloadDescriptor.decode(descriptorRegion, at);
    checkDescriptor(shape.payloadKindBitmap, descriptor, covered);
    covered += descriptor.length;
    if (covered > frameRegion.length) breaksRule('typed payload descriptor range must fit the frame region');
    frames.push({ descriptor, payload: frameRegion.subarray(descriptor.offset, covered) });
  }
  if (covered !== frameRegion.length) {
    breaksRule('typed payload frame region must be exactly covered by descriptors');
  }
  return frames;
}

/** The words of a writer on a frame; place and length follow from the payload. */
export type TypedPayloadPart = Partial<Omit<TypedPayloadDescriptor, 'offset' | 'length'>> & {
  readonly payload: Uint8Array;
};

/** The two regions of a typed payload, frames in order. Throws an `NnrpError`. */
export function encodeTypedPayload(
  payloadKindBitmap: number,
  parts: readonly TypedPayloadPart[],
): { readonly typedPayloadDescriptors: Uint8Array; readonly typedPayloadFrames: Uint8Array } {
  checkPayloadKinds(payloadKindBitmap);
  const total = parts.reduce((sum, { payload }) => sum + payload.length, 0);
  const typedPayloadDescriptors = new Uint8Array(parts.length * TypedPayloadDescriptor.length);
  const typedPayloadFrames = new Uint8Array(total);
  let offset = 0;
  parts.forEach(({ payload, ...fields }, index) => {
    const descriptor = TypedPayloadDescriptor.of({ ...fields, offset, length: payload.length });
    checkDescriptor(payloadKindBitmap, descriptor, offset);
    TypedPayloadDescriptor.encodeInto(
      descriptor,
      typedPayloadDescriptors,
      index * TypedPayloadDescriptor.length,
    );
    typedPayloadFrames.set(payload, offset);
    offset += payload.length;
  });
  return { typedPayloadDescriptors, typedPayloadFrames };
}

/** Throws an `NnrpError` where a bitmap has bits that no kind has. */
export function checkPayloadKinds(value: number): void {
  if ((value & ~PAYLOAD_KINDS) !== 0) {
    throw new NnrpError({
      kind: 'ReservedBitsSet',
      field: 'payload_kind_bitmap',
      value,
      allowed: PAYLOAD_KINDS,
    });
  }
}

function checkDescriptor(
  payloadKinds: number,
  descriptor: TypedPayloadDescriptor,
  expectedOffset: number,
): void {
  if ((payloadKinds & ~PayloadKind.Tensor) !== 0 && descriptor.profileId === Profile.Tensor) {
    breaksRule('non-tensor typed payload frames must not use tensor profile');
  }
  if (payloadKinds === PayloadKind.TokenChunk && descriptor.profileId !== Profile.Token) {
    breaksRule('token-only typed payload frames require token profile');
  }
  if (descriptor.offset !== expectedOffset) {
    breaksRule('typed payload descriptors must be packed in strictly contiguous order');
  }
}
