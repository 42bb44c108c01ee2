import { tap, type MonoTypeOperatorFunction } from 'rxjs';
import { checkSession } from '../src/protocol/packet-checks';
import type { Packet } from '../src/wire/packet';
import { DEFAULT_ROLE, type CheckOptions } from './check-options';

/**
 * Passes packets of one session, and errors at the first of another.
 *
 * @example
 * const results$ = packets$.pipe(
 *   ofMessageType(MessageType.ResultPush),
 *   requireSession(42, { role: 'client' }),
 * );
 *
 * @returns The packets. Errors with a `RuntimeError`: `unexpected-message`, "server received submit for
 * another session"; for FLOW_UPDATE `protocol`, with the cause `UnknownSession`.
 */
export function requireSession<P extends Packet>(
  sessionId: number,
  { role = DEFAULT_ROLE }: CheckOptions = {},
): MonoTypeOperatorFunction<P> {
  return tap((packet) => {
    checkSession(packet, sessionId, role);
  });
}
