import type { Enumeration, EnumerationValue } from './enumeration';

export type Width = 1 | 2 | 4 | 8;

interface Place {
  /** Bytes from the start of the record. */
  readonly offset: number;
  readonly width: Width;
}

/**
 * One field of a record's layout; `T` is what it decodes to.
 *
 * - `number`: a little-endian unsigned integer, u64 as bigint
 * - `signed`: an integer in two's complement
 * - `enum`: an integer that must be one of an enumeration's
 * - `mask`: an integer whose bits outside `allowed` must be 0
 * - `zero`: a visible field that must be 0
 * - `flag`: a u32 that must be 0 or 1, decoded to a boolean
 */
export type Field<T = unknown> = Place & { readonly decodesTo?: T } & (
    | { readonly kind: 'number' }
    | { readonly kind: 'signed' }
    | { readonly kind: 'enum'; readonly values: Enumeration }
    | { readonly kind: 'mask'; readonly allowed: number }
    | { readonly kind: 'zero' }
    | { readonly kind: 'flag'; readonly rule: string }
  );

/** The type that a field reads as: a number, or a bigint for 64 bits. */
export type FieldValue<F> = F extends Field<infer T> ? T : never;

export const u8 = (offset: number): Field<number> => ({ kind: 'number', offset, width: 1 });
export const u16 = (offset: number): Field<number> => ({ kind: 'number', offset, width: 2 });
export const u32 = (offset: number): Field<number> => ({ kind: 'number', offset, width: 4 });
export const u64 = (offset: number): Field<bigint> => ({ kind: 'number', offset, width: 8 });

export const i16 = (offset: number): Field<number> => ({ kind: 'signed', offset, width: 2 });

export const enumU8 = <E extends Enumeration>(offset: number, values: E): Field<EnumerationValue<E>> =>
  enumField(offset, 1, values);
export const enumU16 = <E extends Enumeration>(offset: number, values: E): Field<EnumerationValue<E>> =>
  enumField(offset, 2, values);
export const enumU32 = <E extends Enumeration>(offset: number, values: E): Field<EnumerationValue<E>> =>
  enumField(offset, 4, values);

export const maskU8 = (offset: number, allowed: number): Field<number> => maskField(offset, 1, allowed);
export const maskU16 = (offset: number, allowed: number): Field<number> => maskField(offset, 2, allowed);
export const maskU32 = (offset: number, allowed: number): Field<number> => maskField(offset, 4, allowed);

export const zeroU16 = (offset: number): Field<number> => ({ kind: 'zero', offset, width: 2 });

export const flagU32 = (offset: number, rule: string): Field<boolean> => ({
  kind: 'flag',
  offset,
  width: 4,
  rule,
});

function enumField<E extends Enumeration>(
  offset: number,
  width: Width,
  values: E,
): Field<EnumerationValue<E>> {
  return { kind: 'enum', offset, width, values };
}

function maskField(offset: number, width: Width, allowed: number): Field<number> {
  return { kind: 'mask', offset, width, allowed };
}
