import {
  BackpressureLevel,
  FlowFlag,
  FlowScope,
  FlowUpdateMetadata,
  FlowUpdateReason,
} from '../../wire/messages/flow-update';
import { MessageType } from '../../wire/message-type';
import {
  PressureFlag,
  PressureLevel,
  PressureMetadata,
  PressureReason,
  RetryAfterMetadata,
} from '../../wire/preview4/control/pressure';
import { RuntimeRole } from '../../wire/preview4/control/runtime-role';
import type { CreditChange } from '../flow/flow';
import { operationIdOf, type AnsweredOperation } from './answers';

/** A credit window from which on nothing is counted. */
export const UNCOUNTED = 0xffff_ffff;

/** What a server waits for at most that says in how many milliseconds to come again. */
const MOST_RETRY_MS = 300_000;

/** What BACKPRESSURE and CREDIT_UPDATE of preview4 are of. */
export function scopeOf({ flags }: { readonly flags: number }): FlowScope {
  if ((flags & PressureFlag.Operation) !== 0) return FlowScope.Operation;
  return (flags & PressureFlag.Connection) === 0 ? FlowScope.Session : FlowScope.Connection;
}

/** Whether nothing new is to come; a soft one asks for nothing yet. */
export function isStop({ pressureLevel }: PressureMetadata): boolean {
  return pressureLevel >= PressureLevel.Hard;
}

/** The metadata of BACKPRESSURE, or of CREDIT_UPDATE, of an operation that has the number of its frame for a name. */
export function holdMetadata(frameId: number, isHeld: boolean): Uint8Array {
  const metadata = PressureMetadata.of({
    scopeId: BigInt(frameId),
    creditWindow: isHeld ? 0n : BigInt(UNCOUNTED),
    pressureLevel: isHeld ? PressureLevel.Paused : PressureLevel.None,
    pressureReason: isHeld ? PressureReason.ReceiverQueueFull : PressureReason.Unspecified,
    flags: PressureFlag.Operation,
  });
  return PressureMetadata.encode(metadata);
}

/** RETRY_AFTER's metadata, of an operation that gets no answer. */
export function retryMetadata(operation: AnsweredOperation, retryAfterMs: number): Uint8Array {
  const metadata = RetryAfterMetadata.of({
    scopeId: operationIdOf(operation),
    controlSequence: 1n,
    retryAfterMs,
    sourceRole: RuntimeRole.Server,
    flags: PressureFlag.Operation,
  });
  return RetryAfterMetadata.encode(metadata);
}

/** BACKPRESSURE or CREDIT_UPDATE of a server as what a FLOW_UPDATE says; it has no epoch, and counts as it comes. */
export function creditChange(messageType: MessageType, pressure: PressureMetadata): CreditChange {
  const { scopeId, creditWindow, retryAfterMs } = pressure;
  const isCredit = messageType === MessageType.CreditUpdate;
  // One that says when to come again is over then.
  const stops = isStop(pressure) && (isCredit || retryAfterMs === 0);
  const reasonOfCredit = stops ? FlowUpdateReason.Pause : FlowUpdateReason.Grant;
  return change(scopeOf(pressure), scopeId, retryAfterMs, {
    updateReason: isCredit || stops ? reasonOfCredit : FlowUpdateReason.Congestion,
    backpressureLevel: stops ? BackpressureLevel.Hard : BackpressureLevel.None,
    credit: isCredit ? Number(creditWindow) : undefined,
  });
}

/** That nothing is to be submitted for so many milliseconds. */
export function retryChange(scope: FlowScope, retryAfterMs: number): CreditChange {
  return change(scope, 0n, retryAfterMs, { updateReason: FlowUpdateReason.Congestion });
}

function change(
  scopeKind: FlowScope,
  operationId: bigint,
  retryAfterMs: number,
  { credit, ...fields }: Partial<FlowUpdateMetadata> & { readonly credit?: number | undefined },
): CreditChange {
  const update = FlowUpdateMetadata.of({
    ...fields,
    scopeKind,
    operationId,
    connectionCredit: credit ?? 0,
    sessionCredit: credit ?? 0,
    operationCredit: credit ?? 0,
    retryAfterMs: Math.min(retryAfterMs, MOST_RETRY_MS),
    flowFlags:
      (credit === undefined ? 0 : FlowFlag.CreditValid) | (retryAfterMs === 0 ? 0 : FlowFlag.RetryAfterValid),
  });
  return { ...update, creditEpoch: undefined };
}
