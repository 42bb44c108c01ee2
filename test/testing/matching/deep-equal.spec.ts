import { OperationError } from '../../../src';
import { deepEqual } from '../../../src/testing/matching/deep-equal';

/** A value that holds itself. */
function knot(value: number): object {
  const tied: { value: number; self?: object } = { value };
  tied.self = tied;
  return tied;
}

describe('deepEqual', () => {
  it.each<[unknown, unknown]>([
    [1, 1],
    [NaN, NaN],
    [7n, 7n],
    ['a', 'a'],
    [undefined, undefined],
    [
      [1, [2]],
      [1, [2]],
    ],
    [
      { a: 1, b: { c: 2 } },
      { b: { c: 2 }, a: 1 },
    ],
    [{ a: 1, b: undefined }, { a: 1 }],
    [Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
    [Uint8Array.of(1), Buffer.from([1])],
    [new Error('x'), new Error('x')],
    [new OperationError('dropped', 1, 2), new OperationError('dropped', 1, 2)],
    [knot(1), knot(1)],
    [expect.any(Number), 5],
    [[expect.anything()], ['x']],
  ])('is true, case %#', (a, b) => {
    expect(deepEqual(a, b)).toBe(true);
  });

  it.each<[unknown, unknown]>([
    [1, 2],
    [1, 1n],
    [0, -0],
    ['a', 'b'],
    [null, {}],
    [[], {}],
    [[1], [1, 2]],
    [{ a: 1 }, { b: 1 }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [Uint8Array.of(1), Uint8Array.of(2)],
    [new Error('x'), new Error('y')],
    [new Error('x'), new TypeError('x')],
    [new OperationError('dropped', 1, 2), new OperationError('dropped', 1, 3)],
    [knot(1), knot(2)],
    [expect.any(Number), '5'],
  ])('is false, case %#', (a, b) => {
    expect(deepEqual(a, b)).toBe(false);
  });
});
