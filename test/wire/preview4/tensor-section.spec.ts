import fc from 'fast-check';
import { NnrpError } from '../../../src/wire/errors';
import {
  decodeTensorSections,
  encodeTensorSections,
  TensorSectionDescriptor,
  TensorSectionFlag,
  type TensorSection,
} from '../../../src/wire/preview4/body/tensor-section';

const u8 = fc.nat(0xff);

/** Sections of the same tiles, as a peer may write them. */
const sections = fc.integer({ min: 0, max: 3 }).chain((count) => {
  const tiles = fc.array(fc.uint8Array({ maxLength: 5 }), { minLength: count, maxLength: count });
  const codecs = fc.array(u8, { minLength: count, maxLength: count });
  const section = fc.record({
    codecId: u8,
    dtypeId: u8,
    layoutId: u8,
    scalePolicy: u8,
    elementCountPerTile: fc.nat(0xffff_ffff),
    tiles,
    more: fc.record(
      { tileCodecIds: count === 0 ? fc.constant(undefined) : codecs, strideBytes: fc.constantFrom(5, 9) },
      { requiredKeys: [] },
    ),
  });
  return fc.array(section, { maxLength: 3 }).map((given) =>
    given.map(({ more: { tileCodecIds, strideBytes }, ...fields }, index): TensorSection => ({
      roleId: 2 * index,
      ...fields,
      ...(tileCodecIds && { tileCodecIds }),
      ...(strideBytes && { strideBytes }),
    })),
  );
});

/** One section, whose tables are as they are given. */
function section(
  fields: Partial<TensorSectionDescriptor>,
  { codecs = [], lengths = [], payload = [] }: Partial<Record<'codecs' | 'lengths' | 'payload', number[]>>,
): Uint8Array {
  const lengthTable = lengths.flatMap((length) => [length & 0xff, (length >> 8) & 0xff, length >> 16, 0]);
  const descriptor = TensorSectionDescriptor.of({
    codecTableBytes: codecs.length,
    lengthTableBytes: lengthTable.length,
    payloadBytes: payload.length,
    sectionFlags: codecs.length > 0 ? TensorSectionFlag.MixedCodec : 0,
    ...fields,
  });
  return Uint8Array.from([
    ...TensorSectionDescriptor.encode(descriptor),
    ...codecs,
    ...lengthTable,
    ...payload,
  ]);
}

const fixed = { sectionFlags: TensorSectionFlag.FixedStride, payloadStrideBytes: 2 };

describe('sections of a tensor', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(sections, (given) => {
        expect(decodeTensorSections(encodeTensorSections(given))).toEqual(given);
      }),
    );
  });

  it('stand at multiples of eight bytes, as the runtime writes them', () => {
    const tile = (roleId: number, byte: number): TensorSection => ({
      roleId,
      codecId: 1,
      dtypeId: 2,
      layoutId: 3,
      scalePolicy: 4,
      elementCountPerTile: 1,
      tiles: [Uint8Array.of(byte)],
    });
    const table = encodeTensorSections([tile(1, 7), tile(2, 8)]);
    expect(table.length).toBe(40 + 37);
    expect([...table.subarray(32, 40)]).toEqual([1, 0, 0, 0, 7, 0, 0, 0]);
    expect([...table.subarray(40, 46)]).toEqual([2, 0, 1, 2, 3, 4]);
  });

  it.each<[string, Uint8Array]>([
    ['tensor section must fit', section({ payloadBytes: 9 }, {})],
    ['must be exactly covered', section({}, { lengths: [1], payload: [1, 2] })],
    ['must fit the section payload', section({}, { lengths: [3], payload: [1, 2] })],
    ['must fit the payload stride', section(fixed, { lengths: [3], payload: [1, 2] })],
    ['must be exactly covered', section(fixed, { lengths: [2], payload: [1, 2, 3, 4] })],
    ['an entry for each tile', section({}, { codecs: [1], lengths: [1, 1], payload: [1, 2] })],
    ['65535', section({}, { lengths: new Array<number>(65_536).fill(0) })],
  ])('are refused: %s', (message, table) => {
    expect(() => decodeTensorSections(table)).toThrow(message);
  });

  it('have no more tiles together than the protocol counts', () => {
    const many = section({ roleId: 1 }, { lengths: new Array<number>(40_000).fill(0) });
    const more = section({ roleId: 2 }, { lengths: new Array<number>(40_000).fill(0) });
    expect(() => decodeTensorSections(Uint8Array.from([...many, ...more]))).toThrow('65535');
  });

  it('are sections or an NnrpError, whatever the bytes are', () => {
    fc.assert(
      fc.property(sections, fc.array(fc.tuple(fc.nat(), u8), { maxLength: 3 }), (given, changes) => {
        const table = encodeTensorSections(given);
        for (const [at, byte] of changes) if (table.length > 0) table[at % table.length] = byte;
        try {
          decodeTensorSections(table);
        } catch (error) {
          expect(error).toBeInstanceOf(NnrpError);
        }
      }),
    );
  });
});
