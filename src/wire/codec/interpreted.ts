import {
  failDestination,
  failMagic,
  failRange,
  failReserved,
  failSource,
  failValue,
  knownValues,
  MAX_OF_WIDTH,
  planOf,
  zeroOf,
  type NamedField,
} from './checks';
import type { Field } from './fields';
import type { Codec, Layout, LayoutValue, RecordDefinition } from './layout';
import { highWord, joinU64, lowWord } from './u64';

/** The layout walked field by field: what runs where the host forbids generated code. */
export function interpretCodec<const L extends Layout>(
  definition: RecordDefinition<L>,
): Codec<LayoutValue<L>> {
  type Value = LayoutValue<L>;
  const { length, magic = [], first, rules } = definition;
  const { reserved, fields, masks, enums } = planOf(definition as unknown as RecordDefinition);
  const blank = Object.fromEntries(fields.map(({ name, field }) => [name, zeroOf(field)]));
  const checked = [...masks, ...enums].map((named) => ({ named, isAllowed: allowedValues(named.field) }));
  return {
    decode(bytes, offset) {
      const left = Math.max(0, bytes.length - offset);
      if (left < length) failSource(length, left);
      if (magic.some((byte, index) => bytes[offset + index] !== byte)) failMagic();
      first?.(bytes, offset);
      for (const place of reserved) if (Number(readInteger(place.field, bytes, offset)) !== 0) failReserved(place);
      for (const { named, isAllowed } of checked) {
        const word = Number(readInteger(named.field, bytes, offset));
        if (!isAllowed(word)) failValue(named, word);
      }
      const value: Record<string, unknown> = {};
      for (const { name, field } of fields) value[name] = readField(field, bytes, offset);
      rules?.(value as Value);
      return value as Value;
    },
    encodeInto(value, bytes, offset) {
      const left = Math.max(0, bytes.length - offset);
      if (left < length) failDestination(length, left);
      const given: Readonly<Record<string, unknown>> = value;
      for (const named of fields) if (!fits(named.field, given[named.name])) failRange(named, given[named.name]);
      for (const { named, isAllowed } of checked) {
        const word = Number(given[named.name]);
        if (!isAllowed(word)) failValue(named, word);
      }
      rules?.(value);
      bytes.fill(0, offset, offset + length);
      bytes.set(magic, offset);
      for (const named of fields) writeField(named, given[named.name], bytes, offset);
    },
    of: (given) => ({ ...blank, ...given }) as Value,
  };
}

function allowedValues(field: Field): (value: number) => boolean {
  switch (field.kind) {
    case 'enum': {
      const known = knownValues(field);
      return (value) => known[value] === 1;
    }
    case 'mask': {
      const { allowed } = field;
      return (value) => (value & ~allowed) === 0;
    }
    case 'flag':
      return (value) => value <= 1;
    case 'zero':
      return (value) => value === 0;
    case 'number':
      return () => true;
  }
}

function fits({ kind, width }: Field, value: unknown): boolean {
  if (kind === 'flag') return typeof value === 'boolean';
  if (width === 8) return typeof value === 'bigint' && BigInt.asUintN(64, value) === value;
  return typeof value === 'number' && value >>> 0 === value && value <= MAX_OF_WIDTH[width];
}

function readField(field: Field, bytes: Uint8Array, offset: number): unknown {
  const word = readInteger(field, bytes, offset);
  return field.kind === 'flag' ? word === 1 : word;
}

function readInteger({ offset: place, width }: Field, bytes: Uint8Array, offset: number): number | bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset + place, width);
  switch (width) {
    case 1:
      return view.getUint8(0);
    case 2:
      return view.getUint16(0, true);
    case 4:
      return view.getUint32(0, true);
    case 8:
      return joinU64(view.getUint32(0, true), view.getUint32(4, true));
  }
}


function writeField({ field }: NamedField, value: unknown, bytes: Uint8Array, offset: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset + field.offset, field.width);
  switch (field.width) {
    case 1:
      view.setUint8(0, Number(value));
      return;
    case 2:
      view.setUint16(0, Number(value), true);
      return;
    case 4:
      view.setUint32(0, Number(value), true);
      return;
    case 8:
      view.setUint32(0, lowWord(value as bigint), true);
      view.setUint32(4, highWord(value as bigint), true);
  }
}
