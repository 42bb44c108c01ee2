import type { PriorityClass } from '../../wire/messages/session-open';
import { SchedulingFlag, SchedulingMetadata } from '../../wire/preview4/control/scheduling';

/** DEADLINE's metadata, of an operation that has the number of its frame for a name; in milliseconds since 1970. */
export function deadlineOf(frameId: number, deadlineAt: number): Uint8Array {
  const metadata = SchedulingMetadata.of({
    operationId: BigInt(frameId),
    controlSequence: 1n,
    deadlineUnixMs: BigInt(deadlineAt),
    flags: SchedulingFlag.DiscardStale | SchedulingFlag.EmitDropReason,
  });
  return SchedulingMetadata.encode(metadata);
}

/** PRIORITY_UPDATE's, likewise. */
export function priorityOf(frameId: number, priorityClass: PriorityClass): Uint8Array {
  const fields = { operationId: BigInt(frameId), controlSequence: 1n, priorityClass };
  return SchedulingMetadata.encode(SchedulingMetadata.of(fields));
}
