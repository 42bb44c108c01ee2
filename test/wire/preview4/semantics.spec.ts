import { interpretCodec } from '../../../src/wire/codec/interpreted';
import { MessageType, preview4, type MessageRow } from '../../../src/wire';
import vectors from '../../vectors/preview4/semantics.json';
import { fromHex } from '../../support/hex';
import { faultOf } from '../fault-of';

interface Vector {
  readonly messageType: string;
  readonly record: string;
  readonly hex: string;
  readonly error?: string;
  readonly detail?: string;
}

const cases = vectors.cases as readonly Vector[];

/** A row with the record of that name: the types of a record have the same rules. */
function rowWith(record: string): MessageRow {
  const row = preview4.messages.find((each) => each?.record?.name === record);
  if (row === undefined) throw new Error(`no message has ${record}`);
  return row;
}

describe('the rules that depend on a message type', () => {
  it('are tried 259 times', () => {
    expect(cases).toHaveLength(259);
  });

  it.each(cases)('$messageType with $record $hex: $error', ({ messageType, record, hex, error, detail }) => {
    const row = rowWith(record);
    const bytes = fromHex(hex);
    const metadata = row.record!.decode(bytes);
    expect(interpretCodec(row.record!.definition).decode(bytes, 0)).toEqual(metadata);
    const check = () => {
      row.checkRules(metadata, MessageType[messageType as keyof typeof MessageType]);
    };
    if (error === undefined) {
      expect(check).not.toThrow();
      return;
    }
    const fault = faultOf(check) as unknown as Record<string, unknown>;
    const [, said] = /(?:rule|enum_name): "([^"]+)"/.exec(detail!)!;
    expect([fault['kind'], fault['rule'] ?? fault['enumName']]).toEqual([error, said]);
    const value = /value: (\d+)/.exec(detail!)?.[1];
    expect(fault['value']).toBe(value === undefined ? undefined : Number(value));
  });

  it('are those of all types of a record', () => {
    const rules = new Map<string, unknown>();
    for (const row of preview4.messages) {
      if (row?.record === undefined) continue;
      const { name } = row.record;
      if (!rules.has(name)) rules.set(name, row.checkRules);
      expect(row.checkRules).toBe(rules.get(name));
    }
  });
});
