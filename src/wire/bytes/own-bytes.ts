import { keptBytes, keptLength } from './kept-bytes';
import { requireBytes } from './require-bytes';

/** Bodies of so many bytes are copied into what is written; only larger ones may be written from where they are. */
export const COPY_LIMIT = 16 * 1024;

/** Views, not their buffers: those of small Buffers are one pool. */
const given = new WeakSet<Uint8Array>();

/**
 * Gives bytes away: nobody writes to them again, so they need not be copied. All other bytes are the caller's
 * again when the call that took them returns. Worth it above 16 KiB; smaller bodies are copied all the same.
 * What was received, the body of a submit or of a result, counts as given away: to echo it costs no copy.
 * Throws a `TypeError` for what is no bytes.
 *
 * @example
 * for await (const chunk of file.stream()) yield give(chunk); // each chunk is a new one
 */
export function give<B extends Uint8Array>(bytes: B): B {
  given.add(requireBytes(bytes, 'what is given away'));
  return bytes;
}

export function isGiven(bytes: Uint8Array): boolean {
  return given.has(bytes);
}

/** Bytes that this library has made or received. Small ones are not worth a note of it. */
export function ours(bytes: Uint8Array): Uint8Array {
  return bytes.length > COPY_LIMIT ? give(bytes) : bytes;
}

/**
 * Bytes that may be kept for a while, whatever their owner does: a copy, unless they were given away. Throws a
 * `TypeError` where they are none.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return ours(given.has(bytes) ? keptBytes(bytes) : new Uint8Array(requireBytes(bytes, 'a body')));
}

/** Bytes of memory that `ownBytes` holds: of those given away their whole buffer, at most twice as much. */
export function ownLength(bytes: Uint8Array): number {
  return given.has(bytes) ? keptLength(bytes) : bytes.length;
}
