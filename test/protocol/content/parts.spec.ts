import fc from 'fast-check';
import { encodeParts } from '../../../src/protocol/content/parts/encode-parts';
import type { Part } from '../../../src/protocol/content/parts/part';
import { PartDecoder, partsOf } from '../../../src/protocol/content/parts/part-decoder';
import { partResult } from '../../../src/protocol/content/parts/part-result';
import { decodeTensor, encodeTensor } from '../../../src/protocol/content/parts/tensor';
import { decodeTokens, type TypedBody } from '../../../src/protocol/content/token-decoder';
import { inPreview4 } from '../../../src/protocol/content/typed-body';
import { completeResult, partialResult } from '../../../src/protocol/operation/result';
import { partMetadata } from '../../../src/protocol/operation/result-packet';
import { joinBody } from '../../../src/wire/body/body-region';
import { encodeTypedPayload } from '../../../src/wire/body/typed-payload';
import { NnrpError } from '../../../src/wire/errors';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
import { PayloadKind, Profile } from '../../../src/wire/messages/payload-kind';
import { StreamSemantics } from '../../../src/wire/messages/schema-descriptor';
import { encodeTypedPayload as encodeInPreview4 } from '../../../src/wire/preview4/body/typed-payload';
import { text } from '../../support/packets';

const bytes = fc.uint8Array({ maxLength: 12 });

const text$ = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });

/** A part of each kind that can be one of several in a body. */
const framePart: fc.Arbitrary<Exclude<Part, { kind: 'tensor' | 'summary' }>> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), text: text$ }),
  fc.record({ kind: fc.constantFrom('event' as const, 'tool' as const), value: fc.jsonValue() }),
  fc.record({ kind: fc.constantFrom('audio' as const, 'video' as const, 'bytes' as const), bytes }),
);

const u8 = fc.nat(0xff);

/** A tensor whose sections have the same tiles. */
const tensor = fc.integer({ min: 0, max: 4 }).chain((count) =>
  fc.record({
    sections: fc
      .array(
        fc.record({
          roleId: fc.nat(0xffff),
          codecId: u8,
          dtypeId: u8,
          layoutId: u8,
          scalePolicy: u8,
          elementCountPerTile: fc.nat(0xffff_ffff),
          tiles: fc.array(bytes, { minLength: count, maxLength: count }),
        }),
        { minLength: 1, maxLength: 3 },
      )
      .map((sections) => sections.map((section, index) => ({ ...section, roleId: 3 * index })).slice()),
    tileIds: fc.uniqueArray(fc.nat(0xffff), { minLength: count, maxLength: count }),
  }),
);

const maker = {
  partial: (...given: Parameters<typeof partialResult> extends [number, ...infer R] ? R : never) =>
    partialResult(1, ...given),
  complete: (...given: Parameters<typeof completeResult> extends [number, ...infer R] ? R : never) =>
    completeResult(1, ...given),
};

/** A result as a client has it, who has read it off the wire in a revision. */
function received(part: Part, revision: 'preview3' | 'preview4') {
  const result = partResult(maker, part);
  if (revision === 'preview3') return result;
  const body = inPreview4(result.metadata, result.body);
  return part.kind === 'summary' ? { ...result, body } : { ...result, metadata: partMetadata(body), body };
}

/** JSON has no -0 and no undefined. */
function asJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function plain(part: Part): Part {
  return part.kind === 'event' || part.kind === 'tool' ? { ...part, value: asJson(part.value) } : part;
}

function typed(kinds: number, count: number, body: Uint8Array): TypedBody {
  return { metadata: { payloadKindBitmap: kinds, payloadFrameCount: count }, body };
}

function fault(of: () => unknown): string {
  try {
    return JSON.stringify(of());
  } catch (error) {
    return error instanceof NnrpError || error instanceof TypeError || error instanceof RangeError
      ? error.message
      : `thrown: ${String(error)}`;
  }
}

