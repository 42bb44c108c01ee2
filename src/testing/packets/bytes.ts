import { EMPTY } from '../../wire/packet';

const utf8 = new TextEncoder();

/** Bytes, or text that stands for its UTF-8. */
export type Bytes = Uint8Array | string;

export function bytesOf(content: Bytes): Uint8Array {
  return typeof content === 'string' ? utf8.encode(content) : content;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((total, part) => total + part.length, 0);
  if (length === 0) return EMPTY;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
