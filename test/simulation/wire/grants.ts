import {
  BackpressureLevel,
  FlowFlag,
  FlowScope,
  FlowUpdateReason,
  type FlowUpdateMetadata,
} from '../../../src/wire/messages/flow-update';
import { MessageType } from '../../../src/wire/message-type';
import { PressureLevel, type PressureMetadata } from '../../../src/wire/preview4/control/pressure';
import type { Ledger } from '../ledger';
import type { Grant, SessionRecord } from '../records';

// What a client may submit, computed from what it was told, and not by the client's own code.

/** What an update makes of what was granted (protocol section 5). */
export function applyFlow(grant: Grant, update: FlowUpdateMetadata, now: number): void {
  const { creditEpoch, flowFlags, updateReason, backpressureLevel } = update;
  if (creditEpoch < grant.epoch) return;
  const isNewer = creditEpoch > grant.epoch;
  grant.epoch = creditEpoch;
  const credit = update.scopeKind === FlowScope.Connection ? update.connectionCredit : update.sessionCredit;
  const isStop =
    updateReason === FlowUpdateReason.Pause ||
    backpressureLevel === BackpressureLevel.Hard ||
    (flowFlags & FlowFlag.DrainInFlightOnly) !== 0;
  if ((flowFlags & FlowFlag.CreditValid) !== 0 && !(isStop && credit === 0)) grant.credit = credit;
  const isLift = updateReason === FlowUpdateReason.Grant || updateReason === FlowUpdateReason.Resume;
  if (isStop) grant.isStopped = true;
  else if (isNewer || isLift) grant.isStopped = false;
  grant.retryAt = (flowFlags & FlowFlag.RetryAfterValid) !== 0 ? now + update.retryAfterMs : 0;
}

/** BACKPRESSURE or CREDIT_UPDATE of preview4, which counts as it comes. */
export function applyPressure(
  grant: Grant,
  messageType: MessageType,
  { creditWindow, pressureLevel, retryAfterMs }: PressureMetadata,
  now: number,
): void {
  const isStop = pressureLevel >= PressureLevel.Hard;
  if (messageType === MessageType.CreditUpdate) {
    if (!(isStop && creditWindow === 0n)) grant.credit = Number(creditWindow);
    grant.isStopped = isStop;
    if (!isStop) grant.retryAt = 0;
  } else if (isStop && retryAfterMs === 0) {
    // One that says when to come again is over then.
    grant.isStopped = true;
  }
  if (retryAfterMs > 0) grant.retryAt = now + retryAfterMs;
}

/** How much a session may have outstanding, and its connection in all. */
export function grantNow(session: SessionRecord, connection: Grant | undefined, now: number) {
  const { grant, maxInFlight } = session;
  const isHeld = [grant, connection].some(
    (scope) => scope !== undefined && (scope.isStopped || now < scope.retryAt),
  );
  return {
    isHeld,
    granted: {
      session: Math.min(grant.credit, maxInFlight),
      connection: connection?.credit ?? Infinity,
    },
  };
}

/** Operations that a connection's client waits for. */
export function outstandingOn(ledger: Ledger, connectionId: number): number {
  let count = 0;
  for (const { link, client, outstanding } of ledger.sessions) {
    if (link === connectionId && client?.state !== 'closed') count += outstanding.size;
  }
  return count;
}