describe.each(['preview3', 'preview4'] as const)('parts, in %s', (revision) => {
  it('come out of a result as they went in', () => {
    fc.assert(
      fc.property(framePart, (part) => {
        const decoder = new PartDecoder();
        expect([...decoder.decodeResult(received(part, revision)), ...decoder.end()]).toEqual([plain(part)]);
      }),
    );
  });

  it('come out of a question as they went in, several in order', () => {
    fc.assert(
      fc.property(fc.array(framePart, { maxLength: 5 }), (parts) => {
        const { body, metadata } = encodeParts(parts, { revision });
        const { payloadKindBitmap = 0, payloadFrameCount = 0 } = metadata;
        const shape = { payloadKindBitmap, payloadFrameCount };
        const sent = revision === 'preview4' ? inPreview4(shape, body) : body;
        expect(partsOf({ metadata: shape, body: sent })).toEqual(parts.map(plain));
      }),
    );
  });

  it('has a tensor whole, its tiles by their numbers', () => {
    fc.assert(
      fc.property(tensor, (given) => {
        const [part] = new PartDecoder().decodeResult(received(encodeTensor(given), revision));
        expect(part!.kind).toBe('tensor');
        expect(decodeTensor(part as never)).toEqual(given);
      }),
    );
  });

  it('has a summary in the last result only', () => {
    const summary = { kind: 'summary', usage: { inputTokens: 1, outputTokens: 2 }, model: 'm' } as const;
    const last = received(summary, revision);
    expect(new PartDecoder().decodeResult(last)).toEqual([summary]);
    expect(
      new PartDecoder().decodeResult(
        partialResult(1, last.body, last.metadata && { ...last.metadata, resultClass: 1 }),
      ),
    ).toEqual([{ kind: 'event', value: { type: 'summary', usage: summary.usage, model: 'm' } }]);
  });
});

