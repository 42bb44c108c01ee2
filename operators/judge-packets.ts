import type { MonoTypeOperatorFunction } from 'rxjs';
import { packetFault } from '../src/protocol/packet-checks';
import type { Packet } from '../src/wire/packet';
import { revisionOf } from '../src/protocol/revision/revision-of';
import { fusedFilter } from '../src/transport/fused-filter';
import { DEFAULT_REVISION, DEFAULT_ROLE, type PipelineOptions } from './pipeline-options';

/**
 * Passes the packets that may come, by the table of messages: of a type that the revision knows and the other end
 * may send, of that type's scope, and exactly as long as its record. What their fields say is for whoever acts on
 * them to judge.
 *
 * @example
 * packets$.pipe(judgePackets({ onViolation: (fault) => log.warn(fault.message) })).subscribe(handle);
 *
 * @returns The packets. Errors with a `RuntimeError` of reach `packet`: `unexpected-message`, "server received
 * unexpected RESULT_PUSH", "server received malformed FRAME_SUBMIT metadata length"; `protocol` with the cause
 * `UnknownMessageType`, or `InvalidProtocolCombination` for a RESULT_DROP, PING or PONG that is more than its header.
 */
export function judgePackets({
  role = DEFAULT_ROLE,
  revision = DEFAULT_REVISION,
  onViolation,
}: PipelineOptions = {}): MonoTypeOperatorFunction<Packet> {
  const of = revisionOf(revision);
  return fusedFilter((packet) => {
    const fault = packetFault(packet, of(packet), role);
    if (fault === undefined) return true;
    if (onViolation === undefined) throw fault;
    onViolation(fault, packet);
    return false;
  });
}
