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
    Object.entries(entries).map(([name, field]) => ({ name, path: fieldPath(definition, name), field }));
  const fields = named(definition.fields);
  return {
    reserved: named(definition.reserved ?? {}),
    fields,
    masks: fields.filter(
      ({ field }) => field.kind === 'mask' || field.kind === 'zero' || field.kind === 'flag',
    ),
    enums: fields.filter(({ field }) => field.kind === 'enum'),
  };
}

/** The value of a field where nobody says: 0, or the lowest of an enumeration that has no 0. */
export function zeroOf(field: Field): number | bigint | boolean {
  if (field.kind === 'flag') return false;
  if (field.width === 8) return 0n;
  return field.kind === 'enum' ? Math.min(...Object.values(field.values)) : 0;
}

/** Tells the values of an enumeration from all others. */
export function knownValues({ values }: Field & { kind: 'enum' }): (value: number) => boolean {
  const known = Object.values(values);
  if (Math.max(...known) > 0xff) {
    const set = new Set(known);
    return (value) => set.has(value);
  }
  const table = new Uint8Array(256);
  for (const value of known) table[value] = 1;
  return (value) => table[value] === 1;
}

/**
 * Throws a `RangeError` where a definition does not hold: a codec made of it would write into its
 * neighbour's bytes, or refuse every value of an enumeration.
 */
export function checkDefinition({ name, length, fields, reserved = {}, magic = [] }: RecordDefinition): void {
  if (magic.length > length) throw new RangeError(`${name}: the magic is longer than the record`);
  for (const [field, place] of [...Object.entries(fields), ...Object.entries(reserved)]) {
    if (place.offset < 0 || place.offset + place.width > length) {
      throw new RangeError(`${name}.${field} lies outside the ${length} bytes of its record`);
    }
    if (
      place.kind === 'enum' &&
      Object.values(place.values).some((value) => value > MAX_OF_WIDTH[place.width])
    ) {
      throw new RangeError(`${name}.${field} is too narrow for its enumeration`);
    }
  }
}

export function failSource(expected: number, bytes: Uint8Array, offset: number): never {
  throw new NnrpError({ kind: 'SourceTooShort', expected, actual: present(bytes, offset) });
}

export function failDestination(expected: number, bytes: Uint8Array, offset: number): never {
  throw new NnrpError({ kind: 'DestinationTooShort', expected, actual: present(bytes, offset) });
}

/** The bytes from `offset` on. An offset that is none is the caller's mistake, not the peer's. */
function present({ length }: Uint8Array, offset: number): number {
  if (!Number.isInteger(offset) || offset < 0) {
    throw new RangeError(`an offset must be an integer from 0, got ${offset}`);
  }
  return Math.max(0, length - offset);
}

export function failMagic(): never {
  throw new NnrpError({ kind: 'InvalidMagic' });
}

export function failReserved({ path }: NamedField): never {
  throw new NnrpError({ kind: 'NonZeroReservedField', field: path });
}

export function failRange({ path, field }: NamedField, value: unknown): never {
  const { min, max } = rangeOf(field);
  throw new NnrpError({ kind: 'ValueOutOfRange', field: path, value, ...(min === 0 ? {} : { min }), max });
}

function rangeOf({ kind, width }: Field): { readonly min: number; readonly max: number | bigint | true } {
  if (kind === 'flag') return { min: 0, max: true };
  if (kind === 'signed') return signedRange(width);
  return { min: 0, max: width === 8 ? U64_MAX : MAX_OF_WIDTH[width] };
}

/** The range of a signed field of `width` bytes. */
export function signedRange(width: Width): { readonly min: number; readonly max: number } {
  const max = (MAX_OF_WIDTH[width] - 1) / 2;
  return { min: -max - 1, max };
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
    case 'signed':
      throw new NnrpError({ kind: 'NonZeroReservedField', field: path });
  }
}
