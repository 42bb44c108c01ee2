import type { PriorityClass } from '../../wire/messages/session-open';
import { SchedulingFlag, SchedulingMetadata } from '../../wire/preview4/control/scheduling';
import { boundOnWire } from './bound';

/** In DEADLINE, where 0 is none. */
const NEVER = 0xffff_ffff_ffff_ffffn;

/** DEADLINE's metadata, of an operation that has the number of its frame for a name; in milliseconds since 1970, or Infinity. */
export function deadlineOf(frameId: number, deadlineAt: number): Uint8Array {
  const metadata = SchedulingMetadata.of({
    operationId: BigInt(frameId),
    controlSequence: 1n,
    deadlineUnixMs: boundOnWire(deadlineAt, NEVER),
    flags: SchedulingFlag.DiscardStale | SchedulingFlag.EmitDropReason,
  });
  return SchedulingMetadata.encode(metadata);
}

/** PRIORITY_UPDATE's, likewise. */
export function priorityOf(frameId: number, priorityClass: PriorityClass): Uint8Array {
  const fields = { operationId: BigInt(frameId), controlSequence: 1n, priorityClass };
  return SchedulingMetadata.encode(SchedulingMetadata.of(fields));
}
