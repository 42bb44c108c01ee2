import type { CacheObjectId } from '../../cache/cache-object-id';
import { listOf, oneOf, rule } from '../../options/rules';
import { takeOptions, takeValue, type Rules } from '../../options/take-options';
import { narrowKey, wideKey } from '../../revision/cache-dialect';
import { joinBody } from '../../../wire/body/body-region';
import {
  checkSubmitReferences,
  encodeObjectReferences,
  objectRefMaskOf,
} from '../../../wire/body/object-reference';
import { ours } from '../../../wire/bytes/own-bytes';
import { breaksRule } from '../../../wire/errors';
import { EMPTY } from '../../../wire/packet';
import type { RevisionName } from '../../../wire/message';
import { CacheObjectKind } from '../../../wire/messages/cache';
import { SubmitMode, TileIndexMode, type FrameSubmitMetadata } from '../../../wire/messages/frame-submit';
import { PayloadKind } from '../../../wire/messages/payload-kind';
import { BodyRegionPrelude as Preview4Prelude } from '../../../wire/preview4/body/body-region';
import { ObjectReferenceBlock as Preview4Block } from '../../../wire/preview4/body/object-reference';
import { regionsOf } from '../typed-body';
import type { Part, TensorPart } from './part';
import { encodeFrames, noPart, partFrame, requireTensor, type FramePart } from './part-frame';

/** What a question has besides its parts. */
export interface EncodePartsOptions {
  /** Cached objects that it refers to, each of a standard kind of its own. Default none. */
  readonly references?: readonly CacheObjectId[];
  /** `session.revision`, to which references and a tensor's tile ids matter. Default `preview3`. */
  readonly revision?: RevisionName;
}

const OPTIONS: Rules<EncodePartsOptions> = {
  references: listOf(rule<CacheObjectId>('the id of a cached object', isObject)),
  revision: oneOf('preview3', 'preview4'),
};

const PARTS = listOf(rule<Part>('an object', isObject));

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/**
 * Parts as a question, in one body: what `session.submit` takes. Throws a `TypeError` where a part is none, or has a
 * value that JSON has not, and an `NnrpError` where there is no place for it: a second tensor, or tile ids other than
 * 0, 1, 2 … in preview3, which wants them cached.
 *
 * @example
 * const question = encodeParts([
 *   { kind: 'event', value: { voice: 'low' } },
 *   { kind: 'audio', bytes: recording },
 * ]);
 * const { text } = await session.submit({ ...question, signal }).whole();
 */
export function encodeParts(
  parts: readonly Exclude<Part, { readonly kind: 'summary' }>[],
  options: EncodePartsOptions = {},
): { readonly body: Uint8Array; readonly metadata: Partial<FrameSubmitMetadata> } {
  const { references = [], revision = 'preview3' } = takeOptions('encodeParts', options, OPTIONS);
  const given = takeValue<readonly Part[]>(parts, 'the parts of encodeParts', PARTS);
  if (given.length === 0 && references.length === 0) return { body: EMPTY, metadata: {} };
  const [tensor, another] = given.filter((part): part is TensorPart => part.kind === 'tensor');
  if (another !== undefined) breaksRule('a body has one tensor; its sections may be many');
  if (tensor !== undefined) requireTensor(tensor);
  const frames = given.filter(isFramePart).map(partFrame);
  const { regions, kinds } = encodeFrames(frames);
  const referred = referenceRegion(references, { hasParts: given.length > 0, revision });
  const isTensor = tensor !== undefined || references.some(({ objectKind }) => isOfTensor(objectKind));
  const body = joinBody(
    {
      ...regions,
      ...(tensor && { inlineObjects: regionsOf(tensor.body).inlineObjects }),
      ...(referred && { objectReferences: referred.region }),
    },
    revision === 'preview4' ? Preview4Prelude : undefined,
  );
  return {
    body: ours(body),
    metadata: {
      ...(tensor && tensorFields(tensor, revision)),
      ...referred?.fields,
      payloadKindBitmap: kinds | (isTensor ? PayloadKind.Tensor : 0),
      payloadFrameCount: frames.length,
    },
  };
}

function isFramePart(part: Part): part is FramePart {
  if (part.kind === 'summary') throw noPart(part);
  return part.kind !== 'tensor';
}

/** Whether a cached object is a piece of a tensor. */
function isOfTensor(kind: CacheObjectKind): boolean {
  return kind === CacheObjectKind.TileIndexBlock || kind === CacheObjectKind.TensorSectionTable;
}

/** What a submit says of a tensor; of one that comes from a result, the rest is not for it. */
function tensorFields({ metadata }: TensorPart, revision: RevisionName): Partial<FrameSubmitMetadata> {
  const { sectionCount = 0, tileCount = 0, tileBaseId = 0, tileIndexBytes = 0 } = metadata;
  if (tileIndexBytes === 0) return { sectionCount, tileCount, tileBaseId };
  if (revision === 'preview3') {
    breaksRule('preview3 has no place for a tile index in a submit: cache it, and refer to it');
  }
  const { tileIndexMode = TileIndexMode.RawU16 } = metadata;
  return { sectionCount, tileCount, tileBaseId, tileIndexBytes, tileIndexMode };
}

/** Undefined where there are none. Those of standard slots stand in their order, which that of the kinds is. */
function referenceRegion(
  references: readonly CacheObjectId[],
  { hasParts, revision }: { readonly hasParts: boolean; readonly revision: RevisionName },
): { readonly region: Uint8Array; readonly fields: Partial<FrameSubmitMetadata> } | undefined {
  if (references.length === 0) return undefined;
  const blocks = [...references].sort((one, other) => one.objectKind - other.objectKind);
  const fields = {
    submitMode: hasParts ? SubmitMode.Mixed : SubmitMode.Reference,
    objectRefMask: objectRefMaskOf(blocks),
  };
  checkSubmitReferences(blocks, fields);
  const region =
    revision === 'preview4'
      ? encodeObjectReferences(
          blocks.map((block) => ({ ...block, ...wideKey(block), refFlags: 0 })),
          Preview4Block,
        )
      : encodeObjectReferences(blocks.map((block) => ({ ...block, ...narrowKey(block), refFlags: 0 })));
  return { region, fields };
}
