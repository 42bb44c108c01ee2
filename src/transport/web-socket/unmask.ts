const MASK_BYTES = 4;

/** Below, a view of words costs more than it saves. */
const WORDS_FROM = 64;

const word = new Uint32Array(1);
const wordBytes = new Uint8Array(word.buffer);

/** Takes the mask at `maskAt` off the bytes from `start` to `end` (RFC 6455, section 5.3), four at a time where that pays. */
export function unmask(bytes: Uint8Array, maskAt: number, start: number, end: number): void {
  const isZero = (bytes[maskAt]! | bytes[maskAt + 1]! | bytes[maskAt + 2]! | bytes[maskAt + 3]!) === 0;
  if (isZero) return;
  if (end - start < WORDS_FROM) {
    unmaskBytes(bytes, maskAt, start, start, end);
    return;
  }
  // Words of memory start where their address is a multiple of four, whatever the frame's head has left.
  const first = start + ((MASK_BYTES - ((bytes.byteOffset + start) % MASK_BYTES)) % MASK_BYTES);
  const words = new Uint32Array(
    bytes.buffer,
    bytes.byteOffset + first,
    Math.floor((end - first) / MASK_BYTES),
  );
  for (let index = 0; index < MASK_BYTES; index++) {
    wordBytes[index] = bytes[maskAt + ((first - start + index) % MASK_BYTES)]!;
  }
  const mask = word[0]!;
  for (let index = 0; index < words.length; index++) words[index]! ^= mask;
  unmaskBytes(bytes, maskAt, start, start, first);
  unmaskBytes(bytes, maskAt, start, first + words.length * MASK_BYTES, end);
}

/** The bytes from `from` to `to`, of a payload that begins at `start`. */
function unmaskBytes(bytes: Uint8Array, maskAt: number, start: number, from: number, to: number): void {
  for (let at = from; at < to; at++) bytes[at]! ^= bytes[maskAt + ((at - start) % MASK_BYTES)]!;
}
