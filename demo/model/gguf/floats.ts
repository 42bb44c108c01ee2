import type { GgufTensor } from './gguf-file';

/** Numbers of a block, of the types that are written in blocks. */
const BLOCK = 32;

/** A way to write numbers: bytes of so many of them, and what reads those. */
interface Encoding {
  readonly name: string;
  readonly numbers: number;
  readonly bytes: number;
  /** Reads one block at `at` into `out` from `to` on. */
  read(view: DataView, at: number, out: Float32Array, to: number): void;
}

/** By the types of ggml. */
const ENCODINGS: ReadonlyMap<number, Encoding> = new Map<number, Encoding>([
  [
    0,
    {
      name: 'F32',
      numbers: 1,
      bytes: 4,
      read: (view, at, out, to) => {
        out[to] = view.getFloat32(at, true);
      },
    },
  ],
  [
    1,
    {
      name: 'F16',
      numbers: 1,
      bytes: 2,
      read: (view, at, out, to) => {
        out[to] = half(view.getUint16(at, true));
      },
    },
  ],
  [
    2,
    {
      name: 'Q4_0',
      numbers: BLOCK,
      bytes: 18,
      read: (view, at, out, to) => {
        const scale = half(view.getUint16(at, true));
        nibbles(view, at + 2, out, to, scale, -8 * scale);
      },
    },
  ],
  [
    3,
    {
      name: 'Q4_1',
      numbers: BLOCK,
      bytes: 20,
      read: (view, at, out, to) => {
        nibbles(view, at + 4, out, to, half(view.getUint16(at, true)), half(view.getUint16(at + 2, true)));
      },
    },
  ],
  [
    8,
    {
      name: 'Q8_0',
      numbers: BLOCK,
      bytes: 34,
      read: (view, at, out, to) => {
        const scale = half(view.getUint16(at, true));
        for (let index = 0; index < BLOCK; index++) out[to + index] = scale * view.getInt8(at + 2 + index);
      },
    },
  ],
]);

/** The numbers of a tensor. Throws where they are written in a way that is not known here. */
export function floatsOf({ name, type, count, bytes }: GgufTensor): Float32Array {
  const encoding = ENCODINGS.get(type);
  if (encoding === undefined) {
    const known = [...ENCODINGS.values()].map((each) => each.name).join(', ');
    throw new Error(`tensor ${name} is of ggml type ${type}, and not of one of ${known}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if ((count / encoding.numbers) * encoding.bytes > bytes.length)
    throw new Error(`the file ends before its tensor ${name} does`);
  const out = new Float32Array(count);
  for (let to = 0, at = 0; to < count; to += encoding.numbers, at += encoding.bytes) {
    encoding.read(view, at, out, to);
  }
  return out;
}

/** 32 numbers of 4 bits: the low halves of 16 bytes, then the high ones. */
function nibbles(
  view: DataView,
  at: number,
  out: Float32Array,
  to: number,
  scale: number,
  least: number,
): void {
  for (let index = 0; index < BLOCK / 2; index++) {
    const both = view.getUint8(at + index);
    out[to + index] = scale * (both & 0xf) + least;
    out[to + BLOCK / 2 + index] = scale * (both >> 4) + least;
  }
}

/** A number of IEEE 754 in 16 bits. */
export function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
