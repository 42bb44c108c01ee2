import fc from 'fast-check';
import {
  decodeSessionExtension,
  encodeSessionExtension,
  MAX_TOLD_PARTS,
  MAX_WANTED_OPERATIONS,
  type SessionExtension,
} from '../../../src/protocol/session/session-extension';
import { fromHex, toHex } from '../../support/hex';

const U32_MAX = 0xffffffff;
const MARK = '6e6e7278';
const ANNOUNCED = `${MARK}01000000`;

const u32s = fc.integer({ min: 0, max: U32_MAX });

const extensions: fc.Arbitrary<SessionExtension & { readonly parts?: readonly number[] }> = fc.record(
  {
    receivedResults: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    wantedOperations: fc.array(u32s),
    lastOperationId: u32s,
    largestPacket: fc.integer({ min: 40, max: U32_MAX }),
    holdsOperations: fc.constant(true as const),
    takesRefusalText: fc.constant(true as const),
    isInPlace: fc.constant(true as const),
    parts: fc.array(fc.oneof(fc.integer({ min: 0, max: U32_MAX - 1 }), fc.constant(Infinity)), {
      minLength: 1,
    }),
    refusalText: fc
      .string({ maxLength: 40, unit: 'grapheme' })
      .filter((text) => Buffer.byteLength(text) <= 256),
  },
  { requiredKeys: [] },
);

