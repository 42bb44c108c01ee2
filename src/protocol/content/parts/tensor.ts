import { joinBody } from '../../../wire/body/body-region';
import { breaksRule, NnrpError } from '../../../wire/errors';
import { CacheObjectKind } from '../../../wire/messages/cache';
import { TileIndexMode } from '../../../wire/messages/frame-submit';
import { PayloadKind } from '../../../wire/messages/payload-kind';
import {
  decodeInlineObjects,
  encodeInlineObjects,
  type InlineObject,
} from '../../../wire/preview4/body/inline-object';
import {
  decodeTensorSections,
  encodeTensorSections,
  type TensorSection,
} from '../../../wire/preview4/body/tensor-section';
import { ours } from '../../../wire/bytes/own-bytes';
import { integer, listOf, required, rule, u16, u32, type Rule } from '../../options/rules';
import { optionsOf, takeOptions, type Rules } from '../../options/take-options';
import { regionsOf, typedFrames } from '../typed-body';
import type { TensorPart } from './part';
import { requireTensor } from './part-frame';
import { decodeTileIndex, encodeTileIndex, isContiguous } from './tile-index';

/** A tensor in tiles, of which each section has a payload each. */
export interface Tensor {
  /** Empty where they are a cached object: `submit.objects`. */
  readonly sections: readonly TensorSection[];
  /** The tiles' numbers, in the order of the payloads; undefined where they are a cached object. */
  readonly tileIds: readonly number[] | undefined;
}

/** What a section says of its numbers is the application's; where it says nothing, 0, and for `roleId` its place. */
export interface TensorInput {
  readonly sections: readonly (Partial<TensorSection> & Pick<TensorSection, 'tiles'>)[];
  /** Default: 0, 1, 2 … */
  readonly tileIds?: readonly number[];
}

const u8 = integer(0, 0xff);

const bytes: Rule<Uint8Array> = rule('a Uint8Array', (value) => value instanceof Uint8Array);

const SECTION: Rules<TensorInput['sections'][number]> = {
  roleId: u16,
  codecId: u8,
  dtypeId: u8,
  layoutId: u8,
  scalePolicy: u8,
  elementCountPerTile: u32,
  tiles: required(listOf(bytes)),
  tileCodecIds: listOf(u8),
  strideBytes: u32,
};

const TENSOR: Rules<TensorInput> = {
  sections: required(listOf(optionsOf(SECTION))),
  tileIds: listOf(u16),
};

const UNDESCRIBED = { codecId: 0, dtypeId: 0, layoutId: 0, scalePolicy: 0, elementCountPerTile: 0 };

/**
 * A tensor as a part of an answer or of a question: sections with preview4's descriptors, in both revisions, for preview3
 * has none. Throws a `TypeError` or a `RangeError` that names what is wrong, and an `NnrpError` where sections are out of
 * order, differ in their tiles, or have more than 65,535 tiles together.
 *
 * @example
 * yield encodeTensor({ sections: [{ dtypeId: FLOAT32, tiles: [new Uint8Array(floats.buffer)] }] });
 */
export function encodeTensor(tensor: TensorInput): TensorPart {
  const { sections: given, tileIds } = takeOptions('encodeTensor', tensor, TENSOR);
  const sections = given.map((section, roleId) => ({ roleId, ...UNDESCRIBED, ...section }));
  const table = encodeTensorSections(sections);
  const tileCount = sections[0]?.tiles.length ?? 0;
  const ids = tileIds ?? countFrom(0, tileCount);
  if (ids.length !== tileCount) breaksRule('a tensor must have as many tile ids as its sections have tiles');
  const tileBaseId = ids[0] ?? 0;
  // A part of preview4 has no place for a base: what does not begin at 0 brings its numbers along.
  const isDense = isContiguous(ids) && tileBaseId === 0;
  const index = isDense
    ? []
    : [{ objectKind: CacheObjectKind.TileIndexBlock, payload: encodeTileIndex(ids) }];
  const inlineObjects = encodeInlineObjects([
    ...index,
    { objectKind: CacheObjectKind.TensorSectionTable, payload: table },
  ]);
  return {
    kind: 'tensor',
    metadata: {
      payloadKindBitmap: PayloadKind.Tensor,
      payloadFrameCount: 0,
      sectionCount: sections.length,
      tileCount,
      tileBaseId,
      tileIndexMode: isDense ? TileIndexMode.DenseRange : TileIndexMode.RawU16,
      tileIndexBytes: index[0]?.payload.length ?? 0,
      coveredTileCount: tileCount,
    },
    body: ours(joinBody({ inlineObjects })),
  };
}

/**
 * Reads a tensor, of whatever peer: sections with preview4's descriptors, or frames of preview3's tensor profile, each
 * with tiles of one size of which nothing is said. Payloads are views of the body. Throws an `NnrpError` where the body
 * is not what it says.
 *
 * @example
 * const { sections } = decodeTensor(part);
 */
export function decodeTensor(part: TensorPart): Tensor {
  requireTensor(part);
  const { metadata, body } = part;
  const { tileCount = 0 } = metadata;
  const objects = decodeInlineObjects(regionsOf(body).inlineObjects);
  const sections =
    metadata.payloadFrameCount > 0 && metadata.payloadKindBitmap === PayloadKind.Tensor
      ? denseSections(part)
      : decodeTensorSections(payloadOf(objects, CacheObjectKind.TensorSectionTable) ?? NOTHING);
  const count = sections[0]?.tiles.length ?? tileCount;
  if (tileCount !== 0 && count !== tileCount) breaksRule('tensor sections must have tile_count tiles');
  return { sections, tileIds: tileIdsOf(part, objects, count) };
}

const NOTHING = new Uint8Array(0);

function payloadOf(objects: readonly InlineObject[], kind: CacheObjectKind): Uint8Array | undefined {
  return objects.find(({ objectKind }) => objectKind === kind)?.payload;
}

/** The slot of a cached tile index. */
const TILE_INDEX_REFERENCE = 0x2;

function tileIdsOf(
  { metadata }: TensorPart,
  objects: readonly InlineObject[],
  count: number,
): readonly number[] | undefined {
  const { tileBaseId = 0, objectRefMask = 0, tileIndexMode = TileIndexMode.RawU16 } = metadata;
  const index = payloadOf(objects, CacheObjectKind.TileIndexBlock);
  if (index !== undefined && index.length > 0) return decodeTileIndex(index, tileIndexMode, count);
  return (objectRefMask & TILE_INDEX_REFERENCE) === 0 ? countFrom(tileBaseId, count) : undefined;
}

function denseSections({ metadata, body }: TensorPart): TensorSection[] {
  const { tileCount = 0 } = metadata;
  const frames = typedFrames(metadata, body);
  const count = tileCount === 0 ? 1 : tileCount;
  if (frames.length * count > MAX_TILES) {
    throw new NnrpError({ kind: 'MessageLengthOverflow', declared: frames.length * count, limit: MAX_TILES });
  }
  return frames.map(({ payload }, roleId) => {
    const size = payload.length / count;
    if (!Number.isInteger(size)) breaksRule('dense tensor tiles must be of one size');
    const tiles = Array.from({ length: count }, (_, index) =>
      payload.subarray(index * size, (index + 1) * size),
    );
    return { roleId, ...UNDESCRIBED, tiles };
  });
}

const MAX_TILES = 0xffff;

function countFrom(base: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => base + index);
}
