import { MessageType } from '../../../src/wire/message-type';
import { FlowUpdateMetadata, FlowUpdateReason } from '../../../src/wire/messages/flow-update';
import type { Packet } from '../../../src/wire/packet';
import { PressureMetadata } from '../../../src/wire/preview4/control/pressure';

/** From so many on, results are not counted. */
const UNCOUNTED = 0xffff_ffffn;

/** What a client says of the results that it takes, in either revision. */
export interface HoldWord {
  readonly frameId: number;
  /** How many it takes, undefined for any number; 0 holds it. */
  readonly window: number | undefined;
  /** Infinity where the newest counts that comes. */
  readonly epoch: number;
}

/** Undefined for other packets. The clients here name an operation as its frame. */
export function holdWordIn({ header: { messageType }, metadata }: Packet): HoldWord | undefined {
  if (messageType === MessageType.FlowUpdate) {
    const { operationId, updateReason, creditEpoch } = FlowUpdateMetadata.decode(metadata);
    const window = updateReason === FlowUpdateReason.Pause ? 0 : undefined;
    return { frameId: Number(operationId), window, epoch: creditEpoch };
  }
  const isStop = messageType === MessageType.Backpressure;
  if (!isStop && messageType !== MessageType.CreditUpdate) return undefined;
  const { scopeId, creditWindow } = PressureMetadata.decode(metadata);
  const counted = creditWindow >= UNCOUNTED ? undefined : Number(creditWindow);
  return {
    frameId: Number(scopeId),
    window: isStop ? 0 : counted,
    epoch: Infinity,
  };
}
