import fc from 'fast-check';
import { USUAL_PARTIAL } from '../../../src/protocol/operation/result';
import { partMetadata } from '../../../src/protocol/operation/result-packet';
import { encodeTokens } from '../../../src/protocol/content/token-delta';
import { joinBody } from '../../../src/wire/body/body-region';
import { PayloadKind, Profile } from '../../../src/wire/messages/payload-kind';
import { encodeTypedPayload } from '../../../src/wire/preview4/body/typed-payload';

/** A body with regions of so many bytes each, filled with `fill`. */
function regions(lengths: readonly number[], fill = 0): Uint8Array {
  const body = new Uint8Array(32 + lengths.reduce((sum, length) => sum + length, 0)).fill(fill, 32);
  const view = new DataView(body.buffer);
  lengths.forEach((length, index) => view.setUint32(4 * index, length, true));
  return body;
}

describe('what a part says of its body', () => {
  it('is what its descriptors say, where it describes itself', () => {
    const kinds = [PayloadKind.StructuredEvent, PayloadKind.ToolDelta];
    const { typedPayloadDescriptors, typedPayloadFrames } = encodeTypedPayload(
      kinds.map((payloadKind) => ({
        payloadKind,
        profileId: Profile.Unspecified,
        payload: Uint8Array.of(1),
      })),
    );
    const body = joinBody({ typedPayloadDescriptors, typedPayloadFrames });
    expect(partMetadata(body)).toEqual({
      ...USUAL_PARTIAL,
      payloadKindBitmap: PayloadKind.StructuredEvent | PayloadKind.ToolDelta,
      payloadFrameCount: 2,
    });
  });

  it('is that of a text, by whichever revision it was written', () => {
    const { body, fields } = encodeTokens(['whale']);
    expect(partMetadata(body)).toEqual({ ...USUAL_PARTIAL, ...fields });
  });

  it.each([
    ['references of another length than those of preview4', regions([0, 16, 24, 2])],
    ['descriptors of no whole number', regions([0, 0, 25, 0])],
    ['a descriptor of no kind', regions([0, 0, 24, 0])],
    ['a descriptor of two kinds', regions([0, 0, 24, 0], 3)],
    ['no descriptor', regions([24, 0, 0, 0])],
    ['a prelude alone', regions([])],
    ['nothing', new Uint8Array(0)],
  ])('is that of bytes, where it only looks like it: %s', (_, body) => {
    expect(partMetadata(body)).toBe(USUAL_PARTIAL);
  });

  it('never throws', () => {
    const length = fc.integer({ min: 0, max: 100 });
    fc.assert(
      fc.property(fc.array(length, { minLength: 6, maxLength: 6 }), fc.nat(255), (lengths, fill) => {
        partMetadata(regions(lengths, fill));
      }),
    );
  });
});
