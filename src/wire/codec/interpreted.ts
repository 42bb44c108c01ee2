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
  signedRange,
  zeroOf,
  type NamedField,
} from './checks';
import type { Field } from './fields';
import type { Codec, FieldReaders, Layout, LayoutValue, RecordDefinition } from './layout';
import { highWord, isU64, joinU64, lowWord } from './u64';
import { valuePrototype } from './value-prototype';

/** The layout walked field by field: what runs where the host forbids generated code. */
export function interpretCodec<const L extends Layout>(
  definition: RecordDefinition<L>,
): Codec<LayoutValue<L>> {
  type Value = LayoutValue<L>;
  const { length, magic = [], first, checkedFirst, rules } = definition;
  const { reserved, fields, masks, enums } = planOf(definition as unknown as RecordDefinition);
  const prototype = valuePrototype(definition.fields);
  const valueOf = (fieldOf: (named: NamedField) => unknown): Value => {
    const value = Object.create(prototype) as Record<string, unknown>;
    for (const named of fields) value[named.name] = fieldOf(named);
    return value as Value;
  };
  const checkable = (named: NamedField) => ({ named, isAllowed: allowedValues(named.field) });
  const [checkedMasks, checkedEnums] = [masks.map(checkable), enums.map(checkable)];
  const checked = [...checkedMasks, ...checkedEnums];
  const checkWords = (fields: typeof checked, view: DataView): void => {
    for (const { named, isAllowed } of fields) {
      const word = Number(readInteger(named.field, view));
      if (!isAllowed(word)) failValue(named, word);
    }
  };
  const decode = (bytes: Uint8Array, offset: number): Value => {
    if (!holds(bytes, offset, length)) failSource(length, bytes, offset);
    if (magic.some((byte, index) => bytes[offset + index] !== byte)) failMagic();
    first?.(bytes, offset);
    const view = new DataView(bytes.buffer, bytes.byteOffset + offset, length);
    if (checkedFirst === 'masks') checkWords(checkedMasks, view);
    for (const place of reserved) if (Number(readInteger(place.field, view)) !== 0) failReserved(place);
    if (checkedFirst !== 'masks') checkWords(checkedMasks, view);
    checkWords(checkedEnums, view);
    const value = valueOf(({ field }) => readField(field, view));
    rules?.(value);
    return value;
  };
  return {
    decode,
    check(bytes, offset) {
      decode(bytes, offset);
    },
    read: Object.fromEntries(
      fields.map(({ name, field }) => [
        name,
        (bytes: Uint8Array, offset = 0) =>
          readField(field, new DataView(bytes.buffer, bytes.byteOffset + offset, length)),
      ]),
    ) as FieldReaders<Value>,
    encodeInto(value, bytes, offset) {
      if (!holds(bytes, offset, length)) failDestination(length, bytes, offset);
      const given: Readonly<Record<string, unknown>> = value;
      for (const named of fields)
        if (!fits(named.field, given[named.name])) failRange(named, given[named.name]);
      for (const { named, isAllowed } of checked) {
        const word = Number(given[named.name]);
        if (!isAllowed(word)) failValue(named, word);
      }
      rules?.(value);
      bytes.fill(0, offset, offset + length);
      bytes.set(magic, offset);
      const view = new DataView(bytes.buffer, bytes.byteOffset + offset, length);
      for (const { name, field } of fields) writeField(field, given[name], view);
    },
    of: (given) => {
      const some: Readonly<Record<string, unknown>> = given;
      return valueOf(({ name, field }) => (some[name] === undefined ? zeroOf(field) : some[name]));
    },
  };
}

function holds(bytes: Uint8Array, offset: number, length: number): boolean {
  return bytes.length - offset >= length && offset >= 0 && Number.isInteger(offset);
}

function allowedValues(field: Field): (value: number) => boolean {
  switch (field.kind) {
    case 'enum':
      return knownValues(field);
    case 'mask': {
      const { allowed } = field;
      return (value) => (value & ~allowed) === 0;
    }
    case 'flag':
      return (value) => value <= 1;
    case 'zero':
      return (value) => value === 0;
    case 'number':
    case 'signed':
      return () => true;
  }
}

function fits({ kind, width }: Field, value: unknown): boolean {
  if (kind === 'flag') return typeof value === 'boolean';
  if (kind === 'signed') {
    const { min, max } = signedRange(width);
    return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
  }
  if (width === 8) return isU64(value);
  return typeof value === 'number' && value >>> 0 === value && value <= MAX_OF_WIDTH[width];
}

function readField(field: Field, view: DataView): unknown {
  const word = readInteger(field, view);
  if (field.kind === 'flag') return word === 1;
  if (field.kind !== 'signed') return word;
  const { max } = signedRange(field.width);
  return Number(word) > max ? Number(word) - 2 * (max + 1) : word;
}

function readInteger({ offset, width }: Field, view: DataView): number | bigint {
  switch (width) {
    case 1:
      return view.getUint8(offset);
    case 2:
      return view.getUint16(offset, true);
    case 4:
      return view.getUint32(offset, true);
    case 8:
      return joinU64(view.getUint32(offset, true), view.getUint32(offset + 4, true));
  }
}

function writeField({ offset, width }: Field, value: unknown, view: DataView): void {
  switch (width) {
    case 1:
      view.setUint8(offset, Number(value));
      return;
    case 2:
      view.setUint16(offset, Number(value), true);
      return;
    case 4:
      view.setUint32(offset, Number(value), true);
      return;
    case 8:
      view.setUint32(offset, lowWord(value as bigint), true);
      view.setUint32(offset + 4, highWord(value as bigint), true);
  }
}
