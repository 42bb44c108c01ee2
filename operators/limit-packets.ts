import type { MonoTypeOperatorFunction } from 'rxjs';
import { RuntimeError } from '../src/protocol/runtime-error';
import type { Packet } from '../src/wire/packet';
import type { RateClass } from '../src/wire/revision';
import { revisionOf } from '../src/protocol/revision/revision-of';
import { fusedFilter } from '../src/transport/fused-filter';
import { DEFAULT_REVISION, DEFAULT_ROLE, type PipelineOptions } from './pipeline-options';

/** A limit that a packet has exceeded. */
export interface PacketExcess {
  readonly limit: string;
  /** In the limit's unit; of a rate, its burst. */
  readonly allowed: number;
  /** The amount there was, in the same unit. */
  readonly observed: number;
}

/** A budget that packets are charged to; a server's connections have one each. */
export interface PacketBudget<E extends PacketExcess = PacketExcess> {
  /** Charges a packet, of a class that the revision says; which limit that exceeds, undefined for none. */
  charge(packet: Packet, rate: RateClass | undefined): E | undefined;
}

/**
 * Charges each packet to a budget before anybody judges it, so that what is dropped later has been paid for, too;
 * and passes those that keep within.
 *
 * @example
 * const pings = { left: 100 };
 * const budget: PacketBudget = {
 *   charge: (_, rate) =>
 *     rate === 'ping' && --pings.left < 0 ? { limit: 'pings', allowed: 100, observed: 101 } : undefined,
 * };
 * packets$.pipe(limitPackets(budget), judgePackets());
 *
 * @returns The packets. Errors with a `RuntimeError` of reach `connection`: `unexpected-message`, "server received
 * more than pings (100) allows".
 */
export function limitPackets<E extends PacketExcess>(
  budget: PacketBudget<E>,
  { role = DEFAULT_ROLE, revision = DEFAULT_REVISION, onViolation }: PipelineOptions<E> = {},
): MonoTypeOperatorFunction<Packet> {
  const of = revisionOf(revision);
  return fusedFilter((packet) => {
    const excess = budget.charge(packet, of(packet).messages[packet.header.messageType]?.rate);
    if (excess === undefined) return true;
    if (onViolation === undefined) {
      const message = `${role} received more than ${excess.limit} (${excess.allowed}) allows`;
      throw new RuntimeError('unexpected-message', message, { reach: 'connection', origin: 'peer' });
    }
    onViolation(excess, packet);
    return false;
  });
}
