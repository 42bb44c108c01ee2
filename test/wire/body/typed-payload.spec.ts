import fc from 'fast-check';
import {
  decodeTypedPayload,
  encodeTypedPayload,
  joinBody,
  PayloadKind,
  Profile,
  splitBody,
  TypedPayloadDescriptor,
} from '../../../src/wire';
import { recordValues } from '../../support/arbitraries';
import { faultOf } from '../fault-of';

const { Tensor, TokenChunk, OpaqueBytes } = PayloadKind;
const broken = (rule: string) => ({ kind: 'InvalidProtocolCombination', rule });
const shape = (payloadKindBitmap: number, payloadFrameCount: number) => ({
  payloadKindBitmap,
  payloadFrameCount,
});
const token = (payload: Uint8Array) => ({ profileId: Profile.Token, payload });

/** Descriptors as they stand in a region, whatever they say. */
function descriptors(...each: readonly Partial<TypedPayloadDescriptor>[]): Uint8Array {
  return new Uint8Array(
    each.flatMap((fields) => [...TypedPayloadDescriptor.encode(TypedPayloadDescriptor.of(fields))]),
  );
}

describe('a typed payload', () => {
  it('decodes to what was encoded', () => {
    const part = fc
      .tuple(recordValues(TypedPayloadDescriptor), fc.uint8Array({ maxLength: 30 }))
      .map(([descriptor, payload]) => ({ ...descriptor, profileId: Profile.Token, payload }));
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 6 }),
        fc.constantFrom(TokenChunk, Tensor | TokenChunk, OpaqueBytes),
        (parts, kinds) => {
          const { typedPayloadDescriptors, typedPayloadFrames } = encodeTypedPayload(kinds, parts);
          const frames = decodeTypedPayload(
            shape(kinds, parts.length),
            typedPayloadDescriptors,
            typedPayloadFrames,
          );
          let offset = 0;
          const expected = parts.map(({ payload, ...fields }) => {
            const descriptor = { ...fields, offset, length: payload.length };
            offset += payload.length;
            return { descriptor, payload };
          });
          expect(frames).toEqual(expected);
        },
      ),
    );
  });

  it('is read from a body without a copy', () => {
    const parts = [token(Uint8Array.of(1, 2)), token(new Uint8Array(0)), token(Uint8Array.of(3))];
    const body = joinBody({ inlineObjects: Uint8Array.of(9), ...encodeTypedPayload(TokenChunk, parts) });
    const regions = splitBody(body);
    const frames = decodeTypedPayload(
      shape(TokenChunk, 3),
      regions.typedPayloadDescriptors,
      regions.typedPayloadFrames,
    );
    expect(frames.map(({ payload }) => [...payload])).toEqual([[1, 2], [], [3]]);
    for (const { payload } of frames) expect(payload.buffer).toBe(body.buffer);
  });

  it('may have no frames', () => {
    const none = new Uint8Array(0);
    expect(decodeTypedPayload(shape(TokenChunk, 0), none, none)).toEqual([]);
    expect(encodeTypedPayload(TokenChunk, [])).toEqual({
      typedPayloadDescriptors: none,
      typedPayloadFrames: none,
    });
    expect(faultOf(() => decodeTypedPayload(shape(TokenChunk, 0), none, new Uint8Array(1)))).toEqual(
      broken('zero typed payload frames require empty descriptor and frame regions'),
    );
  });

  it.each([0, 2])('has as many descriptors as the record says, not one where it says %i', (count) => {
    const region = descriptors({ profileId: Profile.Token });
    expect(faultOf(() => decodeTypedPayload(shape(TokenChunk, count), region, new Uint8Array(0)))).toEqual(
      broken('typed payload descriptor region length must match payload_frame_count'),
    );
  });

  it.each([
    ['a gap', [{ length: 1 }, { offset: 2, length: 1 }], 'packed in strictly contiguous order'],
    ['an overlap', [{ length: 2 }, { offset: 1, length: 1 }], 'packed in strictly contiguous order'],
    ['a late start', [{ offset: 1, length: 2 }], 'packed in strictly contiguous order'],
    ['a wrong order', [{ offset: 1, length: 2 }, { length: 1 }], 'packed in strictly contiguous order'],
  ])('has no %s', (_, each, rule) => {
    const region = descriptors(...each.map((fields) => ({ profileId: Profile.Token, ...fields })));
    expect(
      faultOf(() => decodeTypedPayload(shape(TokenChunk, each.length), region, new Uint8Array(3))),
    ).toEqual(broken(`typed payload descriptors must be ${rule}`));
  });

  it.each([4, 0xffff_ffff])('does not reach behind its region with %i bytes', (length) => {
    const region = descriptors({ profileId: Profile.Token, length });
    expect(faultOf(() => decodeTypedPayload(shape(TokenChunk, 1), region, new Uint8Array(3)))).toEqual(
      broken('typed payload descriptor range must fit the frame region'),
    );
  });

  it('covers its region to the end', () => {
    const region = descriptors({ profileId: Profile.Token, length: 2 });
    expect(faultOf(() => decodeTypedPayload(shape(TokenChunk, 1), region, new Uint8Array(3)))).toEqual(
      broken('typed payload frame region must be exactly covered by descriptors'),
    );
  });

  describe('profiles', () => {
    const noTensor = broken('non-tensor typed payload frames must not use tensor profile');
    const tokenOnly = broken('token-only typed payload frames require token profile');

    it.each([
      [TokenChunk, Profile.Tensor, noTensor],
      [Tensor | TokenChunk, Profile.Tensor, noTensor],
      [OpaqueBytes, Profile.Tensor, noTensor],
      [TokenChunk, Profile.Unspecified, tokenOnly],
      [TokenChunk, 3, tokenOnly],
    ])('kinds %i refuse profile %i, on reading and on writing', (kinds, profileId, fault) => {
      const region = descriptors({ profileId });
      const none = new Uint8Array(0);
      expect(faultOf(() => decodeTypedPayload(shape(kinds, 1), region, none))).toEqual(fault);
      expect(faultOf(() => encodeTypedPayload(kinds, [{ profileId, payload: none }]))).toEqual(fault);
    });

    it.each([
      [Tensor, Profile.Tensor],
      [Tensor | TokenChunk, Profile.Unspecified],
      [TokenChunk | OpaqueBytes, Profile.Unspecified],
      [0, Profile.Tensor],
    ])('kinds %i take profile %i', (kinds, profileId) => {
      const payload = Uint8Array.of(1);
      const regions = encodeTypedPayload(kinds, [{ profileId, payload }]);
      const [frame] = decodeTypedPayload(
        shape(kinds, 1),
        regions.typedPayloadDescriptors,
        regions.typedPayloadFrames,
      );
      expect(frame?.payload).toEqual(payload);
    });
  });

  it.each([0x80, 0x8000_0001])('has no kind %i, on reading and on writing', (value) => {
    const fault = { kind: 'ReservedBitsSet', field: 'payload_kind_bitmap', value, allowed: 0x7f };
    const none = new Uint8Array(0);
    expect(faultOf(() => decodeTypedPayload(shape(value, 0), none, none))).toEqual(fault);
    expect(faultOf(() => encodeTypedPayload(value, []))).toEqual(fault);
  });

  it('has descriptors that hold by themselves', () => {
    const region = descriptors({ profileId: Profile.Token });
    region[2] = 0x10;
    expect(faultOf(() => decodeTypedPayload(shape(TokenChunk, 1), region, new Uint8Array(0)))).toEqual({
      kind: 'ReservedBitsSet',
      field: 'typed_payload_descriptor.descriptor_flags',
      value: 0x10,
      allowed: 0x0f,
    });
    region[2] = 0;
    region[15] = 1;
    expect(faultOf(() => decodeTypedPayload(shape(TokenChunk, 1), region, new Uint8Array(0)))).toEqual({
      kind: 'NonZeroReservedField',
      field: 'typed_payload_descriptor.reserved0',
    });
  });
});
