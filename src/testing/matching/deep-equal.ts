import { sameBytes } from './describe-bytes';

/**
 * Whether two values say the same: bytes by content, errors by name, message and what they carry, other
 * objects and lists by their own properties. A matcher of a test runner in `a` decides for itself.
 */
export function deepEqual(a: unknown, b: unknown): boolean {
  return equal(a, b, new Map());
}

function equal(a: unknown, b: unknown, underWay: Map<unknown, unknown>): boolean {
  if (Object.is(a, b)) return true;
  if (isMatcher(a)) return a.asymmetricMatch(b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return sameBytes(a, b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (a instanceof Error && b instanceof Error && (a.name !== b.name || a.message !== b.message))
    return false;
  // Values that hold themselves are the same where all else is.
  if (underWay.get(a) === b) return true;
  underWay.set(a, b);
  const keys = ownKeys(a);
  const others = ownKeys(b);
  return (
    keys.length === others.length &&
    keys.every((key) => others.includes(key) && equal(property(a, key), property(b, key), underWay))
  );
}

/** What test runners have for values that are known in part: `expect.any(Number)`. */
interface Matcher {
  asymmetricMatch(value: unknown): boolean;
}

function isMatcher(value: unknown): value is Matcher {
  if (typeof value !== 'object' || value === null || !('asymmetricMatch' in value)) return false;
  return typeof value.asymmetricMatch === 'function';
}

function ownKeys(value: object): readonly string[] {
  return Object.keys(value).filter((key) => property(value, key) !== undefined);
}

function property(value: object, key: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[key];
}
