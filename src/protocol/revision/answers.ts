import { MessageType } from '../../wire/message-type';
import { packet, type Packet } from '../../wire/packet';
import { partialPacket } from '../../wire/preview4/partial-packet';
import { ResultPushMetadata } from '../../wire/preview4/result-push';
import { DropReason, ResultDropFlag, ResultDropReasonMetadata } from '../../wire/preview4/results';
import { RuntimeRole } from '../../wire/preview4/control/runtime-role';
import { isTerminal, USUAL_COMPLETE, type ResultPush } from '../operation/result';
import { resultPacket } from '../operation/result-packet';
import { TextResult } from '../content/text-result';
import { inPreview4 } from '../content/typed-body';

/** An operation, as its answers name it. */
export interface AnsweredOperation {
  readonly frameId: number;
  /** The halves of the id that a submit of preview4 gives it. */
  readonly idLow: number;
  readonly idHigh: number;
  /** How many parts of its answer there have been. */
  partCount: number;
}

/** The id that a submit of preview4 gives an operation. */
export function operationIdOf({ idLow, idHigh }: AnsweredOperation): bigint {
  return (BigInt(idHigh) << 32n) | BigInt(idLow);
}

/** Why an operation gets no answer, where anybody can be told. */
export type DropCause =
  | 'dropped'
  | 'failed'
  | 'superseded'
  | 'late'
  | 'cancelled'
  | 'closed'
  | 'disconnected'
  | 'no-room'
  | 'over-credit'
  | 'budget-exceeded'
  | 'node-lost';

/** How a revision says what is said of an operation: all that a session answers passes one of these. */
export interface AnswerEncoder {
  /** Whether a client that has cancelled an operation is told of its end. */
  readonly tellsCancelled: boolean;
  /** Whether a drop says its cause: then no hint needs to. */
  readonly saysCause: boolean;
  /**
   * A part of an answer, or its end; undefined for a part that is nothing there. Throws an `NnrpError` where a field of
   * the metadata has no such value.
   */
  result(sessionId: number, result: ResultPush, operation: AnsweredOperation): Packet | undefined;
  /** Throws as {@link result} does, of a result that is sent later. */
  check(result: ResultPush): void;
  /** There is no answer, for a cause of the server's or a reason of its application's. */
  drop(sessionId: number, operation: AnsweredOperation, cause: DropCause | DropReason): Packet;
}

/** preview3: every result is a RESULT_PUSH, and a drop has no cause. */
export const PREVIEW3_ANSWERS: AnswerEncoder = {
  tellsCancelled: false,
  saysCause: false,
  result: (sessionId, result) => resultPacket(sessionId, result),
  check(result) {
    resultPacket(0, result);
  },
  drop: plainDrop,
};

/** preview4: parts are PARTIAL_RESULTs that are numbered, RESULT_PUSH is the end, and a drop says its cause. */
export const PREVIEW4_ANSWERS: AnswerEncoder = {
  tellsCancelled: true,
  saysCause: true,
  result(sessionId, result, operation) {
    if (!isTerminal(result)) return partOf(sessionId, result, operation);
    const { metadata, frameId } = result;
    const body = inPreview4(metadata, result.body);
    const moved = body === result.body ? result : { type: result.type, frameId, metadata, body };
    return resultPacket(sessionId, moved, ResultPushMetadata);
  },
  check(result) {
    if (isTerminal(result) && result.metadata !== USUAL_COMPLETE) ResultPushMetadata.encode(result.metadata);
  },
  drop(sessionId, operation, cause) {
    const dropReasonCode = typeof cause === 'number' ? cause : REASON_OF_CAUSE[cause];
    // What has no cause that the protocol knows is said without one.
    if (!dropReasonCode) return plainDrop(sessionId, operation);
    const { frameId, partCount } = operation;
    const metadata = ResultDropReasonMetadata.of({
      operationId: operationIdOf(operation),
      resultSequence: BigInt(partCount + 1),
      dropReasonCode,
      sourceRole: RuntimeRole.Server,
      flags: ResultDropFlag.Final,
    });
    const fields = { messageType: MessageType.ResultDropReason, sessionId, frameId };
    return packet(fields, ResultDropReasonMetadata.encode(metadata));
  },
};

const REASON_OF_CAUSE: Readonly<Partial<Record<DropCause, DropReason>>> = {
  late: DropReason.DeadlineExpired,
  superseded: DropReason.Superseded,
  cancelled: DropReason.PeerCancelled,
  'no-room': DropReason.Backpressure,
  'over-credit': DropReason.Backpressure,
  'budget-exceeded': DropReason.BudgetExceeded,
  closed: DropReason.TransportClosed,
  'node-lost': DropReason.TransportClosed,
};

function partOf(sessionId: number, result: ResultPush, operation: AnsweredOperation): Packet | undefined {
  const { frameId, idLow, idHigh } = operation;
  const part = { sessionId, frameId, idLow, idHigh, sequence: operation.partCount + 1 };
  const text = result instanceof TextResult ? result.part(part) : undefined;
  // The protocol has no part of no bytes.
  if (text === undefined && result.body.length === 0) return undefined;
  operation.partCount += 1;
  return text ?? partialPacket(part, inPreview4(result.metadata, result.body));
}

function plainDrop(sessionId: number, { frameId }: AnsweredOperation): Packet {
  return packet({ messageType: MessageType.ResultDrop, sessionId, frameId });
}
