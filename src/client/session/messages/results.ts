import { isFailureStatus } from '../../../protocol/operation/failure';
import { EndCode } from '../../../protocol/operation/end-code';
import type { ResultPush } from '../../../protocol/operation/result';
import { partMetadata, readResultMetadata } from '../../../protocol/operation/result-packet';
import { progressOf } from '../../../protocol/revision/progress';
import { unexpectedMessage } from '../../../protocol/runtime-error';
import { fieldOffset } from '../../../wire/codec/record';
import type { MessageOf } from '../../../wire/message';
import type { CommonHeader } from '../../../wire/header';
import { messageTypeName, type MessageType } from '../../../wire/message-type';
import { ErrorScope } from '../../../wire/messages/error-message';
import { NnrpError } from '../../../wire/errors';
import type { Packet } from '../../../wire/packet';
import { DropReason, PartialResultMetadata } from '../../../wire/preview4/results';
import type { OperationFailure } from '../../errors';
import { isRefusedId } from '../../link/speech';
import { requireSent } from '../../submissions/require-sent';
import type { Submissions } from '../../submissions/submissions';
import { readU32 } from '../../../wire/bytes/u32';
import { readUtf8 } from '../../../wire/bytes/utf8';
import type { SessionCarrier } from '../session-carrier';

const OPERATION_ID = fieldOffset(PartialResultMetadata, 'operationId');

/**
 * What the server sends of operations: RESULT_PUSH, RESULT_DROP, and ERROR in the place of a result. Counted as it
 * comes: a resume tells the server how much has.
 */
export class Results {
  private count = 0;

  constructor(
    private readonly submissions: Submissions,
    private readonly carrier: SessionCarrier,
  ) {}

  /** Results that have arrived of what the server has for the session, over whatever link. */
  get received(): number {
    return this.count;
  }

  /** Another client of the session has received so many. */
  countFrom(received: number): void {
    this.count = received;
  }

  onPush({ header, metadata: bytes, body }: Packet): void {
    this.counted();
    const metadata = readResultMetadata(bytes);
    requireSent(this.submissions, header);
    const result: ResultPush = { type: 'push', frameId: header.frameId, metadata, body };
    // Parts have a type of their own in preview4.
    if (this.carrier.speech.name === 'preview4') this.submissions.take(result, true);
    else this.submissions.take(result);
  }

  /** A part of an answer, in preview4: what reads it need not know that it is no RESULT_PUSH. */
  onPart({ header, metadata: bytes, body }: Packet): void {
    this.counted();
    PartialResultMetadata.check(bytes);
    const declared = PartialResultMetadata.read.bodyBytes(bytes);
    const field = 'partial_result.body_bytes';
    if (declared !== body.length) {
      throw new NnrpError({ kind: 'DeclaredLengthMismatch', field, declared, actual: body.length });
    }
    requireSent(this.submissions, header);
    requireNamed(header, readU32(bytes, OPERATION_ID), readU32(bytes, OPERATION_ID + 4));
    const metadata = partMetadata(body);
    this.submissions.take({ type: 'push', frameId: header.frameId, metadata, body }, false);
  }

  /** There is no result, in preview4, and why. */
  onDropReason({ header, metadata, body }: MessageOf<typeof MessageType.ResultDropReason>): void {
    this.counted();
    requireSent(this.submissions, header);
    const { operationId } = metadata;
    requireNamed(header, Number(operationId & 0xffff_ffffn), Number(operationId >> 32n));
    const { dropReasonCode: dropReason } = metadata;
    const reason = this.reasonOfDrop(dropReason);
    this.submissions.fail(header.frameId, reason, { dropReason, text: readUtf8(body) });
  }

  /** How far an operation is, in preview4: no result, and not counted as one. */
  onProgress(message: MessageOf<typeof MessageType.Progress>): void {
    const { header, metadata } = message;
    const { operationId } = metadata;
    requireSent(this.submissions, header);
    requireNamed(header, Number(operationId & 0xffff_ffffn), Number(operationId >> 32n));
    this.submissions.inFlight.get(header.frameId)?.listener?.progressed(progressOf(message));
  }

  onDrop({ header }: MessageOf<typeof MessageType.ResultDrop>): void {
    this.counted();
    requireSent(this.submissions, header);
    this.submissions.fail(header.frameId, 'dropped');
  }

  onError({ metadata, body }: MessageOf<typeof MessageType.Error>): void {
    const { errorScope, relatedFrameId, errorCode, retryAfterMs } = metadata;
    // It stands for the result, and is counted like one.
    if (errorScope === ErrorScope.Frame) this.counted();
    const text = readUtf8(body);
    if (isRefusedId(text) && this.submissions.sendWithoutId(relatedFrameId)) return;
    const particulars = { errorCode, text, retryAfterMs };
    if (errorCode === EndCode.Draining) this.submissions.unbegun(relatedFrameId, 'draining', particulars);
    else this.submissions.fail(relatedFrameId, reasonOf(errorCode), particulars);
  }

  /** None of another session has come. */
  begin(): void {
    this.count = 0;
  }

  /** The next has come, whatever it is worth. */
  counted(): void {
    this.count += 1;
    this.carrier.noteAnswer();
  }

  /**
   * A server of this project says with ERROR that there was no room: where it drops for backpressure, its application
   * has, which may be at work.
   */
  private reasonOfDrop(dropReason: number): OperationFailure {
    const isApplications = dropReason === DropReason.Backpressure && this.carrier.speech.takesBlocks;
    return isApplications ? 'dropped' : (REASON_OF_DROP.get(dropReason) ?? 'dropped');
  }
}

const REASONS: ReadonlyMap<number, OperationFailure> = new Map<number, OperationFailure>([
  [EndCode.Late, 'late'],
  [EndCode.Superseded, 'superseded'],
  [EndCode.Draining, 'draining'],
  [EndCode.NoRoom, 'no-room'],
  [EndCode.OverCredit, 'over-credit'],
  [EndCode.NodeLost, 'node-lost'],
  [EndCode.Undeliverable, 'undeliverable'],
]);

/** Why an operation ended, by the code of its ERROR. */
function reasonOf(errorCode: number): OperationFailure {
  return isFailureStatus(errorCode) ? 'failed' : (REASONS.get(errorCode) ?? 'refused');
}

const REASON_OF_DROP: ReadonlyMap<number, OperationFailure> = new Map<number, OperationFailure>([
  [DropReason.DeadlineExpired, 'late'],
  [DropReason.Superseded, 'superseded'],
  [DropReason.Backpressure, 'no-room'],
  [DropReason.BudgetExceeded, 'budget-exceeded'],
]);

/** This client gives each operation the number of its frame for a name. */
function requireNamed({ messageType, frameId }: CommonHeader, low: number, high: number): void {
  if (low === frameId && high === 0) return;
  throw unexpectedMessage(
    `client received ${messageTypeName(messageType)} of operation ${frameId} with the id of another`,
  );
}
