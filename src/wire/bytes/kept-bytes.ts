/**
 * Bytes that are to wait for a while: a copy, where they are less than half of the buffer that they would
 * keep alive. What a decoder hands on is a view of all that came in one read, 64 KiB of it perhaps.
 */
export function keptBytes(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength > 2 * bytes.byteLength ? new Uint8Array(bytes) : bytes;
}

/** Bytes of memory that `keptBytes` keeps alive. */
export function keptLength(bytes: Uint8Array): number {
  const { byteLength } = bytes.buffer;
  return byteLength > 2 * bytes.byteLength ? bytes.byteLength : byteLength;
}
