import { USUAL_COMPLETE, type ResultPush } from '../../../protocol/operation/result';
import { timedComplete } from '../../../protocol/operation/result-packet';
import { ResultPushMetadata } from '../../../wire/messages/result-push';
import { U16_MAX } from '../../../protocol/options/rules';

/** When an operation came, and when the application got it; milliseconds. */
interface Times {
  readonly arrivedAt: number;
  readonly startedAt: number;
}

/** The last result of an operation with how long it took, where whoever made it has not said: milliseconds. */
export function timed(last: ResultPush, { arrivedAt, startedAt }: Times, now: number): ResultPush {
  const { metadata, frameId, body } = last;
  const queueMs = metadata.queueMs || onWire(startedAt - arrivedAt);
  const inferenceMs = metadata.inferenceMs || onWire(now - startedAt);
  const serverTotalMs = metadata.serverTotalMs || onWire(now - arrivedAt);
  // Most take no time: what they are on the wire is known.
  const isSaid =
    queueMs === metadata.queueMs &&
    inferenceMs === metadata.inferenceMs &&
    serverTotalMs === metadata.serverTotalMs;
  if (isSaid) return last;
  const times = { queueMs, inferenceMs, serverTotalMs };
  const timedMetadata =
    metadata === USUAL_COMPLETE ? timedComplete(times) : ResultPushMetadata.of({ ...metadata, ...times });
  return { type: 'push', frameId, metadata: timedMetadata, body };
}

function onWire(ms: number): number {
  return Math.min(Math.max(0, Math.round(ms)), U16_MAX);
}
