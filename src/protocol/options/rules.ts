import type { Enumeration, EnumerationValue } from '../../wire/codec/enumeration';

/** Says what an option may be. */
export interface Rule<T> {
  /** Its values, as an error says them: `an integer from 0 to 65535`. */
  readonly expected: string;
  fits(value: unknown): boolean;
  /** Takes a value that fits: as a copy, where its owner could change it later. */
  take(value: unknown, name: string): T;
  /** Of these, one that does not fit is out of range; any other value is of a wrong type. */
  readonly type?: 'number' | 'bigint' | 'string';
  /** What each item of a list has to be: an error shows the one that is not. */
  readonly item?: Rule<unknown>;
  /** Whether there is no default. */
  readonly isRequired?: true;
  /** Whether an error must not show the value. */
  readonly isSecret?: true;
}

/** A rule for values that are used as they are. */
export function rule<T>(
  expected: string,
  fits: (value: unknown) => boolean,
  type?: Rule<T>['type'],
): Rule<T> {
  return { expected, fits, take: (value) => value as T, ...(type && { type }) };
}

function between(expected: string, fits: (value: number) => boolean): Rule<number> {
  return rule(expected, (value) => typeof value === 'number' && fits(value), 'number');
}

export function integer(min: number, max: number, unit = ''): Rule<number> {
  const expected = `an integer from ${min} to ${max}${unit}`;
  const fits = (value: number): boolean => Number.isInteger(value) && value >= min && value <= max;
  return { ...between(expected, fits), take: (value) => plain(value as number) };
}

/** A -0 as 0: it is no integer to some functions of Node, which end the process. */
function plain(value: number): number {
  return value + 0;
}

/** As {@link integer}, and Infinity: that is the largest value which the field of the wire holds. */
export function integerOrInfinity(min: number, max: number, unit = ''): Rule<number> {
  const finite = integer(min, max, unit);
  return {
    ...between(`${finite.expected}, or Infinity`, (value) => value === Infinity || finite.fits(value)),
    take: (value) => plain(Math.min(value as number, max)),
  };
}

/** As {@link integer}, and Infinity: that is no bound, and stays what it is. */
export function integerOrNone(min: number, max: number, unit = ''): Rule<number> {
  return { ...integerOrInfinity(min, max, unit), take: (value) => plain(value as number) };
}

export const U16_MAX = 0xffff;
export const U32_MAX = 0xffffffff;

export const u16 = integer(0, U16_MAX);
export const u32 = integer(0, U32_MAX);

export const u64: Rule<bigint> = rule(
  `a bigint from 0 to ${0xffff_ffff_ffff_ffffn}`,
  (value) => typeof value === 'bigint' && value >= 0n && value <= 0xffff_ffff_ffff_ffffn,
  'bigint',
);

/** A count that goes on the wire. */
export const wireCount = integerOrInfinity(0, U16_MAX);

/** Milliseconds that go on the wire. */
export const wireMs = integerOrInfinity(0, U32_MAX, ' ms');

/** Milliseconds that only a timer here takes. */
export const milliseconds = between('0 ms or more, or Infinity', (value) => value >= 0);

/** A count, or bytes. */
export const limit = between('0 or more, or Infinity', (value) => value >= 0);

export const share = between('a number from 0 to 1', (value) => value >= 0 && value <= 1);

export const flag: Rule<boolean> = rule('true or false', (value) => typeof value === 'boolean');

export const text: Rule<string> = rule(
  'a string that is not empty',
  (value) => typeof value === 'string' && value !== '',
  'string',
);

/** Bytes, or text, which are its UTF-8. */
export const bytesOrText: Rule<Uint8Array | string> = {
  expected: 'a Uint8Array or a string',
  fits: (value) => value instanceof Uint8Array || typeof value === 'string',
  take: (value) => (typeof value === 'string' ? value : Uint8Array.from(value as Uint8Array)),
  isSecret: true,
};

export function oneOf<const T extends string | number>(...values: readonly T[]): Rule<T> {
  const type = typeof values[0] as 'string' | 'number';
  const shown = values.map((value) => (typeof value === 'string' ? JSON.stringify(value) : value));
  return rule(`one of ${shown.join(', ')}`, (value) => values.includes(value as T), type);
}

export function valueOf<E extends Enumeration>(values: E): Rule<EnumerationValue<E>> {
  const shown = Object.entries(values).map(([name, value]) => `${value} (${name})`);
  const all = Object.values(values);
  return rule(`one of ${shown.join(', ')}`, (value) => all.includes(value as number), 'number');
}

/** A callback. What it gives is judged where it is called. */
export function callback<T extends (...given: never[]) => unknown>(): Rule<T> {
  return rule('a function', (value) => typeof value === 'function');
}

/** Something of a kind of its own, which is known by its members; `expected` names it. */
export function like<T extends object>(
  expected: string,
  members: Readonly<Partial<Record<keyof T, 'function' | 'string'>>>,
): Rule<T> {
  return rule(expected, (value) => {
    if (typeof value !== 'object' && typeof value !== 'function') return false;
    const given = value as Readonly<Record<string, unknown>> | null;
    return given !== null && Object.entries(members).every(([name, type]) => typeof given[name] === type);
  });
}

export function listOf<T>(item: Rule<T>): Rule<readonly T[]> {
  return {
    expected: `a list, each item ${item.expected}`,
    fits: (value) => Array.isArray(value) && Array.from(value).every((each) => item.fits(each)),
    take: (value, name) =>
      Array.from(value as unknown[], (each, index) => item.take(each, `${name}[${index}]`)),
    item,
  };
}

export function either<A, B>(one: Rule<A>, other: Rule<B>): Rule<A | B> {
  const item = one.item ?? other.item;
  return {
    expected: `${one.expected}, or ${other.expected}`,
    fits: (value) => one.fits(value) || other.fits(value),
    take: (value, name) => (one.fits(value) ? one.take(value, name) : other.take(value, name)),
    ...(one.type && { type: one.type }),
    ...(item && { item }),
    ...((one.isSecret ?? other.isSecret) && { isSecret: true }),
  };
}

export function oneOrListOf<T>(item: Rule<T>): Rule<T | readonly T[]> {
  return { ...either(item, listOf(item)), expected: `${item.expected}, or a list of such` };
}

export function required<T>(of: Rule<T>): Rule<T> {
  return { ...of, isRequired: true };
}

export function secret<T>(of: Rule<T>): Rule<T> {
  return { ...of, isSecret: true };
}
