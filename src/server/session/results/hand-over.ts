import type { SentSubmit } from '../../../protocol/session/told-operation';
import { isPart } from '../../../protocol/operation/result-packet';
import { MessageType } from '../../../wire/message-type';
import type { Packet } from '../../../wire/packet';
import { DropReason, ResultDropReasonMetadata } from '../../../wire/preview4/results';
import { frameOf, type Outgoing } from './outgoing';
import type { SessionOutlet } from './session-outlet';

/** What a client that comes with a ticket is given of one operation. */
export interface GivenOperation {
  readonly operationId: number;
  /** Whether its results begin with the first. */
  readonly isWhole: boolean;
  /** Undefined where it has ended, and is not kept; or was another node's, which has not logged it. */
  readonly sent: SentSubmit | undefined;
  readonly results: readonly Outgoing[];
}

/** What such a client is given, in the order of the operations' ids. */
export interface HandOver {
  /** How many results of the session there have been before those that it is given. */
  readonly countFrom: number;
  readonly operations: readonly GivenOperation[];
}

/** What a session that is handed over has. */
interface HandedSession {
  readonly outlet: SessionOutlet;
  readonly operations: {
    has(frameId: number): boolean;
    all(): readonly { readonly frameId: number; readonly sent: SentSubmit }[];
  };
  /** Undefined where it began here. */
  readonly lost: { isKnown(frameId: number): boolean } | undefined;
}

/**
 * What a client with a ticket is given: the answers that are kept from their first result on; of those that run and are
 * not, what comes after the `received` results that the ticket counts, and of those that ended meanwhile: where answers
 * are kept, since nobody was there, else since the ticket. Undefined where something of them is gone that it lacks.
 */
export function handOver(
  { outlet, operations, lost }: HandedSession,
  received: number,
): HandOver | undefined {
  const { retained } = outlet;
  const kept = retained?.all() ?? [];
  const isKept = (frameId: number): boolean => retained?.has(frameId) === true;
  const running = operations.all().filter(({ frameId }) => !isKept(frameId));
  const others = new Set(running.map(({ frameId }) => frameId));
  for (const [frameId, packet] of lastOf(retained === undefined ? outlet.heldAfter(0) : outlet.unsent())) {
    if (!isKept(frameId) && operations.has(frameId) && !wasCancelled(packet)) others.add(frameId);
  }
  const isCounted = retained === undefined || others.size > 0;
  if (isCounted && !outlet.canResume(received)) return undefined;
  const given = new Map<number, GivenOperation & { readonly results: Outgoing[] }>();
  for (const { frameId, sent, results } of kept) {
    given.set(frameId, { operationId: frameId, isWhole: true, sent, results: [...results] });
  }
  for (const { frameId, sent } of running) {
    const known = lost?.isKnown(frameId) === false ? undefined : sent;
    given.set(frameId, { operationId: frameId, isWhole: false, sent: known, results: [] });
  }
  for (const result of outlet.heldAfter(received)) {
    const operationId = frameOf(result.packet);
    if (!others.has(operationId)) continue;
    const known = given.get(operationId);
    if (known !== undefined) known.results.push(result);
    else given.set(operationId, { operationId, isWhole: false, sent: undefined, results: [result] });
  }
  const inOrder = [...given.values()].sort((a, b) => a.operationId - b.operationId);
  return { countFrom: outlet.lastResult, operations: inOrder };
}

/** The last of each operation. */
function lastOf(results: readonly Outgoing[]): Map<number, Packet> {
  return new Map(results.map(({ packet }) => [frameOf(packet), packet]));
}

/** Whether an operation that runs no more was cancelled, by its last result: a part, or one that says so. */
function wasCancelled(last: Packet): boolean {
  if (last.header.messageType !== MessageType.ResultDropReason) return isPart(last);
  return ResultDropReasonMetadata.decode(last.metadata).dropReasonCode === DropReason.PeerCancelled;
}

/** All of its results, in the order in which they are sent. */
export function resultsOf({ operations }: HandOver): readonly Outgoing[] {
  return operations.flatMap(({ results }) => results);
}