describe('the session extension', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(extensions, ({ parts, ...extension }) => {
        // They are of operations, and said with those.
        if (extension.wantedOperations && parts) Object.assign(extension, { receivedParts: parts });
        expect(decodeSessionExtension(encodeSessionExtension(extension))).toEqual(extension);
      }),
    );
  });

  it('is found in the middle of other bytes, where a view says so', () => {
    const bytes = encodeSessionExtension({ receivedResults: 7, wantedOperations: [3, 4] });
    const around = new Uint8Array(bytes.length + 9).fill(0xff);
    around.set(bytes, 5);
    expect(decodeSessionExtension(around.subarray(5, 5 + bytes.length))).toEqual({
      receivedResults: 7,
      wantedOperations: [3, 4],
    });
  });

  it('is the documented bytes', () => {
    expect(toHex(encodeSessionExtension({}))).toBe(ANNOUNCED);
    expect(toHex(encodeSessionExtension({ receivedResults: 0x0102030405 }))).toBe(
      `${ANNOUNCED}020008000504030201000000`,
    );
    expect(toHex(encodeSessionExtension({ wantedOperations: [1, 0xffffffff] }))).toBe(
      `${ANNOUNCED}0300080001000000ffffffff`,
    );
    expect(toHex(encodeSessionExtension({ wantedOperations: [1, 2], receivedParts: [3, Infinity] }))).toBe(
      `${ANNOUNCED}030008000100000002000000` + `1f00080003000000ffffffff`,
    );
    expect(toHex(encodeSessionExtension({ lastOperationId: 258 }))).toBe(`${ANNOUNCED}0400040002010000`);
    expect(toHex(encodeSessionExtension({ largestPacket: 258 }))).toBe(`${ANNOUNCED}0600040002010000`);
    expect(toHex(encodeSessionExtension({ largestPacket: Infinity }))).toBe(`${ANNOUNCED}06000400ffffffff`);
    expect(toHex(encodeSessionExtension({ holdsOperations: true }))).toBe(`${ANNOUNCED}07000000`);
    expect(toHex(encodeSessionExtension({ takesRefusalText: true }))).toBe(`${ANNOUNCED}08000000`);
    expect(toHex(encodeSessionExtension({ refusalText: 'nö' }))).toBe(`${ANNOUNCED}090003006ec3b6`);
  });

  it.each(['0200', '1700'])('has counts that come back, in the entry of tag %s', (tag) => {
    const most = `${ANNOUNCED}${tag}0800ffffffffffff1f00`;
    expect(toHex(encodeSessionExtension(decodeSessionExtension(fromHex(most))!))).toBe(most);
    for (const more of ['0000000000002000', 'ffffffffffffffff']) {
      const read = decodeSessionExtension(fromHex(`${ANNOUNCED}${tag}0800${more}`))!;
      expect(toHex(encodeSessionExtension(read))).toBe(most);
    }
  });

  it('knows nothing of an end that takes no packet at all, as it says', () => {
    const read = [0, 39, 40].map((most) =>
      decodeSessionExtension(encodeSessionExtension({ largestPacket: most })),
    );
    expect(read).toEqual([{}, {}, { largestPacket: 40 }]);
  });

  it('has at most 256 bytes of a text, in whole characters, whoever has written it', () => {
    const read = decodeSessionExtension(encodeSessionExtension({ refusalText: 'é'.repeat(500) }));
    expect(read).toEqual({ refusalText: 'é'.repeat(128) });
    const long = fromHex(`${ANNOUNCED}0900e803${'61'.repeat(1000)}`);
    expect(decodeSessionExtension(long)).toEqual({ refusalText: 'a'.repeat(256) });
  });

  it('tells none wanted from nothing said', () => {
    expect(decodeSessionExtension(encodeSessionExtension({ wantedOperations: [] }))).toEqual({
      wantedOperations: [],
    });
    expect(decodeSessionExtension(encodeSessionExtension({}))).toEqual({});
  });

  it('lists as many wanted operations as an entry can say, and of more says nothing', () => {
    const many = Array.from({ length: MAX_WANTED_OPERATIONS }, (_, index) => index + 1);
    expect(decodeSessionExtension(encodeSessionExtension({ wantedOperations: many }))).toEqual({
      wantedOperations: many,
    });
    const tooMany = [...many, MAX_WANTED_OPERATIONS + 1];
    const extension = { receivedResults: 9, wantedOperations: tooMany };
    expect(decodeSessionExtension(encodeSessionExtension(extension))).toEqual({ receivedResults: 9 });
  });

  it('tells the parts of as many operations as any server has room for, and of more says nothing', () => {
    const many = Array.from({ length: MAX_TOLD_PARTS }, (_, index) => index + 1);
    const told = { wantedOperations: many, receivedParts: many };
    expect(encodeSessionExtension(told).length).toBeLessThan(9000);
    expect(decodeSessionExtension(encodeSessionExtension(told))).toEqual(told);
    const more = [...many, MAX_TOLD_PARTS + 1];
    expect(
      decodeSessionExtension(encodeSessionExtension({ wantedOperations: more, receivedParts: more })),
    ).toEqual({ wantedOperations: more });
  });

  it.each([
    ['nothing', ''],
    ['too little for the mark', '6e6e72'],
    ["another project's mark", '6e6e727901000000'],
    ['the mark alone: the end does not announce itself', MARK],
    ['entries without the announcement', `${MARK}0200080001000000000000 00`.replace(' ', '')],
    ['half an entry head', `${ANNOUNCED}0400`],
    ['a value that is cut off', `${ANNOUNCED}04000400ffff`],
  ])('is unknown: %s', (_, hex) => {
    expect(decodeSessionExtension(fromHex(hex))).toBeUndefined();
  });

  it.each([
    ['an unknown tag', `${ANNOUNCED}ff000300010203`],
    ['a count of another length', `${ANNOUNCED}0200040001000000`],
    ['operations that are no whole words', `${ANNOUNCED}03000300010203`],
    ['an operation id of another length', `${ANNOUNCED}04000800010000000000 0000`.replace(' ', '')],
  ])('skips %s', (_, hex) => {
    expect(decodeSessionExtension(fromHex(hex))).toEqual({});
  });

  it('does not throw, whatever comes', () => {
    const afterMark = fc
      .uint8Array({ maxLength: 60 })
      .map((rest) => Uint8Array.of(...fromHex(MARK), ...rest));
    const nearly = fc
      .tuple(extensions.map(encodeSessionExtension), fc.nat(), fc.nat(255), fc.nat(80))
      .map(([bytes, at, value, end]) => {
        const changed = bytes.slice(0, end);
        if (changed.length > 0) changed[at % changed.length] = value;
        return changed;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), afterMark, nearly), (bytes) => {
        const extension = decodeSessionExtension(bytes);
        if (extension === undefined) return;
        // What was understood can be said again, and means the same.
        const { receivedResults = 0 } = extension;
        if (Number.isSafeInteger(receivedResults)) {
          expect(decodeSessionExtension(encodeSessionExtension(extension))).toEqual(extension);
        }
      }),
      { numRuns: 500 },
    );
  });
});
