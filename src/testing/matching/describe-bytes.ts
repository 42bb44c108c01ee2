const SHOWN_BYTES = 24;
const SHOWN_CHARACTERS = 60;

/** Control characters but for line breaks and tabs, and what is not a character at all. */
const UNPRINTABLE = /[\p{Cc}\p{Cn}\p{Co}\p{Cs}\ufffd]/u;

/** Bytes as whoever reads a failure would like to see them: text where they are text, else hex. */
export function describeBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return '(empty)';
  const text = textOf(bytes);
  if (text === undefined) return hexOf(bytes);
  const characters = [...text];
  if (characters.length <= SHOWN_CHARACTERS) return JSON.stringify(text);
  return `${JSON.stringify(characters.slice(0, SHOWN_CHARACTERS).join(''))}… (${bytes.length} bytes)`;
}

/** The bytes as text, undefined where they are none. */
export function textOf(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(bytes);
  return UNPRINTABLE.test(text.replaceAll(/[\n\r\t]/g, '')) ? undefined : text;
}

export function hexOf(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, SHOWN_BYTES), (byte) => byte.toString(16).padStart(2, '0'));
  const more = bytes.length > SHOWN_BYTES ? '…' : '';
  return `0x${shown.join('')}${more} (${bytes.length} bytes)`;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
