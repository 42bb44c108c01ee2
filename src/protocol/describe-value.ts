const MAX_TEXT = 80;

/** Any value in a few words, for an error that has to name it; never throws, whatever it is. */
export function describeValue(value: unknown): string {
  try {
    return wordsFor(value);
  } catch {
    // A proxy, say, that answers nothing.
    return 'an object';
  }
}

/** The kind of a value, for an error that must not show it. */
export function describeKind(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** As {@link describeValue}, of an object that is told by what it has for one member. */
export function describeMember(value: unknown, name: string): string {
  try {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return wordsFor(value);
    return `one of ${name} ${wordsFor((value as Readonly<Record<string, unknown>>)[name])}`;
  } catch {
    return 'an object';
  }
}

function wordsFor(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > MAX_TEXT ? `${JSON.stringify(value.slice(0, MAX_TEXT))}…` : JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'function':
      return 'a function';
    case 'object':
      break;
    default:
      return String(value);
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (value instanceof Error) return `the error ${JSON.stringify(String(value.message))}`;
  const { name } = value.constructor as { readonly name?: unknown };
  if (typeof name === 'string' && name !== '' && name !== 'Object') return `an object (${name})`;
  const keys = Object.keys(value).slice(0, 3);
  return keys.length === 0 ? 'an object' : `an object with ${keys.join(', ')}`;
}
