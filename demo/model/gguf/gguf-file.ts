import { readFileSync } from 'node:fs';

/** A value of a model's metadata. */
export type GgufValue = number | boolean | string | readonly GgufValue[];

/** A tensor as its file has it. */
export interface GgufTensor {
  readonly name: string;
  /** How many numbers there are in all. */
  readonly count: number;
  /** How its numbers are written; see `floatsOf`. */
  readonly type: number;
  /** From its first byte to the end of the file. */
  readonly bytes: Uint8Array;
}

export interface GgufFile {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const MAGIC = 'GGUF';
const VERSIONS = [2, 3];
const DEFAULT_ALIGNMENT = 32;

/** Reads a GGUF file, as llama.cpp writes it. Throws an `Error` that says what is wrong with it. */
export function readGguf(path: string): GgufFile {
  const bytes = readFileSync(path);
  try {
    return parseGguf(bytes);
  } catch (error) {
    const why = error instanceof RangeError ? 'it ends too early' : (error as Error).message;
    throw new Error(`${path} is no model that this demo can run: ${why}`, { cause: error });
  }
}

export function parseGguf(bytes: Uint8Array): GgufFile {
  const reader = new Reader(bytes);
  if (reader.text(4) !== MAGIC) throw new Error('it is no GGUF file');
  const version = reader.u32();
  if (!VERSIONS.includes(version))
    throw new Error(`it is GGUF of version ${version}, not ${VERSIONS.join(' or ')}`);
  const tensorCount = reader.u64();
  const metadata = new Map<string, GgufValue>();
  for (let left = reader.u64(); left > 0; left--) metadata.set(reader.string(), reader.value(reader.u32()));
  const infos = Array.from({ length: tensorCount }, () => {
    const name = reader.string();
    let count = 1;
    for (let left = reader.u32(); left > 0; left--) count *= reader.u64();
    return { name, count, type: reader.u32(), offset: reader.u64() };
  });
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  const start = Math.ceil(reader.at / Number(alignment)) * Number(alignment);
  const tensors = infos.map(({ offset, ...info }): [string, GgufTensor] => [
    info.name,
    { ...info, bytes: bytes.subarray(start + offset) },
  ]);
  return { metadata, tensors: new Map(tensors) };
}

/** Little-endian, one value after the other. */
class Reader {
  at = 0;
  private readonly view: DataView;
  private readonly utf8 = new TextDecoder();

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u32(): number {
    return this.view.getUint32(this.step(4), true);
  }

  u64(): number {
    const value = Number(this.view.getBigUint64(this.step(8), true));
    // Whatever it counts, there cannot be more of it than bytes.
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError(`there are no ${value} of anything`);
    return value;
  }

  text(length: number): string {
    if (this.at + length > this.bytes.length) throw new RangeError('past the end');
    return this.utf8.decode(this.bytes.subarray(this.at, (this.at += length)));
  }

  string(): string {
    return this.text(this.u64());
  }

  value(type: number): GgufValue {
    const { view } = this;
    switch (type) {
      case 0:
        return view.getUint8(this.step(1));
      case 1:
        return view.getInt8(this.step(1));
      case 2:
        return view.getUint16(this.step(2), true);
      case 3:
        return view.getInt16(this.step(2), true);
      case 4:
        return this.u32();
      case 5:
        return view.getInt32(this.step(4), true);
      case 6:
        return view.getFloat32(this.step(4), true);
      case 7:
        return view.getUint8(this.step(1)) !== 0;
      case 8:
        return this.string();
      case 9:
        return this.array();
      case 10:
        return this.u64();
      case 11:
        return Number(view.getBigInt64(this.step(8), true));
      case 12:
        return view.getFloat64(this.step(8), true);
      default:
        throw new Error(`its metadata have a value of type ${type}, which no version has`);
    }
  }

  private array(): GgufValue[] {
    const type = this.u32();
    const values: GgufValue[] = [];
    for (let left = this.u64(); left > 0; left--) values.push(this.value(type));
    return values;
  }

  private step(bytes: number): number {
    const { at } = this;
    this.at += bytes;
    return at;
  }
}
