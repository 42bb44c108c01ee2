import { describeValue } from '../../../src/testing/matching/describe-value';
import { submit } from '../../../src/testing';

class Whale {
  readonly name = 'Moby';
}

describe('describeValue', () => {
  it.each<[unknown, string]>([
    ['a', '"a"'],
    [5, '5'],
    [5n, '5n'],
    [undefined, 'undefined'],
    [null, 'null'],
    [[1, 'a'], '[1, "a"]'],
    [{ a: { b: 1 } }, '{ a: { b: 1 } }'],
    [{}, '{}'],
    [{ a: { b: { c: { d: 1 } } } }, '{ a: { b: { c: … } } }'],
    [Uint8Array.of(1), '0x01 (1 bytes)'],
    [new TypeError('no'), 'TypeError: no'],
    [submit(42, 1, 'x'), 'FRAME_SUBMIT session 42 frame 1 "x"'],
    [new Whale(), 'Whale { name: "Moby" }'],
    [Object.create(null), '{}'],
    [function sing() {}, '[function sing]'],
  ])('case %#', (value, told) => {
    expect(describeValue(value)).toBe(told);
  });

  it('is not too long', () => {
    expect(describeValue('x'.repeat(1000))).toHaveLength(301);
  });
});
