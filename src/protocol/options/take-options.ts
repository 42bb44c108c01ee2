import { describeError } from '../runtime-error';
import { describeKind, describeValue } from '../describe-value';
import type { Rule } from './rules';

/** A rule for each of some options; an option without one does not compile. */
export type Rules<Options> = {
  readonly [Name in keyof Options]-?: Rule<Exclude<Options[Name], undefined>>;
};

/**
 * The options that were given to a function, each looked at once, and those that are undefined left out: from
 * here on nobody can change them. Throws a `TypeError`, or a `RangeError` for a number out of range, that names
 * the option, the value and what it may be; a name that is none is an error, too.
 */
export function takeOptions<Options extends object>(
  of: string,
  options: unknown,
  rules: Rules<Options>,
): Options {
  return takeAll(options, rules, { of, path: '' });
}

/** An option that has options of its own. */
export function optionsOf<Options extends object>(rules: Rules<Options>): Rule<Options> {
  return {
    expected: `an object with ${Object.keys(rules).join(', ')}`,
    fits: isObject,
    take: (value, name) => takeAll(value, rules, { of: name, path: `${name}.` }),
  };
}

/** The same rules, where nothing is required: each option has a default. */
export function partly<Options extends object>(rules: Rules<Options>): Rules<Partial<Options>> {
  const entries = Object.entries<Rule<unknown>>(rules).map(([name, { isRequired: _, ...rule }]) => [
    name,
    rule,
  ]);
  return Object.fromEntries(entries) as Rules<Partial<Options>>;
}

/** Judges one value. */
export function takeValue<T>(value: unknown, name: string, rule: Rule<T>): T {
  if (!doesFit(value, rule)) throw misfit(value, name, rule);
  return rule.take(value, name);
}

function doesFit(value: unknown, rule: Rule<unknown>): boolean {
  try {
    return rule.fits(value);
  } catch {
    // A proxy, say, that answers nothing.
    return false;
  }
}

interface Place {
  /** The function or endpoint that they are options of. */
  readonly of: string;
  /** Text before the name of each. */
  readonly path: string;
}

function takeAll<Options extends object>(options: unknown, rules: Rules<Options>, place: Place): Options {
  const given = reading(place.of, () => (isObject(options) ? options : undefined));
  if (given === undefined) {
    throw new TypeError(`the options of ${place.of} must be an object, got ${describeValue(options)}`);
  }
  const known = rules as Readonly<Record<string, Rule<unknown>>>;
  for (const name of reading(place.of, () => Object.keys(given))) {
    if (!Object.hasOwn(known, name)) throw unknownOption(name, Object.keys(known), place);
  }
  const taken: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(known)) {
    const path = place.path + name;
    const value = reading(path, () => given[name]);
    if (value === undefined && rule.isRequired !== true) continue;
    taken[name] = takeValue(value, path, rule);
  }
  return taken as Options;
}

/** A list is no object with options, though JavaScript has it for one. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function reading<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new TypeError(`${name} cannot be read: ${describeError(error)}`, { cause: error });
  }
}

function misfit(value: unknown, name: string, rule: Rule<unknown>): Error {
  const { expected, type } = rule;
  const message = `${name} must be ${expected}, got ${inWords(value, rule)}`;
  return typeof value === type ? new RangeError(message) : new TypeError(message);
}

/** What was given; of a list the item, too, that does not fit, where it is one. */
function inWords(value: unknown, { item, isSecret }: Rule<unknown>): string {
  const got = isSecret === true ? describeKind(value) : describeValue(value);
  if (item === undefined || !Array.isArray(value)) return got;
  try {
    const index = value.findIndex((each) => !doesFit(each, item));
    if (index === -1) return got;
    const isHidden = isSecret === true || item.isSecret === true;
    return `${got} whose item ${index} is ${(isHidden ? describeKind : describeValue)(value[index])}`;
  } catch {
    // A list that answers nothing.
    return got;
  }
}

function unknownOption(name: string, known: readonly string[], { of }: Place): TypeError {
  const near = known.find((each) => isSlip(name.toLowerCase(), each.toLowerCase()));
  const hint = near === undefined ? `it takes ${known.join(', ')}` : `did you mean ${near}?`;
  return new TypeError(`${of} has no option ${describeValue(name)}; ${hint}`);
}

/** Whether a name is one that was meant, misspelt; `cert` is no slip of `port`, though only two letters differ. */
function isSlip(name: string, meant: string): boolean {
  const letters = distance(name, meant);
  return letters <= 1 || (letters === 2 && name[0] === meant[0]);
}

/** How many letters have to be put in, left out or changed to make one word of another. */
function distance(from: string, to: string): number {
  // A name as long as a novel is none that was meant.
  if (Math.abs(from.length - to.length) > 2) return Infinity;
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const change = above[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(change, above[column]! + 1, current[column - 1]! + 1));
    }
    above = current;
  }
  return above[to.length]!;
}
