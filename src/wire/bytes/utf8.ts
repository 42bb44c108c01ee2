/** Characters up to which a loop costs less than a call of the platform's encoder. */
const SHORT = 64;

const encoder = new TextEncoder();

/** Bytes of a text in UTF-8; half of a pair counts as U+FFFD, which is what is written for it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    bytes += code < 0x800 ? 1 : 2;
    // A pair is four bytes, of which two are counted.
    if (isPairAt(text, index, code)) index += 1;
  }
  return bytes;
}

/** Writes a text as UTF-8, where there is room for three bytes a character; returns where it ends. */
export function writeUtf8(text: string, bytes: Uint8Array, at: number): number {
  const { length } = text;
  if (length > SHORT) return at + encoder.encodeInto(text, bytes.subarray(at)).written;
  let end = at;
  for (let index = 0; index < length; index++) {
    let code = text.charCodeAt(index);
    if (code < 0x80) {
      bytes[end++] = code;
      continue;
    }
    if (code < 0x800) {
      bytes[end++] = 0xc0 | (code >> 6);
    } else {
      if (isPairAt(text, index, code)) {
        code = 0x10000 + ((code - 0xd800) << 10) + (text.charCodeAt(++index) - 0xdc00);
        bytes[end++] = 0xf0 | (code >> 18);
        bytes[end++] = 0x80 | ((code >> 12) & 0x3f);
      } else {
        if (isHalf(code)) code = 0xfffd;
        bytes[end++] = 0xe0 | (code >> 12);
      }
      bytes[end++] = 0x80 | ((code >> 6) & 0x3f);
    }
    bytes[end++] = 0x80 | (code & 0x3f);
  }
  return end;
}

/** A text that starts with U+FEFF means it. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Reads a whole text; what is no UTF-8 is U+FFFD. */
export function readUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Bytes up to which a loop costs less than a call of the platform's decoder. */
const SHORT_BYTES = 32;

/** Reads a short text of ASCII, as most tokens are; undefined where it is another. */
export function readShortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start > SHORT_BYTES) return undefined;
  let text = '';
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const [a, b, c, d] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!];
    if ((a | b | c | d) >= 0x80) return undefined;
    text += String.fromCharCode(a, b, c, d);
  }
  for (; at < end; at++) {
    const code = bytes[at]!;
    if (code >= 0x80) return undefined;
    text += String.fromCharCode(code);
  }
  return text;
}

function isHalf(code: number): boolean {
  return code >= 0xd800 && code < 0xe000;
}

/** Whether the two halves of one character stand there. */
function isPairAt(text: string, index: number, code: number): boolean {
  if (code < 0xd800 || code >= 0xdc00) return false;
  const next = text.charCodeAt(index + 1);
  return next >= 0xdc00 && next < 0xe000;
}
