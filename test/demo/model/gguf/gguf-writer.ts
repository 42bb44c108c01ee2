/** A tensor to be written: its lengths, the fastest first, its ggml type and its bytes. */
export interface WrittenTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  readonly bytes: Uint8Array;
}

export type Written = string | number | readonly string[];

/** A GGUF file: of metadata, numbers are 32-bit integers where they are whole and floats where not. */
export function ggufOf(
  metadata: Readonly<Record<string, Written>>,
  tensors: readonly WrittenTensor[],
): Buffer {
  const entries = Object.entries(metadata);
  const head: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(entries.length)];
  for (const [name, value] of entries) head.push(string(name), valueOf(value));
  let offset = 0;
  for (const { name, shape, type, bytes } of tensors) {
    head.push(string(name), u32(shape.length), ...shape.map(u64), u32(type), u64(offset));
    offset += aligned(bytes.length);
  }
  return Buffer.concat([...[Buffer.concat(head), ...tensors.map(({ bytes }) => bytes)].map(padded)]);
}

/** Numbers as they are. */
export function f32(numbers: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(numbers).buffer);
}

function valueOf(value: Written): Buffer {
  if (typeof value === 'string') return Buffer.concat([u32(8), string(value)]);
  if (typeof value === 'number') {
    return Number.isInteger(value)
      ? Buffer.concat([u32(4), u32(value)])
      : Buffer.concat([u32(6), Buffer.from(f32([value]))]);
  }
  return Buffer.concat([u32(9), u32(8), u64(value.length), ...value.map(string)]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([u64(bytes.length), bytes]);
}

const aligned = (length: number): number => Math.ceil(length / 32) * 32;

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)]);
}
