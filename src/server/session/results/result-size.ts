import type { Result } from '../../../protocol/operation/result';
import { bodyBytes } from '../../../protocol/operation/result-packet';
import { RuntimeError } from '../../../protocol/runtime-error';

/** Of what may wait for a peer, one result may be so much; the rest is for its header and for what else waits. */
const LARGEST_PART = 15 / 16;

/**
 * Throws a `RuntimeError` where a result is so large that its peer would be cut off for not having read it,
 * before it could have begun to. That costs the operation, as a handler that fails does, and not the peer.
 */
export function requireSendable(
  result: Result,
  { maxUnreadBytes }: { readonly maxUnreadBytes: number },
): void {
  if (result.type === 'drop') return;
  const length = bodyBytes(result);
  const most = Math.floor(maxUnreadBytes * LARGEST_PART);
  if (length <= most) return;
  const message = `its body of ${length} bytes is larger than ${most}, what limits.maxUnreadBytes (${maxUnreadBytes}) has room for; send it in parts`;
  throw new RuntimeError('internal', message, { reach: 'operation', origin: 'application' });
}