describe('a tensor', () => {
  const tiles = [text('ab'), text('c')];

  it('has numbers from 0 on, and fields of 0, where nothing is said of them', () => {
    const part = encodeTensor({ sections: [{ tiles }, { tiles, strideBytes: 4, tileCodecIds: [7, 8] }] });
    expect(part.metadata).toMatchObject({ sectionCount: 2, tileCount: 2, tileBaseId: 0, tileIndexBytes: 0 });
    const undescribed = { codecId: 0, dtypeId: 0, layoutId: 0, scalePolicy: 0, elementCountPerTile: 0 };
    expect(decodeTensor(part)).toEqual({
      tileIds: [0, 1],
      sections: [
        { roleId: 0, ...undescribed, tiles },
        { roleId: 1, ...undescribed, tiles, strideBytes: 4, tileCodecIds: [7, 8] },
      ],
    });
  });

  it.each([
    [{ sections: 3 }, /^sections must be a list, each item an object with roleId, .*, got 3$/],
    [{ sections: [{}] }, /^sections\[0\]\.tiles must be a list, each item a Uint8Array, got undefined$/],
    [{ sections: [{ tiles: ['a'] }] }, /^sections\[0\]\.tiles must be a list/],
    [
      { sections: [{ tiles, codecId: 256 }] },
      /^sections\[0\]\.codecId must be an integer from 0 to 255, got 256$/,
    ],
    [{ sections: [{ tiles }], tileIds: [1] }, /as many tile ids as its sections have tiles/],
    [{ sections: [{ tiles }, { tiles: [] }] }, /must have the same tiles/],
    [
      {
        sections: [
          { tiles, roleId: 1 },
          { tiles, roleId: 1 },
        ],
      },
      /strictly ordered by role_id/,
    ],
    [{ sections: [{ tiles, strideBytes: 1 }] }, /must fit the payload stride/],
    [{ sections: [{ tiles, tileCodecIds: [1] }] }, /an entry for each tile/],
  ])('is none of %j', (given, message) => {
    expect(fault(() => encodeTensor(given as never))).toMatch(message);
  });

  it('is read from frames of preview3’s profile, each with tiles of one size', () => {
    const frames = [text('abcd'), text('efgh')].map((payload) => ({ profileId: Profile.Tensor, payload }));
    const body = joinBody(encodeTypedPayload(PayloadKind.Tensor, frames));
    const dense = { ...typed(PayloadKind.Tensor, 2, body).metadata, tileCount: 2, tileBaseId: 5 };
    const [part] = partsOf({ metadata: dense, body });
    const read = decodeTensor(part as never);
    expect(read.tileIds).toEqual([5, 6]);
    expect(read.sections.map(({ roleId, tiles }) => [roleId, ...tiles])).toEqual([
      [0, text('ab'), text('cd')],
      [1, text('ef'), text('gh')],
    ]);
    const odd = { kind: 'tensor' as const, metadata: { ...dense, tileCount: 3 }, body };
    expect(fault(() => decodeTensor(odd))).toMatch(/of one size/);
    const many = { kind: 'tensor' as const, metadata: { ...dense, tileCount: 0xffff }, body };
    expect(fault(() => decodeTensor(many))).toMatch(/65535/);
  });

  it('has no tile ids of its own in a question of preview3, and in preview4 it has', () => {
    const part = encodeTensor({ sections: [{ tiles }], tileIds: [3, 9] });
    expect(fault(() => encodeParts([part]))).toMatch(/preview3 has no place for a tile index/);
    const { body, metadata } = encodeParts([part], { revision: 'preview4' });
    expect(metadata).toMatchObject({
      payloadKindBitmap: 1,
      tileCount: 2,
      tileIndexMode: 1,
      tileIndexBytes: 4,
    });
    const [read] = partsOf({ metadata: metadata as TypedBody['metadata'], body });
    expect(decodeTensor(read as never).tileIds).toEqual([3, 9]);
    expect(fault(() => encodeParts([part, part], { revision: 'preview4' }))).toMatch(/one tensor/);
  });

  it('stands before the other parts of its body', () => {
    const part = encodeTensor({ sections: [{ tiles }] });
    const { body, metadata } = encodeParts([{ kind: 'text', text: 'x' }, part]);
    const parts = partsOf({ metadata: metadata as TypedBody['metadata'], body });
    expect(parts.map(({ kind }) => kind)).toEqual(['tensor', 'text']);
    expect(decodeTensor(parts[0] as never).sections[0]!.tiles).toEqual(tiles);
  });
});

describe('a reference', () => {
  const id = { cacheNamespace: 1, cacheKeyHi: 2, cacheKeyLo: 3 };

  it.each(['preview3', 'preview4'] as const)('to a cached object is what %s has', (revision) => {
    const references = [
      { ...id, objectKind: CacheObjectKind.TensorSectionTable },
      { ...id, objectKind: CacheObjectKind.TileIndexBlock },
    ];
    const { body, metadata } = encodeParts([], { references, revision });
    expect(metadata).toMatchObject({ submitMode: 1, objectRefMask: 0b110, payloadKindBitmap: 1 });
    expect(body.length).toBe(32 + 2 * (revision === 'preview4' ? 24 : 16));
    expect(encodeParts([{ kind: 'text', text: 'x' }], { references }).metadata.submitMode).toBe(2);
    const camera = { ...id, objectKind: CacheObjectKind.CameraBlock };
    const alone = encodeParts([], { references: [camera], revision }) as TypedBody;
    expect([partsOf(alone), decodeTokens(alone)]).toEqual([[], []]);
  });

  it('is to one object of a kind, of a kind that a submit can refer to', () => {
    const twice = { ...id, objectKind: CacheObjectKind.CameraBlock };
    expect(fault(() => encodeParts([], { references: [twice, twice] }))).toMatch(/duplicate/);
    const prompt = { ...id, objectKind: CacheObjectKind.PromptSegment };
    expect(fault(() => encodeParts([], { references: [prompt] }))).toMatch(/non-zero object_ref_mask/);
  });
});

