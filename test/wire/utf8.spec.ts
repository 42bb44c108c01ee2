import fc from 'fast-check';
import { readShortAscii, utf8Length, writeUtf8 } from '../../src/wire/bytes/utf8';

const encoder = new TextEncoder();

/** Texts of any characters, halves of pairs among them. */
const texts = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  maxLength: 200,
});
const legible = fc.string({ unit: 'binary', maxLength: 200 });

function written(text: string, at: number): Uint8Array {
  const bytes = new Uint8Array(at + 3 * text.length);
  return bytes.subarray(at, writeUtf8(text, bytes, at));
}

describe('writeUtf8 and utf8Length', () => {
  it('are what the platform makes of any text, halves of pairs as U+FFFD', () => {
    fc.assert(
      fc.property(fc.oneof(texts, legible), fc.nat(9), (text, at) => {
        const expected = encoder.encode(text);
        expect(written(text, at)).toEqual(expected);
        expect(utf8Length(text)).toBe(expected.length);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['', 0],
    ['whale', 5],
    ['é', 2],
    ['鯨', 3],
    ['🐳', 4],
    ['\ud83d', 3],
    ['\udc33', 3],
    ['\udc33\ud83d', 6],
    ['\ud83dx', 4],
    ['x'.repeat(65), 65],
    ['🐳'.repeat(40), 160],
  ])('%j has %i bytes', (text, bytes) => {
    expect(utf8Length(text)).toBe(bytes);
    expect(written(text, 3)).toEqual(encoder.encode(text));
  });
});

describe('readShortAscii', () => {
  it('reads what is ASCII and not long, and nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 40 }), legible), fc.nat(5), (text, start) => {
        const bytes = new Uint8Array([...new Uint8Array(start).fill(0xff), ...encoder.encode(text), 0xff]);
        const isPlain = /^[\0-\x7f]*$/.test(text) && text.length <= 32;
        expect(readShortAscii(bytes, start, bytes.length - 1)).toBe(isPlain ? text : undefined);
      }),
      { numRuns: 1000 },
    );
  });
});
