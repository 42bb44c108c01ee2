import { map, type OperatorFunction } from 'rxjs';
import { checkMessageType } from '../src/protocol/packet-checks';
import type { MessageType } from '../src/wire/message-type';
import type { Packet } from '../src/wire/packet';
import { DEFAULT_ROLE, type CheckOptions } from './check-options';
import type { PacketOf } from './of-message-type';

/**
 * Passes packets of one message type, or of one of several, and errors at the first of another.
 *
 * @example
 * const submits$ = packets$.pipe(requireMessageType(MessageType.FrameSubmit), requireSession(42));
 *
 * @example
 * const answers$ = packets$.pipe(
 *   requireMessageType([MessageType.ResultPush, MessageType.ResultDrop], { role: 'client' }),
 * );
 *
 * @returns The packets. Errors with a `RuntimeError`, `unexpected-message`: "server expected
 * FRAME_SUBMIT".
 */
export function requireMessageType<T extends MessageType>(
  expected: T | readonly T[],
  { role = DEFAULT_ROLE }: CheckOptions = {},
): OperatorFunction<Packet, PacketOf<T>> {
  return map((packet) => {
    checkMessageType(packet, expected, role);
    return packet as PacketOf<T>;
  });
}
