import { MessageType } from '../../../src/wire/message-type';
import { FlowUpdateMetadata, FlowUpdateReason } from '../../../src/wire/messages/flow-update';
import type { Packet } from '../../../src/wire/packet';
import { PressureMetadata } from '../../../src/wire/preview4/control/pressure';

/** What a client says of holding one operation, in either revision. */
export interface HoldWord {
  readonly frameId: number;
  readonly isHeld: boolean;
  /** Infinity where the newest counts that comes. */
  readonly epoch: number;
}

/** Undefined for other packets. The clients here name an operation as its frame. */
export function holdWordIn({ header: { messageType }, metadata }: Packet): HoldWord | undefined {
  if (messageType === MessageType.FlowUpdate) {
    const { operationId, updateReason, creditEpoch } = FlowUpdateMetadata.decode(metadata);
    const isHeld = updateReason === FlowUpdateReason.Pause;
    return { frameId: Number(operationId), isHeld, epoch: creditEpoch };
  }
  const isHeld = messageType === MessageType.Backpressure;
  if (!isHeld && messageType !== MessageType.CreditUpdate) return undefined;
  return { frameId: Number(PressureMetadata.decode(metadata).scopeId), isHeld, epoch: Infinity };
}
