import { u16, u32, u8 } from '../../codec/fields';
import { record, type RecordValue } from '../../codec/record';
import { breaksRule, NnrpError } from '../../errors';
import { readU32, writeU32 } from '../../bytes/u32';

/** Flags of a tensor section. */
export const TensorSectionFlag = { MixedCodec: 0x1, FixedStride: 0x2 } as const;
const KNOWN_FLAGS = 0x3;

/** Describes one section of a tensor payload. */
export const TensorSectionDescriptor = record({
  name: 'TensorSectionDescriptor',
  subject: 'tensor_section',
  length: 32,
  fields: {
    roleId: u16(0),
    codecId: u8(2),
    dtypeId: u8(3),
    layoutId: u8(4),
    scalePolicy: u8(5),
    sectionFlags: u16(6),
    elementCountPerTile: u32(8),
    codecTableBytes: u32(12),
    lengthTableBytes: u32(16),
    payloadBytes: u32(20),
    payloadStrideBytes: u32(24),
  },
  reserved: { reserved: u32(28) },
  rules({ sectionFlags, codecTableBytes, lengthTableBytes, payloadStrideBytes }) {
    if ((sectionFlags & ~KNOWN_FLAGS) !== 0) breaksRule('tensor section flags contain unknown bits');
    const has = (flag: number): boolean => (sectionFlags & flag) !== 0;
    if ((codecTableBytes !== 0) !== has(TensorSectionFlag.MixedCodec)) {
      breaksRule('tensor codec table presence must match MIXED_CODEC');
    }
    if ((payloadStrideBytes !== 0) !== has(TensorSectionFlag.FixedStride)) {
      breaksRule('tensor payload stride presence must match FIXED_STRIDE');
    }
    if (lengthTableBytes % 4 !== 0) breaksRule('tensor length table bytes must be a multiple of four');
  },
});
export type TensorSectionDescriptor = RecordValue<typeof TensorSectionDescriptor>;

/** One section of a tensor: what its numbers are, and a payload a tile; of one that was read, each is a view. */
export interface TensorSection {
  /** Sections are in the order of their roles, each of which is there once. */
  readonly roleId: number;
  readonly codecId: number;
  readonly dtypeId: number;
  readonly layoutId: number;
  readonly scalePolicy: number;
  readonly elementCountPerTile: number;
  readonly tiles: readonly Uint8Array[];
  /** Of each tile, where they are not all `codecId`. */
  readonly tileCodecIds?: readonly number[];
  /** Bytes from tile to tile, where they are not packed. */
  readonly strideBytes?: number;
}

/** Tiles of all sections of one body: a view of each is made. The protocol counts tiles in 16 bits. */
const MAX_TILES = 0xffff;
/** Bytes: each section is followed by zeros up to a multiple of this, but the last. */
const ALIGNMENT = 8;

/**
 * Reads sections: descriptor ‖ codec table ‖ length table ‖ payload, as often as there are. Throws an `NnrpError`.
 */
export function decodeTensorSections(table: Uint8Array): TensorSection[] {
  const sections: TensorSection[] = [];
  let tiles = 0;
  for (let start = 0; start < table.length;) {
    const descriptor = TensorSectionDescriptor.decode(table, start);
    const { codecTableBytes, lengthTableBytes, payloadBytes } = descriptor;
    const codecs = start + TensorSectionDescriptor.length;
    const lengths = codecs + codecTableBytes;
    const payload = lengths + lengthTableBytes;
    const end = payload + payloadBytes;
    if (end > table.length) breaksRule('tensor section must fit the tensor section table');
    const section = readSection(descriptor, {
      codecs: table.subarray(codecs, lengths),
      lengths: table.subarray(lengths, payload),
      payload: table.subarray(payload, end),
    });
    tiles += section.tiles.length;
    if (tiles > MAX_TILES) {
      throw new NnrpError({ kind: 'MessageLengthOverflow', declared: tiles, limit: MAX_TILES });
    }
    sections.push(section);
    start = aligned(end);
  }
  checkOrder(sections);
  return sections;
}

