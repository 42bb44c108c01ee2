import { encodeSummary } from '../../operation/answer-summary';
import type { ResultFields, ResultPush } from '../../operation/result';
import { joinBody } from '../../../wire/body/body-region';
import { ours } from '../../../wire/bytes/own-bytes';
import type { Part, TensorPart } from './part';
import { encodeFrames, partFrame, requireTensor } from './part-frame';

/** What makes the results of an operation. */
interface ResultMaker {
  partial(body: Uint8Array, fields?: ResultFields): ResultPush;
  complete(body?: Uint8Array, fields?: ResultFields): ResultPush;
}

/** A part as a result of its own; a summary is the last of its answer. Throws a `TypeError` where a part is none. */
export function partResult(submit: ResultMaker, part: Part): ResultPush {
  if (part.kind === 'summary') {
    const { kind: _, ...summary } = part;
    const { body, fields } = encodeSummary(summary);
    return submit.complete(body, fields);
  }
  if (part.kind === 'tensor') {
    requireTensor(part);
    return submit.partial(part.body, tensorFields(part));
  }
  const { regions, kinds } = encodeFrames([partFrame(part)]);
  return submit.partial(ours(joinBody(regions)), { payloadKindBitmap: kinds, payloadFrameCount: 1 });
}

/** What a result says of a tensor; of one that comes from a submit, the rest is not for it. */
function tensorFields({ metadata }: TensorPart): ResultFields {
  const { payloadKindBitmap, payloadFrameCount } = metadata;
  const { sectionCount = 0, tileCount = 0, tileBaseId = 0, tileIndexBytes = 0 } = metadata;
  const { coveredTileCount = tileCount } = metadata;
  return {
    payloadKindBitmap,
    payloadFrameCount,
    sectionCount,
    tileCount,
    tileBaseId,
    tileIndexBytes,
    coveredTileCount,
  };
}
