/**
 * The same bytes as a `Uint8Array` and nothing more, without a copy. Views of a Node `Buffer` are
 * Buffers, whose `slice` does not copy: what is handed on must not depend on who received it.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
