import fc from 'fast-check';
import { compileCodec } from '../../../src/wire/codec/compiled';
import { interpretCodec } from '../../../src/wire/codec/interpreted';
import { everyRecord, fieldValues, nearEncodings } from '../../support/arbitraries';
import { toHex } from '../../support/hex';
import { outcomeOf } from '../fault-of';
import { describeCodec } from './codec-contract';

describe('the interpreted codec', () => {
  describeCodec(interpretCodec);
});

describe('the interpreted and the compiled codec agree', () => {
  const codecs = everyRecord.map(([name, record]) => ({
    name,
    record,
    interpreted: interpretCodec(record.definition),
    compiled: compileCodec(record.definition)!,
  }));

  it.each(codecs)('on byte strings: $name', ({ record, interpreted, compiled }) => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(
        fc.oneof(nearEncodings(record), fc.uint8Array({ maxLength: 100 })),
        fc.nat(3),
        (bytes, offset) => {
          const outcome = outcomeOf(() => compiled.decode(bytes, offset));
          kinds.add(Object.keys(outcome as object).join());
          expect(outcomeOf(() => interpreted.decode(bytes, offset))).toEqual(outcome);
        },
      ),
      { numRuns: 150 },
    );
    expect(kinds).toEqual(new Set(['value', 'fault']));
  });

  it.each(codecs)(
    'on values, whatever stands in their fields: $name',
    ({ record, interpreted, compiled }) => {
      const anything = fc.oneof(
        fc.constantFrom(undefined, null, -1, -0, 0.5, NaN, Infinity, 2 ** 32, 2n ** 64n, -1n, true, '1', 'x'),
        fc.integer(),
        fc.bigInt(),
      );
      const fields = Object.entries(record.definition.fields).map(([name, field]) => [
        name,
        fc.oneof({ weight: 60, arbitrary: fieldValues(field) }, { weight: 1, arbitrary: anything }),
      ]);
      const value = fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>);
      const encodedBy = (codec: typeof compiled, given: unknown) =>
        outcomeOf(() => {
          const bytes = new Uint8Array(record.length);
          codec.encodeInto(given as never, bytes, 0);
          return toHex(bytes);
        });
      fc.assert(
        fc.property(value, (given) => {
          expect(encodedBy(interpreted, given)).toEqual(encodedBy(compiled, given));
          expect(interpreted.of(given as never)).toEqual(compiled.of(given as never));
        }),
        { numRuns: 150 },
      );
    },
  );
});
