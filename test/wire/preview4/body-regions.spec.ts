import {
  checkSubmitReferences,
  decodeInlineObjects,
  decodeObjectReferences,
  encodeInlineObjects,
  encodeObjectReferences,
  joinBody,
  CacheObjectKind,
  PayloadKind,
  preview4,
  Profile,
  splitBody,
  StreamSemantics,
  SubmitMode,
  type NnrpFault,
} from '../../../src/wire';
import vectors from '../../vectors/preview4/body-regions.json';
import { fromHex, toHex } from '../../support/hex';
import { faultOf } from '../fault-of';

interface Outcome {
  readonly error?: string;
  readonly detail?: string;
}

interface TypedPayload extends Outcome {
  readonly region: 'typed_payload';
  readonly payload_kind_bitmap: number;
  readonly payload_frame_count: number;
  readonly descriptors: string;
  readonly frames: string;
}

interface ObjectReferences extends Outcome {
  readonly region: 'object_reference';
  readonly submit_mode: keyof typeof SubmitMode;
  readonly object_ref_mask: number;
  readonly references: string;
}

const cases = vectors.cases as readonly (TypedPayload | ObjectReferences)[];
const { ObjectReferenceBlock, BodyRegionPrelude } = preview4.records;
const { decode: decodeTypedPayload, encode: encodeTypedPayload } = preview4.typedPayload;

/** A fault as the reference prints it. */
function printed(fault: NnrpFault): string {
  switch (fault.kind) {
    case 'InvalidProtocolCombination':
      return `{ rule: "${fault.rule}" }`;
    case 'ReservedBitsSet':
      return `{ value: ${fault.value}, allowed: ${fault.allowed} }`;
    default:
      return 'another fault';
  }
}

/** Reads a region, and returns it as it is written. */
function rewritten(vector: TypedPayload | ObjectReferences): readonly string[] {
  if (vector.region === 'object_reference') {
    const blocks = decodeObjectReferences(fromHex(vector.references), ObjectReferenceBlock);
    checkSubmitReferences(blocks, {
      submitMode: SubmitMode[vector.submit_mode],
      objectRefMask: vector.object_ref_mask,
    });
    return [toHex(encodeObjectReferences(blocks, ObjectReferenceBlock))];
  }
  const frames = decodeTypedPayload(
    { payloadKindBitmap: vector.payload_kind_bitmap, payloadFrameCount: vector.payload_frame_count },
    fromHex(vector.descriptors),
    fromHex(vector.frames),
  );
  const made = encodeTypedPayload(frames.map(({ descriptor, payload }) => ({ ...descriptor, payload })));
  expect(made.shape.payloadFrameCount).toBe(vector.payload_frame_count);
  if (frames.length > 0) {
    expect(made.shape.payloadKindBitmap).toBe(vector.payload_kind_bitmap & ~PayloadKind.Tensor);
  }
  return [toHex(made.typedPayloadDescriptors), toHex(made.typedPayloadFrames)];
}

describe('the regions of a body of preview4', () => {
  it('are tried 216 times', () => {
    expect(cases).toHaveLength(216);
  });

  it.each(cases.map((vector, index) => ({ index, vector })))(
    'as the reference: case $index',
    ({ vector }) => {
      if (vector.error !== undefined) {
        const fault = faultOf(() => rewritten(vector));
        expect([fault.kind, printed(fault)]).toEqual([vector.error, vector.detail]);
        return;
      }
      expect(rewritten(vector)).toEqual(
        vector.region === 'object_reference' ? [vector.references] : [vector.descriptors, vector.frames],
      );
    },
  );

  it('make a token submit of the reference: 61 bytes for five letters', () => {
    const { shape, ...regions } = encodeTypedPayload([
      {
        profileId: Profile.Token,
        payloadKind: PayloadKind.TokenChunk,
        descriptorFlags: 2,
        schemaId: 0x1001,
        schemaVersion: 3,
        streamSemantics: StreamSemantics.Append,
        payload: new TextEncoder().encode('hello'),
      },
    ]);
    const body = joinBody(regions, BodyRegionPrelude);
    expect(body).toHaveLength(61);
    expect(shape).toEqual({ payloadKindBitmap: 2, payloadFrameCount: 1 });
    const split = splitBody(body, BodyRegionPrelude);
    const [frame] = decodeTypedPayload(shape, split.typedPayloadDescriptors, split.typedPayloadFrames);
    expect(new TextDecoder().decode(frame?.payload)).toBe('hello');
  });
});

describe('inline objects', () => {
  const objects = [
    { objectKind: CacheObjectKind.CameraBlock, profileId: 0, payload: Uint8Array.of(1, 2, 3) },
    { objectKind: CacheObjectKind.TileIndexBlock, profileId: 1, payload: new Uint8Array(8).fill(9) },
    { objectKind: CacheObjectKind.ToolSchema, profileId: 0, payload: new Uint8Array(0) },
  ];
  const region = encodeInlineObjects(objects);

  it('stand behind their headers, padded to eight bytes', () => {
    expect(region).toHaveLength(24 + 24 + 16);
    expect(decodeInlineObjects(region)).toEqual(objects);
    expect(decodeInlineObjects(new Uint8Array(0))).toEqual([]);
  });

  it.each([
    ['cut in its padding', region.subarray(0, 20), 'inline object block must fit the inline object region'],
    [
      'with something in its padding',
      region.map((byte, at) => (at === 23 ? 1 : byte)),
      'inline object padding must be zero',
    ],
  ])('are refused: one %s', (_, bytes, rule) => {
    expect(faultOf(() => decodeInlineObjects(bytes))).toEqual({ kind: 'InvalidProtocolCombination', rule });
  });

  it('are refused where a header is cut', () => {
    expect(faultOf(() => decodeInlineObjects(region.subarray(0, 30)))).toMatchObject({
      kind: 'SourceTooShort',
      expected: 16,
      actual: 6,
    });
  });
});
