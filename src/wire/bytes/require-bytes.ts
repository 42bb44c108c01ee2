/**
 * Returns what is bytes. Throws a `TypeError` where it is not: it would fail later, as it is written, where
 * nobody can tell whose it was.
 */
export function requireBytes(bytes: Uint8Array, what: string): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  throw new TypeError(
    `${what} must be a Uint8Array, got ${Object.prototype.toString.call(bytes).slice('[object '.length, -1)}`,
  );
}
