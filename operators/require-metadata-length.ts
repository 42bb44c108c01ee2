import { tap, type MonoTypeOperatorFunction } from 'rxjs';
import { checkMetadataLength } from '../src/protocol/packet-checks';
import type { Packet } from '../src/wire/packet';
import { DEFAULT_REVISION, DEFAULT_ROLE, type CheckOptions, type RevisionOptions } from './check-options';

/**
 * Passes packets with metadata of an exact length, and errors at the first whose length is another.
 *
 * @example
 * const patches$ = packets$.pipe(requireMessageType(MessageType.SessionPatch), requireMetadataLength());
 *
 * @param length Bytes. Default: those of the record that each packet's message type has in the revision, 0
 * where it has none (protocol section 2).
 * @returns The packets. Errors with a `RuntimeError`, `unexpected-message`: "server received malformed
 * FRAME_SUBMIT metadata length".
 */
export function requireMetadataLength<P extends Packet>(
  length?: number,
  { role = DEFAULT_ROLE, revision = DEFAULT_REVISION }: CheckOptions & RevisionOptions = {},
): MonoTypeOperatorFunction<P> {
  return tap((packet) => {
    const required = length ?? revision.messages[packet.header.messageType]?.record?.length ?? 0;
    checkMetadataLength(packet, required, role);
  });
}
