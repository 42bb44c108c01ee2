import { MessageType } from '../../../src/wire/message-type';
import { PayloadKind } from '../../../src/wire/messages/payload-kind';
import { ResultPushMetadata } from '../../../src/wire/messages/result-push';
import type { Packet } from '../../../src/wire/packet';
import { BudgetMetadata, SchedulingMetadata } from '../../../src/wire/preview4/control/scheduling';
import { partMetadata } from '../../../src/protocol/operation/result-packet';
import type { Ledger } from '../ledger';
import type { OperationRecord, SessionRecord } from '../records';
import { operationIn } from '../actors/submit-fields';
import type { Heard, Use } from './heard';
import { holdWordIn } from './hold-word';

/** A server, or its session, hears something of operations. */
export function hears(ledger: Ledger, session: SessionRecord, packet: Packet): void {
  const { messageType, frameId } = packet.header;
  switch (messageType) {
    case MessageType.FrameSubmit: {
      const operation = operationIn(ledger, packet);
      if (operation?.heard.arrival === 0) operation.heard.arrival = session.arrivals += 1;
      return;
    }
    case MessageType.FrameCancel:
    case MessageType.Cancel:
    case MessageType.Abort:
    case MessageType.Supersede:
      // What the client has sent after it is none of it, though it comes in the same turn.
      for (const operation of of(session, frameId))
        if (operation.starts > 0) ledger.facts.push({ kind: 'taken-back', operation });
      return;
    case MessageType.Deadline:
    case MessageType.ExpireAt: {
      const deadlineAt = Number(SchedulingMetadata.decode(packet.metadata).deadlineUnixMs);
      ledger.count('deadlines');
      for (const { heard } of of(session, frameId)) heard.deadlineAt = deadlineAt;
      return;
    }
    case MessageType.PriorityUpdate: {
      const { priorityClass } = SchedulingMetadata.decode(packet.metadata);
      ledger.count('priorities');
      for (const { heard } of of(session, frameId)) heard.priority = priorityClass;
      return;
    }
    case MessageType.BudgetUpdate: {
      ledger.count('budgets');
      for (const { heard } of of(session, frameId)) isGiven(heard, BudgetMetadata.decode(packet.metadata));
      return;
    }
    default:
      hearsHold(session, packet);
  }
}

/** Operations of a frame that their clients have sent; of frame 0 all. */
function of(session: SessionRecord, frameId: number): OperationRecord[] {
  return [...session.operations].filter(
    (each) => each.frameId !== 0 && !each.isReturned && [0, each.frameId].includes(frameId),
  );
}

/** The clients here say all of a budget anew, and 0 for what has no bound. */
function isGiven(heard: Heard, { tokenBudget, bandwidthBudgetBytes }: BudgetMetadata): void {
  const given = { tokens: tokenBudget || Infinity, bytes: Number(bandwidthBudgetBytes) || Infinity };
  heard.left = given;
  heard.least = {
    tokens: Math.min(heard.least.tokens, given.tokens),
    bytes: Math.min(heard.least.bytes, given.bytes),
  };
}

function hearsHold(session: SessionRecord, packet: Packet): void {
  const word = holdWordIn(packet);
  if (word === undefined || word.epoch < session.holdEpoch) return;
  if (word.epoch !== Infinity) session.holdEpoch = word.epoch;
  for (const { heard } of of(session, word.frameId)) heard.window = word.window;
}

/** A result of an answer goes out for the first time. */
export function sends(ledger: Ledger, operation: OperationRecord, packet: Packet): void {
  const { heard } = operation;
  if (heard.window === 0) ledger.facts.push({ kind: 'sent-while-held', operation });
  else if (heard.window !== undefined && packet.header.messageType === MessageType.PartialResult)
    heard.window -= 1;
  const { tokens, bytes } = useOf(packet);
  heard.left = { tokens: heard.left.tokens - tokens, bytes: heard.left.bytes - bytes };
  if (heard.left.tokens >= 0 && heard.left.bytes >= 0) return;
  ledger.facts.push({ kind: 'over-budget', operation, left: heard.left });
}

function useOf({ header, metadata, body }: Packet): Use {
  const { payloadKindBitmap, payloadFrameCount } =
    header.messageType === MessageType.PartialResult
      ? partMetadata(body)
      : ResultPushMetadata.decode(metadata);
  const tokens = (payloadKindBitmap & PayloadKind.TokenChunk) === 0 ? 0 : payloadFrameCount;
  return { tokens, bytes: body.length };
}
