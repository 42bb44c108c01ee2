import type { WireRecord } from '../../wire/codec/record';
import { rule } from './rules';
import { takeOptions, type Rules } from './take-options';

/** What a field may be its record says, when it is written. */
const ANY = rule<unknown>('a value', () => true);

/**
 * Fields of a message, as they were given to a call. Throws a `TypeError` for what is no object, and for a name that
 * is no field: misspelt, it would be left out without a word.
 */
export function takeFields<T extends object>(
  of: string,
  fields: unknown,
  { definition }: WireRecord<T>,
): Partial<T> {
  const rules = Object.fromEntries(Object.keys(definition.fields).map((name) => [name, ANY]));
  return takeOptions(of, fields, rules as unknown as Rules<Partial<T>>);
}
