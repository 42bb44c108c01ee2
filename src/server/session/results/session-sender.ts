import { validateFlowRouting } from '../../../protocol/flow/flow';
import { checkMigration } from '../../../protocol/session/migration';
import { EndCode } from '../../../protocol/operation/end-code';
import { INTERNAL_STATUS } from '../../../protocol/operation/failure';
import {
  completeResult,
  type Result,
  type ResultFailure,
  type ResultPush,
} from '../../../protocol/operation/result';
import type { TraceContext } from '../../../protocol/operation/trace-context';
import {
  PREVIEW3_ANSWERS,
  type AnswerEncoder,
  type AnsweredOperation,
  type DropCause,
} from '../../../protocol/revision/answers';
import type { Capabilities } from '../../../protocol/capability/capabilities';
import { encodeCapabilities } from '../../../protocol/revision/capabilities';
import { retryMetadata } from '../../../protocol/revision/pressure';
import { tracePacket } from '../../../protocol/revision/trace-context';
import { bodyBytes, exceeds } from '../../../protocol/operation/result-packet';
import { TextResult } from '../../../protocol/content/text-result';
import { MessageType } from '../../../wire/message-type';
import { CAPABILITY_TOKENS } from '../../../wire/preview4/capability-tokens';
import { FlowScope, FlowUpdateMetadata } from '../../../wire/messages/flow-update';
import { HintReason, ResultHintMetadata } from '../../../wire/messages/result-hint';
import {
  SessionCloseAckMetadata,
  SessionCloseMetadata,
  type CloseStatus,
} from '../../../wire/messages/session-close';
import {
  SessionMigrateAckMetadata,
  type SessionMigrateMetadata,
} from '../../../wire/messages/session-migrate';
import { SessionPatchAckMetadata } from '../../../wire/messages/session-patch';
import { EMPTY, packet, type Packet } from '../../../wire/packet';
import { cutText, MAX_TEXT_BYTES } from '../../../protocol/cut-text';
import { answerTooLarge, authRunOut, operationEnd } from '../../connection/error-packet';
import type { SessionOutlet } from './session-outlet';
import { UnreadShares } from './unread-shares';

/** The word to a client, where it takes one, of an operation without an answer; of other causes there is none. */
const CODE_OF_CAUSE: Readonly<Partial<Record<DropCause, number>>> = {
  failed: INTERNAL_STATUS,
  late: EndCode.Late,
  superseded: EndCode.Superseded,
  closed: EndCode.Draining,
  'no-room': EndCode.NoRoom,
  'over-credit': EndCode.OverCredit,
  'node-lost': EndCode.NodeLost,
};

/** Encodes what a session says, validated before it is written (protocol section 9). */
export class SessionSender {
  /** How the session's revision says what is said of operations. */
  answers: AnswerEncoder = PREVIEW3_ANSWERS;
  /** Whether the client takes ERROR for the end of an operation. */
  takesFailures = false;
  /** Whether the client answers calls of tools. */
  takesTools = false;
  /** What both ends can do, as they have said last; undefined where the client has not asked. */
  agreed: Capabilities | undefined;
  private readonly maxUnreadBytes: number;
  /** Made with the first result. */
  private unread: UnreadShares | undefined;

  constructor(
    private readonly sessionId: number,
    private readonly outlet: SessionOutlet,
    { maxUnreadBytes }: { readonly maxUnreadBytes: number },
  ) {
    this.maxUnreadBytes = maxUnreadBytes;
  }

  result(result: Result, operation: AnsweredOperation): void {
    if (result.type === 'push') this.push(result, operation);
    else if (result.type === 'drop') {
      this.sendResult(this.answers.drop(this.sessionId, operation, result.reason ?? 'dropped'));
    } else this.fail(result, operation);
  }

  /** Throws a `RuntimeError` where the peer would be cut off for not having read what its operation sends. */
  requireRoom(result: Result): void {
    this.unread ??= new UnreadShares(this.maxUnreadBytes);
    this.unread.add(result, this.outlet);
  }

