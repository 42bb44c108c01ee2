import { revised, type RecordValue } from '../codec/record';
import { breaksRule } from '../errors';
import { PayloadKind } from '../messages/payload-kind';
import {
  checkCoverageFields,
  ResultClass,
  ResultFlag,
  ResultPushMetadata as Preview3ResultPushMetadata,
} from '../messages/result-push';

/** RESULT_PUSH of preview4, which ends its operation: what it says of stale and missing tiles must agree. */
export const ResultPushMetadata = revised(Preview3ResultPushMetadata, {
  rules(result) {
    const { resultClass, resultFlags, tileCount, coveredTileCount, droppedTileCount } = result;
    const isStale = resultClass === ResultClass.StaleReuse || (resultFlags & ResultFlag.Stale) !== 0;
    if (isStale !== (result.reusedFrameId !== 0)) {
      breaksRule('RESULT_PUSH stale semantics and reused_frame_id must agree');
    }
    checkCoverageFields(result);
    if ((result.payloadKindBitmap & PayloadKind.Tensor) === 0) return;
    const isPartial = resultClass === ResultClass.Partial || (resultFlags & ResultFlag.Partial) !== 0;
    if (isPartial && droppedTileCount === 0) breaksRule('partial RESULT_PUSH must report dropped tiles');
    if (coveredTileCount + droppedTileCount !== tileCount) {
      breaksRule('RESULT_PUSH coverage must equal tile_count');
    }
  },
});
export type ResultPushMetadata = RecordValue<typeof ResultPushMetadata>;
