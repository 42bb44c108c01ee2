import { interpretCodec } from '../../src/wire/codec/interpreted';
import { enumerationKey, NnrpError, preview3, preview4, type WireRecord } from '../../src/wire';
import preview3Vectors from '../vectors/records.json';
import preview4Vectors from '../vectors/preview4/records.json';
import { fromHex, toHex } from '../support/hex';

interface Vector {
  readonly record: string;
  readonly hex: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly error?: string;
  readonly detail?: string;
}

type AnyRecord = WireRecord<Record<string, unknown>>;

const revisions = [
  {
    name: preview3.name,
    table: preview3.records as unknown as Readonly<Record<string, AnyRecord>>,
    cases: preview3Vectors.cases as readonly Vector[],
    count: 1010,
  },
  {
    name: preview4.name,
    table: preview4.records as unknown as Readonly<Record<string, AnyRecord>>,
    cases: preview4Vectors.cases as readonly Vector[],
    count: 1860,
  },
];

/** The vector's spelling of decoded fields: snake_case, enumerations by name, u64 as decimal text. */
function spelled(codec: AnyRecord, value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, fieldValue]) => {
      const field = codec.definition.fields[name];
      const key = name.replace(/[A-Z]/g, (letter) => `_${letter}`.toLowerCase());
      if (field?.kind === 'enum') return [key, enumerationKey(field.values, fieldValue as number)];
      return [key, typeof fieldValue === 'bigint' ? String(fieldValue) : fieldValue];
    }),
  );
}

function kindOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof NnrpError) return error.kind;
    throw error;
  }
  return 'accepted';
}

describe.each(revisions)(
  'what the reference says of $count byte strings of $name',
  ({ table, cases, count }) => {
    it('covers every record', () => {
      expect(cases).toHaveLength(count);
      expect(new Set(cases.map(({ record }) => record))).toEqual(new Set(Object.keys(table)));
    });

    describe.each([
      ['compiled', (codec: AnyRecord) => codec],
      [
        'interpreted',
        ({ definition, length }: AnyRecord) => {
          const codec = interpretCodec(definition);
          return {
            decode: (bytes: Uint8Array) => codec.decode(bytes, 0) as Record<string, unknown>,
            check: (bytes: Uint8Array) => {
              codec.check(bytes, 0);
            },
            read: codec.read,
            encode: (value: Record<string, unknown>) => {
              const bytes = new Uint8Array(length);
              codec.encodeInto(value, bytes, 0);
              return bytes;
            },
          };
        },
      ],
    ] as const)('%s codec', (_, codecOf) => {
      it.each(Object.keys(table))('%s', (name) => {
        const codec = table[name]!;
        const { decode, check, read, encode } = codecOf(codec);
        const ofRecord = cases.filter(({ record }) => record === name);
        expect(ofRecord.length).toBeGreaterThan(20);
        for (const { hex, fields, error } of ofRecord) {
          const bytes = fromHex(hex);
          expect({ hex, kind: kindOf(() => check(bytes)) }).toEqual({ hex, kind: error ?? 'accepted' });
          if (fields === undefined) {
            expect({ hex, kind: kindOf(() => decode(bytes)) }).toEqual({ hex, kind: error });
          } else {
            const value = decode(bytes);
            expect({ hex, fields: spelled(codec, value) }).toEqual({ hex, fields });
            for (const name of Object.keys(value)) expect(read[name]?.(bytes)).toBe(value[name]);
            expect(toHex(encode(value))).toBe(hex.slice(0, codec.length * 2));
          }
        }
      });
    });
  },
);

describe.each(revisions)('the particulars of an error of $name', ({ table, cases }) => {
  const named = cases.filter(
    ({ detail }) => detail !== undefined && /field: |expected: |rule: |enum_name: /.test(detail),
  );

  it('are those of the reference', () => {
    expect(named.length).toBeGreaterThan(300);
    for (const { record, hex, detail } of named) {
      const particulars = /(?:field|rule|enum_name): "([^"]+)"/.exec(detail!)?.[1];
      const lengths = /expected: (\d+), actual: (\d+)/.exec(detail!);
      try {
        table[record]!.decode(fromHex(hex));
        throw new Error('accepted');
      } catch (error) {
        const fault = (error as NnrpError).fault as unknown as Record<string, unknown>;
        if (lengths !== null) {
          expect(fault).toMatchObject({ expected: Number(lengths[1]), actual: Number(lengths[2]) });
        } else {
          expect([fault['field'], fault['rule'], fault['enumName']]).toContain(particulars);
        }
      }
    }
  });
});