  /** ERROR, to be sent in the place of a result that is larger than the client takes now; undefined for others. */
  refusalOf(result: Result): Packet | undefined {
    const { largestBody } = this.outlet;
    if (result.type !== 'push' || !exceeds(result, largestBody)) return undefined;
    return answerTooLarge(this.sessionId, result.frameId, bodyBytes(result), largestBody);
  }

  /** Throws an `NnrpError` where a result, that is to be sent later, cannot be encoded. */
  check(result: Result): void {
    if (result.type === 'push') this.answers.check(result);
    else if (result.type === 'failure' && this.takesFailures) this.failurePacket(result);
    else if (result.type === 'failure') this.answers.check(this.failureText(result));
  }

  /** Says of an operation why it gets no answer, as far as its client understands. */
  dropBecause(operation: AnsweredOperation, cause: DropCause): void {
    if (cause === 'late' && !this.answers.saysCause) this.hintLate(operation.frameId);
    const errorCode = this.takesFailures ? CODE_OF_CAUSE[cause] : undefined;
    if (errorCode === undefined) this.sendResult(this.answers.drop(this.sessionId, operation, cause));
    else this.sendResult(operationEnd(this.sessionId, operation.frameId, { errorCode }));
  }

  /** There is no answer to a submit that came when the session was closing. */
  dropUnheard(frameId: number): void {
    if (!this.takesFailures) this.drop(frameId);
    else this.sendResult(operationEnd(this.sessionId, frameId, { errorCode: EndCode.Draining }));
  }

  /** There is no answer, and nothing more to be said of that. */
  drop(frameId: number): void {
    this.sendResult(this.packet(MessageType.ResultDrop, frameId));
  }

  /** An ERROR in the place of a result: a client that comes back gets it like one. */
  refusal(error: Packet): void {
    this.sendResult(error);
  }

  hint(frameId: number, hint: ResultHintMetadata): void {
    this.send(MessageType.ResultHint, frameId, ResultHintMetadata.encode(hint));
  }

  /**
   * DEGRADE_PROFILE, of an operation: where the revision has that, and its client has not said that it takes no less.
   * Throws a `RangeError` for a token that the client cannot know, an `NnrpError` where it takes no packet so large.
   */
  degrade(frameId: number, to: Capabilities): void {
    const agreed = this.agreed?.tokens ?? [];
    const strange = to.tokens?.find((token) => !CAPABILITY_TOKENS.includes(token) && !agreed.includes(token));
    if (strange !== undefined)
      throw new RangeError(
        `the tokens of submit.degrade must be of CAPABILITY_TOKENS, or agreed on with the client (session.capabilities), got ${JSON.stringify(strange)}`,
      );
    if (!this.answers.saysCause || this.agreed?.mayDegrade === false) return;
    const [metadata, body] = encodeCapabilities(to);
    this.outlet.requireFit(body);
    this.send(MessageType.DegradeProfile, frameId, metadata, body);
  }

  /** TRACE_CONTEXT, to a client of preview4. */
  trace(frameId: number, trace: TraceContext): void {
    this.outlet.send(tracePacket(this.sessionId, frameId, trace));
  }

  /**
   * Says of an operation that its deadline has passed; only to a client that says it understands: the
   * reference's takes a RESULT_HINT for a fault.
   */
  private hintLate(frameId: number): void {
    if (this.outlet.current?.isAnnounced !== true) return;
    this.hint(frameId, ResultHintMetadata.of({ reason: HintReason.BudgetExceeded }));
  }

  /** SESSION_PATCH_ACK, to be sent when it is its turn. Throws an `NnrpError` where its body is too large for the client. */
  patchAck(ack: SessionPatchAckMetadata, body: Uint8Array): Packet {
    this.outlet.requireFit(body);
    return this.packet(MessageType.SessionPatchAck, 0, SessionPatchAckMetadata.encode(ack), body);
  }

  /**
   * SESSION_MIGRATE_ACK, to be sent when it is its turn. Throws an `NnrpError` where it does not fit the
   * request.
   */
  migrateAck(request: SessionMigrateMetadata, ack: SessionMigrateAckMetadata): Packet {
    // A refusal may say that the transports are the same, which an acceptance must not.
    if (ack.acceptCode === 0) checkMigration(request, ack);
    return this.packet(MessageType.SessionMigrateAck, 0, SessionMigrateAckMetadata.encode(ack));
  }

