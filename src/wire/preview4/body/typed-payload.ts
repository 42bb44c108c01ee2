import { checkPayloadKinds, type PayloadShape } from '../../body/typed-payload';
import { enumU8, maskU8, u16, u32 } from '../../codec/fields';
import { record, type RecordValue } from '../../codec/record';
import { breaksRule, NnrpError } from '../../errors';
import { PayloadKind, Profile } from '../../messages/payload-kind';
import { TYPED_PAYLOAD_DESCRIPTOR_LENGTH } from './body-region';

/** Describes one frame of a typed payload of preview4, and says of which kind it is. */
export const TypedPayloadDescriptor = record({
  name: 'TypedPayloadDescriptor',
  length: TYPED_PAYLOAD_DESCRIPTOR_LENGTH,
  fields: {
    profileId: u16(0),
    payloadKind: enumU8(2, PayloadKind),
    descriptorFlags: maskU8(3, 0x0f),
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

/** The words of a writer on a frame; place and length follow from the payload. */
export type TypedPayloadPart = Partial<Omit<TypedPayloadDescriptor, 'offset' | 'length'>> & {
  readonly payloadKind: PayloadKind;
  readonly payload: Uint8Array;
};

const U32_MAX = 0xffffffff;

/**
 * Reads a typed payload of preview4: descriptors that are contiguous from 0 and cover the frame region
 * exactly, of the kinds that `shape` says and no other; tensors have sections instead. Throws an `NnrpError`.
 */
export function decodeTypedPayload(
  shape: PayloadShape,
  descriptorRegion: Uint8Array,
  frameRegion: Uint8Array,
): TypedPayloadFrame[] {
  checkPayloadKinds(shape.payloadKindBitmap);
  const { length } = TypedPayloadDescriptor;
  if (descriptorRegion.length !== shape.payloadFrameCount * length) {
    breaksRule('typed payload descriptor region length must match payload_frame_count');
  }
  if (shape.payloadFrameCount === 0) {
    if (frameRegion.length !== 0) {
      breaksRule('zero typed payload frames require empty descriptor and frame regions');
    }
    return [];
  }
  const descriptors = Array.from({ length: shape.payloadFrameCount }, (_, index) =>
    TypedPayloadDescriptor.decode(descriptorRegion, index * length),
  );
  checkDescriptors(descriptors, shape.payloadKindBitmap, frameRegion.length);
  return descriptors.map((descriptor) => ({
    descriptor,
    payload: frameRegion.subarray(descriptor.offset, descriptor.offset + descriptor.length),
  }));
}

/** The two regions of a typed payload of preview4, frames in order, and what a record says of them. Throws an `NnrpError`. */
export function encodeTypedPayload(parts: readonly TypedPayloadPart[]): {
  readonly shape: PayloadShape;
  readonly typedPayloadDescriptors: Uint8Array;
  readonly typedPayloadFrames: Uint8Array;
} {
  const descriptors: TypedPayloadDescriptor[] = [];
  let offset = 0;
  for (const { payload, ...fields } of parts) {
    descriptors.push(TypedPayloadDescriptor.of({ ...fields, offset, length: payload.length }));
    offset += payload.length;
  }
  const payloadKindBitmap = kindsOf(descriptors);
  if (descriptors.length > 0) checkDescriptors(descriptors, payloadKindBitmap, offset);
  const typedPayloadDescriptors = new Uint8Array(parts.length * TypedPayloadDescriptor.length);
  const typedPayloadFrames = new Uint8Array(offset);
  descriptors.forEach((descriptor, index) => {
    TypedPayloadDescriptor.encodeInto(
      descriptor,
      typedPayloadDescriptors,
      index * TypedPayloadDescriptor.length,
    );
  });
  let at = 0;
  for (const { payload } of parts) {
    typedPayloadFrames.set(payload, at);
    at += payload.length;
  }
  return {
    shape: { payloadKindBitmap, payloadFrameCount: parts.length },
    typedPayloadDescriptors,
    typedPayloadFrames,
  };
}

function checkDescriptors(
  descriptors: readonly TypedPayloadDescriptor[],
  payloadKinds: number,
  frameBytes: number,
): void {
  let covered = 0;
  for (const descriptor of descriptors) {
    checkProfile(descriptor);
    if (descriptor.offset !== covered) {
      breaksRule('typed payload descriptors must be packed in strictly contiguous order');
    }
    covered += descriptor.length;
    if (covered > U32_MAX) {
      throw new NnrpError({ kind: 'MessageLengthOverflow', declared: covered, limit: U32_MAX });
    }
    if (covered > frameBytes) breaksRule('typed payload descriptor range must fit the frame region');
  }
  if (covered !== frameBytes) {
    breaksRule('typed payload frame region must be exactly covered by descriptors');
  }
  if (kindsOf(descriptors) !== (payloadKinds & ~PayloadKind.Tensor)) {
    breaksRule('payload_kind_bitmap non-tensor bits must equal the typed descriptor kind union');
  }
}

function checkProfile({ payloadKind, profileId }: TypedPayloadDescriptor): void {
  if (payloadKind === PayloadKind.Tensor) {
    breaksRule('tensor payloads use tensor sections and must not use typed payload descriptors');
  }
  if (profileId === Profile.Tensor) {
    breaksRule('non-tensor typed payload frames must not use tensor profile');
  }
  if (payloadKind === PayloadKind.TokenChunk && profileId !== Profile.Token) {
    breaksRule('token-only typed payload frames require token profile');
  }
}

function kindsOf(descriptors: readonly TypedPayloadDescriptor[]): number {
  return descriptors.reduce((kinds, { payloadKind }) => kinds | payloadKind, 0);
}
