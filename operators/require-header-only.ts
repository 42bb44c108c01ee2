import { tap, type MonoTypeOperatorFunction } from 'rxjs';
import { checkHeaderOnly } from '../src/protocol/packet-checks';
import type { Packet } from '../src/wire/packet';
import { DEFAULT_ROLE, type CheckOptions } from './check-options';

/**
 * Passes packets that are a header and nothing else, and errors at the first that has metadata or a
 * body (protocol section 2).
 *
 * @example
 * const cancels$ = packets$.pipe(ofMessageType(MessageType.FrameCancel), requireHeaderOnly());
 *
 * @returns The packets. Errors with a `RuntimeError`: `unexpected-message`, "server received malformed
 * FRAME_CANCEL lengths"; for RESULT_DROP, PING and PONG `protocol`, with the cause
 * `InvalidProtocolCombination`.
 */
export function requireHeaderOnly<P extends Packet>({
  role = DEFAULT_ROLE,
}: CheckOptions = {}): MonoTypeOperatorFunction<P> {
  return tap((packet) => {
    checkHeaderOnly(packet, role);
  });
}
