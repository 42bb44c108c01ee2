import type { MonoTypeOperatorFunction } from 'rxjs';
import { asRuntimeError } from '../src/protocol/as-runtime-error';
import { foreignSession } from '../src/protocol/packet-checks';
import type { Packet } from '../src/wire/packet';
import { revisionOf } from '../src/protocol/revision/revision-of';
import { fusedFilter } from '../src/transport/fused-filter';
import { DEFAULT_REVISION, DEFAULT_ROLE, type PipelineOptions } from './pipeline-options';

export interface SplitBySessionOptions extends PipelineOptions {
  /**
   * Whether a packet of a session that is not here is no fault: it may have been under way when the session left. It
   * is dropped without a word. Default: none is.
   */
  readonly isLate?: (packet: Packet) => boolean;
}

/**
 * Hands each session its packets, by one look-up, and passes on what concerns the connection: packets of session 0,
 * and those that open a session.
 *
 * @param sessions Those that there are, by id; a Map will do. They may come and go meanwhile.
 * @param receive Gives a packet to its session. What it throws is a fault of that packet.
 *
 * @example
 * const sessions = new Map<number, Subject<Packet>>();
 * packets$
 *   .pipe(
 *     judgePackets(),
 *     splitBySession(sessions, (session, packet) => session.next(packet)),
 *     ofMessageType(MessageType.SessionOpen),
 *   )
 *   .subscribe((packet) => open(packet, sessions));
 *
 * @returns What is of connection scope. Errors with a `RuntimeError` of reach `packet`: `unexpected-message`,
 * "server received submit for another session"; what `receive` throws, `protocol` for an `NnrpError` and `internal`
 * for anything that is none of the protocol's.
 */
export function splitBySession<S>(
  sessions: { get(sessionId: number): S | undefined },
  receive: (session: S, packet: Packet) => void,
  { role = DEFAULT_ROLE, revision = DEFAULT_REVISION, isLate, onViolation }: SplitBySessionOptions = {},
): MonoTypeOperatorFunction<Packet> {
  const of = revisionOf(revision);
  return fusedFilter((packet) => {
    const { sessionId, messageType } = packet.header;
    if (sessionId === 0 || of(packet).messages[messageType]?.scope === 'opening') return true;
    try {
      const session = sessions.get(sessionId);
      if (session !== undefined) receive(session, packet);
      else if (isLate?.(packet) !== true) throw foreignSession(messageType, role);
    } catch (error) {
      const fault = asRuntimeError(error);
      if (onViolation === undefined) throw fault;
      onViolation(fault, packet);
    }
    return false;
  });
}
