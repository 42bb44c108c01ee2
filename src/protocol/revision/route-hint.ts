import { EMPTY } from '../../wire/packet';
import { RouteHintFlag, RouteHintMetadata } from '../../wire/preview4/control/hints';
import type { RouteHint } from '../operation/route-hint';
import { boundOf, boundOnWire } from './bound';

/** The metadata of ROUTE_HINT or EXECUTION_HINT, of an operation that has the number of its frame for a name. */
export function routeHintMetadata(frameId: number, hint: RouteHint): Uint8Array {
  const { deadlineAt = Infinity, mustHonor = false, body = EMPTY, ...fields } = hint;
  const metadata = RouteHintMetadata.of({
    ...fields,
    operationId: BigInt(frameId),
    deadlineUnixMs: boundOnWire(deadlineAt),
    bodyBytes: body.length,
    flags: mustHonor ? RouteHintFlag.MustHonor : RouteHintFlag.BestEffort,
  });
  return RouteHintMetadata.encode(metadata);
}

/** What such a message says; its body is copied, as it stays for as long as the operation. */
export function routeHintOf(metadata: RouteHintMetadata, body: Uint8Array): Required<RouteHint> {
  const { routeId, executorClass, affinityClass, deadlineUnixMs, flags } = metadata;
  return {
    routeId,
    executorClass,
    affinityClass,
    deadlineAt: boundOf(deadlineUnixMs),
    mustHonor: (flags & RouteHintFlag.MustHonor) !== 0,
    body: body.slice(),
  };
}
