/** Bytes that a text for a peer has at most, of a diagnostic or of a refusal. */
export const MAX_TEXT_BYTES = 256;

/** UTF-8 of at most so many bytes that does not end inside a character. */
export function cutText(text: string, bytes = MAX_TEXT_BYTES): Uint8Array {
  const target = new Uint8Array(bytes);
  const { written } = new TextEncoder().encodeInto(text, target);
  return target.subarray(0, written);
}
