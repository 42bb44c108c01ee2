/** A set of named numbers, as the protocol defines it: `{ Interactive: 0, Balanced: 1 }`. */
export type Enumeration = Readonly<Record<string, number>>;

/** The union of an enumeration's numbers. */
export type EnumerationValue<E extends Enumeration> = E[keyof E];

const names = new WeakMap<Enumeration, string>();

/**
 * Defines an enumeration of the protocol. `name` is how errors call it.
 *
 * @example
 * export const InFlightPolicy = enumeration('in_flight_policy', { Drain: 0, Abort: 1 });
 * export type InFlightPolicy = EnumerationValue<typeof InFlightPolicy>;
 */
export function enumeration<const E extends Enumeration>(name: string, values: E): E {
  const frozen = Object.freeze(values);
  names.set(frozen, name);
  return frozen;
}

/**
 * An enumeration as an older revision knows it, which takes none of `later`. Its type is that of the
 * whole: code that serves both revisions names the values of either.
 */
export function without<E extends Enumeration>(values: E, ...later: readonly (keyof E)[]): E {
  const older = Object.fromEntries(Object.entries(values).filter(([key]) => !later.includes(key)));
  return enumeration(enumerationName(values), older) as E;
}

/** The protocol's name of an enumeration made by {@link enumeration}. */
export function enumerationName(values: Enumeration): string {
  return names.get(values) ?? 'enumeration value';
}

/** The key of `value`, or undefined where the enumeration does not have it. */
export function enumerationKey(values: Enumeration, value: number): string | undefined {
  return Object.keys(values).find((key) => values[key] === value);
}