/** Writes sections. Throws an `NnrpError`. */
export function encodeTensorSections(sections: readonly TensorSection[]): Uint8Array {
  checkOrder(sections);
  const written = sections.map(writeSection);
  const starts: number[] = [];
  let end = 0;
  for (const { length } of written) {
    const start = aligned(end);
    starts.push(start);
    end = start + length;
  }
  const table = new Uint8Array(end);
  written.forEach((section, index) => {
    table.set(section, starts[index]);
  });
  return table;
}

function checkOrder(sections: readonly TensorSection[]): void {
  sections.forEach(({ roleId, tiles }, index) => {
    if (index === 0) return;
    if (roleId <= sections[index - 1]!.roleId) {
      breaksRule('tensor sections must be strictly ordered by role_id');
    }
    if (tiles.length !== sections[0]!.tiles.length) {
      breaksRule('tensor sections must have the same tiles');
    }
  });
}

function readSection(
  descriptor: TensorSectionDescriptor,
  { codecs, lengths, payload }: Readonly<Record<'codecs' | 'lengths' | 'payload', Uint8Array>>,
): TensorSection {
  const { roleId, codecId, dtypeId, layoutId, scalePolicy, elementCountPerTile } = descriptor;
  const stride = descriptor.payloadStrideBytes;
  const count = lengths.length / 4;
  if (count > MAX_TILES) {
    throw new NnrpError({ kind: 'MessageLengthOverflow', declared: count, limit: MAX_TILES });
  }
  if (codecs.length !== 0 && codecs.length !== count) {
    breaksRule('tensor codec table must have an entry for each tile');
  }
  const tiles: Uint8Array[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const length = readU32(lengths, 4 * index);
    if (stride !== 0 && length > stride) breaksRule('tensor tile must fit the payload stride');
    if (at + length > payload.length) breaksRule('tensor tiles must fit the section payload');
    tiles.push(payload.subarray(at, at + length));
    at += stride === 0 ? length : stride;
  }
  if (at !== payload.length) breaksRule('tensor section payload must be exactly covered by its tiles');
  return {
    roleId,
    codecId,
    dtypeId,
    layoutId,
    scalePolicy,
    elementCountPerTile,
    tiles,
    ...(codecs.length > 0 && { tileCodecIds: [...codecs] }),
    ...(stride !== 0 && { strideBytes: stride }),
  };
}

function writeSection(section: TensorSection): Uint8Array {
  const { tiles, tileCodecIds = [], strideBytes = 0, ...fields } = section;
  if (tileCodecIds.length !== 0 && tileCodecIds.length !== tiles.length) {
    breaksRule('tensor codec table must have an entry for each tile');
  }
  if (strideBytes !== 0 && tiles.some(({ length }) => length > strideBytes)) {
    breaksRule('tensor tile must fit the payload stride');
  }
  const payloadBytes = tiles.reduce((sum, { length }) => sum + (strideBytes || length), 0);
  const descriptor = TensorSectionDescriptor.of({
    ...fields,
    sectionFlags:
      (tileCodecIds.length > 0 ? TensorSectionFlag.MixedCodec : 0) |
      (strideBytes > 0 ? TensorSectionFlag.FixedStride : 0),
    codecTableBytes: tileCodecIds.length,
    lengthTableBytes: 4 * tiles.length,
    payloadBytes,
    payloadStrideBytes: strideBytes,
  });
  const codecs = TensorSectionDescriptor.length;
  const lengths = codecs + tileCodecIds.length;
  const bytes = new Uint8Array(lengths + 4 * tiles.length + payloadBytes);
  TensorSectionDescriptor.encodeInto(descriptor, bytes);
  bytes.set(tileCodecIds, codecs);
  let at = lengths + 4 * tiles.length;
  tiles.forEach((tile, index) => {
    writeU32(bytes, lengths + 4 * index, tile.length);
    bytes.set(tile, at);
    at += strideBytes || tile.length;
  });
  return bytes;
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
