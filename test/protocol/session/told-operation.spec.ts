import fc from 'fast-check';
import {
  decodeToldOperations,
  encodeToldOperation,
  type ToldOperation,
} from '../../../src/protocol/session/told-operation';

const METADATA_BYTES = 72;
const LONG = new Uint8Array(200_000).fill(7);

/** Large arrays are slow to compare item by item. */
function text(operations: readonly ToldOperation[] | undefined): unknown {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return operations?.map(({ sent, ...rest }) => ({
    ...rest,
    sent: sent && [hex(sent.metadata), hex(sent.body)],
  }));
}

const sent = fc.record({
  metadata: fc.uint8Array({ minLength: METADATA_BYTES, maxLength: METADATA_BYTES }),
  body: fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.constant(LONG)),
});
const operation = fc.record({
  operationId: fc.integer({ min: 1, max: 0xffffffff }),
  isWhole: fc.boolean(),
  sent: fc.option(sent, { nil: undefined }),
});

describe('operations that a server tells of', () => {
  it('are what they were, however much was sent', () => {
    const several = fc.uniqueArray(operation, { selector: ({ operationId }) => operationId, maxLength: 5 });
    fc.assert(
      fc.property(several, (operations) => {
        const values = operations.flatMap(encodeToldOperation);
        expect(values.every(({ length }) => length <= 0xffff)).toBe(true);
        expect(text(decodeToldOperations(values))).toEqual(text(operations));
      }),
    );
  });

  it.each([
    ['are too short', [new Uint8Array(4)]],
    ['have the id 0', [Uint8Array.of(0, 0, 0, 0, 1)]],
    ['lack their metadata', [Uint8Array.of(1, 0, 0, 0, 3, 9)]],
  ])('are none where they %s', (_, values) => {
    expect(decodeToldOperations(values)).toBeUndefined();
  });
});
