import { enumerationName } from './enumeration';
import { NnrpError } from '../errors';
import type { Field, Width } from './fields';
import { fieldPath, type Layout, type RecordDefinition } from './layout';

/** The largest value that fits a field of `width` bytes (u64 apart, see {@link U64_MAX}). */
export const MAX_OF_WIDTH: Readonly<Record<Width, number>> = { 1: 0xff, 2: 0xffff, 4: 0xffffffff, 8: NaN };
export const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** A field with its name, sorted into the stages in which it is checked. */
export interface NamedField {
  readonly name: string;
  readonly path: string;
  readonly field: Field;
}

export interface CheckPlan {
  readonly reserved: readonly NamedField[];
  readonly fields: readonly NamedField[];
  /** Masks, zeros and flags: checked before enumerations. */
  readonly masks: readonly NamedField[];
  readonly enums: readonly NamedField[];
}

export function planOf(definition: RecordDefinition): CheckPlan {
  const named = (entries: Layout): NamedField[] =>
    Object.entries(entries).map(([name, field]) => ({ name, path: fieldPath(definition.name, name), field }));
  const fields = named(definition.fields);
  return {
    reserved: named(definition.reserved ?? {}),
    fields,
    masks: fields.filter(({ field }) => field.kind === 'mask' || field.kind === 'zero' || field.kind === 'flag'),
    enums: fields.filter(({ field }) => field.kind === 'enum'),
  };
}

/** What a field is where nobody says: 0, or the lowest value of an enumeration that has no 0. */
export function zeroOf(field: Field): number | bigint | boolean {
  if (field.kind === 'flag') return false;
  if (field.width === 8) return 0n;
  return field.kind === 'enum' ? Math.min(...Object.values(field.values)) : 0;
}

/** A table of the known values of an enumeration: `table[value] === 1`; none of them exceeds 255. */
export function knownValues(field: Field & { kind: 'enum' }): Uint8Array {
  const table = new Uint8Array(256);
  for (const value of Object.values(field.values)) table[value] = 1;
  return table;
}

export function failSource(expected: number, actual: number): never {
  throw new NnrpError({ kind: 'SourceTooShort', expected, actual });
}

export function failDestination(expected: number, actual: number): never {
  throw new NnrpError({ kind: 'DestinationTooShort', expected, actual });
}

export function failMagic(): never {
  throw new NnrpError({ kind: 'InvalidMagic' });
}

export function failReserved({ path }: NamedField): never {
  throw new NnrpError({ kind: 'NonZeroReservedField', field: path });
}

export function failRange({ path, field }: NamedField, value: unknown): never {
  const max = field.kind === 'flag' ? 1 : field.width === 8 ? U64_MAX : MAX_OF_WIDTH[field.width];
  throw new NnrpError({ kind: 'ValueOutOfRange', field: path, value, max });
}

/** Throws what a value that is not allowed in its field is called. */
export function failValue({ path, field }: NamedField, value: number): never {
  switch (field.kind) {
    case 'enum': {
      // Message types have an error of their own, the header's last check.
      const enumName = enumerationName(field.values);
      if (enumName === 'message_type') throw new NnrpError({ kind: 'UnknownMessageType', actual: value });
      throw new NnrpError({ kind: 'UnknownEnumValue', enumName, value });
    }
    case 'mask':
      throw new NnrpError({ kind: 'ReservedBitsSet', field: path, value, allowed: field.allowed });
    case 'flag':
      throw new NnrpError({ kind: 'InvalidProtocolCombination', rule: field.rule });
    case 'zero':
    case 'number':
      throw new NnrpError({ kind: 'NonZeroReservedField', field: path });
  }
}