  /** CACHE_ACK, by its metadata in the session's revision. */
  cacheAck(metadata: Uint8Array): void {
    this.outlet.answer(this.packet(MessageType.CacheAck, 0, metadata));
  }

  /** SESSION_CLOSE, to be sent where the client is told. */
  closePacket(fields: Partial<SessionCloseMetadata>, lastOperationId: number): Packet {
    const close = SessionCloseMetadata.of({
      ...fields,
      lastOperationId: BigInt(lastOperationId),
      sessionCloseTag: this.sessionId,
    });
    return this.packet(MessageType.SessionClose, 0, SessionCloseMetadata.encode(close));
  }

  /** Asks the client to show who it is anew. */
  authRunOut(): Packet {
    return authRunOut(this.sessionId);
  }

  closeAck(closeStatus: CloseStatus, lastOperationId: number): void {
    const ack = SessionCloseAckMetadata.of({ closeStatus, lastOperationId: BigInt(lastOperationId) });
    this.outlet.answer(this.packet(MessageType.SessionCloseAck, 0, SessionCloseAckMetadata.encode(ack)));
  }

  /** Any FLOW_UPDATE. Throws an `NnrpError` where its scope and fields do not fit (protocol section 5). */
  flowUpdate(update: FlowUpdateMetadata): void {
    const sessionId = update.scopeKind === FlowScope.Connection ? 0 : this.sessionId;
    const whole = packet(
      { messageType: MessageType.FlowUpdate, sessionId },
      FlowUpdateMetadata.encode(update),
    );
    validateFlowRouting(whole.header, update);
    this.outlet.send(whole);
  }

  private send(messageType: MessageType, frameId: number, metadata = EMPTY, body = EMPTY): void {
    this.outlet.send(this.packet(messageType, frameId, metadata, body));
  }

  private push(result: ResultPush, operation: AnsweredOperation): void {
    if (this.outlet.current === undefined && result instanceof TextResult && result.isText) {
      // Before it is a part that is numbered.
      const joined = this.outlet.join(result.frameId, result.text);
      if (joined === 'full') this.outlet.endWait();
      if (joined !== undefined) return;
    }
    const packet = this.answers.result(this.sessionId, result, operation);
    if (packet !== undefined) this.sendResult(packet);
  }

  /** A client that takes no ERROR for it gets the text as its last result; of a failure that says nothing, a drop. */
  private fail(result: ResultFailure, operation: AnsweredOperation): void {
    const { frameId, status, text, retryAfterMs } = result;
    // ERROR says that itself; whoever takes none for an end hears it before.
    if (!this.takesFailures && retryAfterMs > 0 && this.answers.saysCause)
      this.send(MessageType.RetryAfter, 0, retryMetadata(operation, retryAfterMs));
    if (this.takesFailures) this.sendResult(this.failurePacket(result));
    else if (status === EndCode.NodeLost) this.dropBecause(operation, 'node-lost');
    else if (status === INTERNAL_STATUS && text === '') this.drop(frameId);
    else this.push(this.failureText(result), operation);
  }

  private failurePacket({ frameId, status, text, retryAfterMs }: ResultFailure): Packet {
    const why = { errorCode: status, retryAfterMs };
    return operationEnd(this.sessionId, frameId, why, text, this.outlet.largestBody);
  }

  private failureText({ frameId, status, text }: ResultFailure): ResultPush {
    const body = cutText(text, Math.min(MAX_TEXT_BYTES, this.outlet.largestBody));
    return completeResult(frameId, body, { statusCode: status });
  }

  private sendResult(result: Packet): void {
    // Rather than leave a gap, the session ends.
    if (this.outlet.sendResult(result) === 'full') this.outlet.endWait();
  }

  private packet(messageType: MessageType, frameId: number, metadata = EMPTY, body = EMPTY): Packet {
    return packet({ messageType, sessionId: this.sessionId, frameId }, metadata, body);
  }
}
