import { describeBytes, hexOf, sameBytes, textOf } from '../../../src/testing/matching/describe-bytes';

const utf8 = (text: string) => new TextEncoder().encode(text);

describe('describeBytes', () => {
  it.each([
    [new Uint8Array(0), '(empty)'],
    [utf8('hello'), '"hello"'],
    [utf8('a\nb\t"c"'), '"a\\nb\\t\\"c\\""'],
    [utf8('日本🐳'), '"日本🐳"'],
    [Uint8Array.of(0), '0x00 (1 bytes)'],
    [Uint8Array.of(0xff, 0xfe), '0xfffe (2 bytes)'],
    [utf8('x'.repeat(61)), `"${'x'.repeat(60)}"… (61 bytes)`],
    [new Uint8Array(30), `0x${'00'.repeat(24)}… (30 bytes)`],
  ])('%#', (bytes, told) => {
    expect(describeBytes(bytes)).toBe(told);
  });
});

describe('textOf', () => {
  it('is undefined for what is no text', () => {
    expect(textOf(utf8('é'))).toBe('é');
    expect(textOf(utf8('é').subarray(0, 1))).toBeUndefined();
    expect(textOf(Uint8Array.of(7))).toBeUndefined();
  });
});

describe('hexOf and sameBytes', () => {
  it('tell bytes apart', () => {
    expect(hexOf(Uint8Array.of(1, 0xab))).toBe('0x01ab (2 bytes)');
    expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
  });
});