describe('what is no part', () => {
  it.each([
    [{ kind: 'whale' }, /^a part must be an object whose kind is one of text, .*, got one of kind "whale"$/],
    [{ text: 'whale' }, /^a part must be an object whose kind is one of text, .*, got an object with text$/],
    [{ kind: 'summary' }, /^a part must be an object/],
    [{ kind: 'text' }, /^the text of a part must be a string, got undefined$/],
    [{ kind: 'audio', bytes: 'x' }, /^the bytes of a part must be a Uint8Array/],
    [
      { kind: 'event', value: () => 1 },
      /^the value of an event must be a value that JSON has, got a function$/,
    ],
    [7, /^the parts of encodeParts must be a list/],
  ])('is told so: %j', (part, message) => {
    expect(fault(() => encodeParts([part as never]))).toMatch(message);
  });
});

describe('the body of a hostile peer', () => {
  it('of preview3 with several kinds is told apart as far as it says', () => {
    const frame = (payload: string, streamSemantics = 0, profileId: number = Profile.Unspecified) => ({
      profileId,
      streamSemantics,
      payload: text(payload),
    });
    const frames = [
      frame('1', StreamSemantics.Event),
      frame('2', StreamSemantics.ToolUpdate),
      frame('a', 0, Profile.Token),
      frame('b'),
    ];
    const kinds =
      PayloadKind.StructuredEvent | PayloadKind.ToolDelta | PayloadKind.TokenChunk | PayloadKind.AudioChunk;
    const mixed = typed(kinds, 4, joinBody(encodeTypedPayload(kinds, frames)));
    expect(partsOf(mixed)).toEqual([
      { kind: 'event', value: 1 },
      { kind: 'tool', value: 2 },
      { kind: 'text', text: 'a' },
      { kind: 'bytes', bytes: text('b') },
    ]);
    expect(decodeTokens(mixed)).toEqual(['a']);
  });

  it('of preview4 without flags is no body of preview3', () => {
    const frames = [PayloadKind.AudioChunk, PayloadKind.VideoChunk].map((payloadKind) => ({
      payloadKind,
      payload: text('x'),
    }));
    const body = joinBody(encodeInPreview4(frames));
    const parts = partsOf(typed(PayloadKind.AudioChunk | PayloadKind.VideoChunk, 2, body));
    expect(parts.map(({ kind }) => kind)).toEqual(['audio', 'video']);
    const [audio] = frames;
    const alone = joinBody(encodeInPreview4([audio!]));
    expect(inPreview4({ payloadKindBitmap: PayloadKind.AudioChunk, payloadFrameCount: 1 }, alone)).toBe(
      alone,
    );
  });

  it.each(['{', '', '\ufffd'])('is told where what has to be JSON is %j', (payload) => {
    const frames = [{ payloadKind: PayloadKind.StructuredEvent, payload: text(payload) }];
    const odd = typed(PayloadKind.StructuredEvent, 1, joinBody(encodeInPreview4(frames)));
    expect(fault(() => partsOf(odd))).toMatch(/must be JSON/);
  });

  it('is parts, or an error with a name, whatever it is', () => {
    const region = fc.uint8Array({ maxLength: 64 });
    const body = fc.oneof(
      region,
      fc
        .record({ inlineObjects: region, typedPayloadDescriptors: region, typedPayloadFrames: region })
        .map((r) => joinBody(r)),
    );
    const metadata = fc.record({
      payloadKindBitmap: fc.nat(0x7f),
      payloadFrameCount: fc.nat(3),
      tileCount: fc.nat(9),
    });
    fc.assert(
      fc.property(metadata, body, (metadata, body) => {
        const told = fault(() =>
          partsOf({ metadata, body }).map((part) =>
            part.kind === 'tensor' ? decodeTensor(part).tileIds : part.kind,
          ),
        );
        expect(told).not.toMatch(/^thrown/);
        partMetadata(body);
      }),
      { numRuns: 500 },
    );
  });

  it('is no result and no submit', () => {
    expect(fault(() => partsOf(undefined as never))).toBe(
      'what is decoded must be a result or a submit, got undefined',
    );
  });
});
