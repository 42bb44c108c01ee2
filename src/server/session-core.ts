import { Subject, type SchedulerLike, type Subscription } from 'rxjs';
import { CancelScope, OperationState } from '../protocol/operation';
import { OperationRegistry } from '../protocol/operation-registry';
import { checkHeaderOnly, checkMetadataLength } from '../protocol/packet-checks';
import { isTerminal, type Result } from '../protocol/result';
import { unexpectedMessage, type RuntimeError } from '../protocol/runtime-error';
import {
  acceptsMessages,
  acceptsOperations,
  afterClose,
  afterCloseAck,
  SessionState,
} from '../protocol/session-lifecycle';
import type { Transport } from '../transport/transport';
import { NnrpError } from '../wire/errors';
import { decodeMessage, type MessageOf } from '../wire/message';
import { MessageType, messageTypeName } from '../wire/message-type';
import { BackpressureLevel, FlowUpdateReason } from '../wire/messages/flow-update';
import { FrameSubmitMetadata } from '../wire/messages/frame-submit';
import { CloseStatus, InFlightPolicy } from '../wire/messages/session-close';
import type { SessionOpenAckMetadata, SessionOpenMetadata } from '../wire/messages/session-open';
import { PatchRejectReason } from '../wire/messages/session-patch';
import type { Packet } from '../wire/packet';
import { preview3 } from '../wire/revision';
import { Admission } from './admission';
import type { Cancel, Close, SessionMessage } from './messages';
import type { QueueLimits } from './options';
import { MigrateRequest, PatchRequest } from './requests';
import { SessionSender } from './session-sender';
import { Submit, type SubmitEnd } from './submit';

/** What a session needs of the connection that carries it. */
export interface SessionHost {
  readonly transport: Transport;
  readonly scheduler: SchedulerLike;
  readonly queue: QueueLimits;
  /** The application did what this session cannot do for it. */
  failed(error: RuntimeError): void;
  /** The session is over, and nothing more is sent for it. */
  ended(end: SubmitEnd): void;
}

/** The accept code of a server whose application does not look at migrations. */
const MIGRATION_UNSUPPORTED = 1;

type Received = Submit | Cancel | PatchRequest | MigrateRequest | Close;

/**
 * A session's engine: judges its packets, keeps its operations, and tells the application.
 *
 *   receive(packet) ─▶ type, lengths, fields ─▶ state ─▶ admission ─▶ subjects ─▶ the application
 *   sender ◀─ sendResult(result) ◀─ the application
 *
 * Sessions go from open through closing and draining to closed; see `session-lifecycle.ts`.
 */
export class SessionCore {
  /** Everything in order, and a stream for each type. */
  readonly messages = new Subject<SessionMessage>();
  readonly submits = new Subject<Submit>();
  readonly cancels = new Subject<Cancel>();
  readonly patches = new Subject<PatchRequest>();
  readonly migrations = new Subject<MigrateRequest>();
  readonly closes = new Subject<Close>();

  readonly sender: SessionSender;
  readonly admission: Admission;
  private readonly operations = new OperationRegistry();
  private currentState: SessionState = SessionState.Open;
  private lastOperation = 0;
  private isCongested = false;
  private drainTimer: Subscription | undefined;

  constructor(
    readonly host: SessionHost,
    readonly open: SessionOpenMetadata,
    readonly granted: SessionOpenAckMetadata,
  ) {
    this.sender = new SessionSender(granted.sessionId, host.transport);
    this.admission = new Admission(granted.maxInFlightOperations, host.queue, {
      isReady: () => this.submits.observed || this.messages.observed,
      deliver: (submit) => {
        this.operations.transition(submit.frameId, OperationState.Running);
        this.emit(this.submits, submit);
      },
    });
  }

  get sessionId(): number {
    return this.granted.sessionId;
  }

  get state(): SessionState {
    return this.currentState;
  }

  /** The highest operation id that the client has submitted. */
  get lastOperationId(): number {
    return this.lastOperation;
  }

  /** Takes a packet of this session. Throws an `NnrpError` or a `RuntimeError` that says what is wrong. */
  receive(packet: Packet): void {
    if (!acceptsMessages(this.currentState)) throw this.notOpen();
    switch (packet.header.messageType) {
      case MessageType.FrameSubmit:
        this.onSubmit(packet);
        return;
      case MessageType.FrameCancel:
        checkHeaderOnly(packet, 'server');
        this.onCancel(decodeAs(packet, MessageType.FrameCancel));
        return;
      case MessageType.SessionPatch:
        this.onPatch(decodeAs(packet, MessageType.SessionPatch));
        return;
      case MessageType.SessionMigrate:
        this.onMigrate(decodeAs(packet, MessageType.SessionMigrate));
        return;
      case MessageType.SessionClose:
        this.onClose(decodeAs(packet, MessageType.SessionClose));
        return;
      default:
        throw unexpectedMessage(`server received unexpected ${messageTypeName(packet.header.messageType)}`);
    }
  }

  /**
   * Sends a result of an operation that is with the application. Throws an `NnrpError`,
   * `UnknownOperation`, where it is not, and sends nothing.
   */
  sendResult(result: Result): void {
    const { frameId } = result;
    const submit = this.admission.running(frameId);
    if (submit === undefined) {
      throw new NnrpError({ kind: 'UnknownOperation', operationId: BigInt(frameId) });
    }
    if (!isTerminal(result)) {
      this.operations.transition(frameId, OperationState.Partial);
      this.sender.result(result);
      return;
    }
    // Written before its slot goes to the next submit, whose application may answer at once.
    this.sender.result(result);
    this.operations.end(frameId, result.type === 'drop' ? OperationState.Failed : OperationState.Completed);
    submit.finish(result.type === 'drop' ? 'dropped' : 'completed');
    this.admission.leave(frameId);
    this.afterOperation();
  }

  /** Whether an operation has ended, as far as the application can tell. */
  hasEnded(frameId: number): boolean {
    return this.operations.has(frameId) && this.operations.state(frameId) === undefined;
  }

  /** Drops every operation, with the application or waiting. */
  dropAll(): void {
    for (const submit of this.admission.clear()) this.giveUp(submit, OperationState.Failed, 'dropped');
    this.afterOperation();
  }

  /** Ends the session without a word to the peer: its connection is gone, or another takes it over. */
  detach(end: SubmitEnd): void {
    if (this.currentState === SessionState.Closed) return;
    this.currentState = SessionState.Closed;
    this.drainTimer?.unsubscribe();
    for (const submit of this.admission.clear()) submit.finish(end);
    for (const subject of this.subjects()) subject.complete();
    this.host.ended(end);
  }

  private onSubmit(packet: Packet): void {
    checkMetadataLength(packet, FrameSubmitMetadata.length, 'server');
    const metadata = FrameSubmitMetadata.decode(packet.metadata);
    if (!acceptsOperations(this.currentState)) throw this.notOpen();
    const { frameId } = packet.header;
    this.operations.register({ sessionId: this.sessionId, operationId: frameId });
    this.lastOperation = Math.max(this.lastOperation, frameId);
    const submit = new Submit(packet, metadata);
    if (this.admission.offer(submit) === 'refused') this.refuse(submit);
  }

  /** No slot and no room to wait: the client did not keep to its credit (design: admission). */
  private refuse(submit: Submit): void {
    this.giveUp(submit, OperationState.Failed, 'dropped');
    if (this.isCongested) return;
    this.isCongested = true;
    this.sender.sessionFlow(FlowUpdateReason.Congestion, BackpressureLevel.Hard, 0);
  }

  private onCancel(cancel: Cancel): void {
    const { frameId } = cancel;
    const [cancelled] = this.operations.cancel({
      sessionId: this.sessionId,
      operationId: frameId,
      scope: CancelScope.Operation,
    });
    // Nothing where the cancel crossed with the operation's last result: that is no fault of anybody.
    if (cancelled === undefined) return;
    this.operations.release(frameId);
    this.admission.leave(frameId)?.finish('cancelled');
    this.emit(this.cancels, cancel);
    this.afterOperation();
  }

  private onPatch(message: MessageOf<typeof MessageType.SessionPatch>): void {
    const request = new PatchRequest(message, (ack, body) => {
      this.sender.patchAck(ack, body);
    });
    if (this.patches.observed || this.messages.observed) this.emit(this.patches, request);
    else request.reject(PatchRejectReason.UnsupportedField);
  }

  private onMigrate(message: MessageOf<typeof MessageType.SessionMigrate>): void {
    const request = new MigrateRequest(message, (ack) => {
      this.sender.migrateAck(message.metadata, ack);
    });
    if (this.migrations.observed || this.messages.observed) this.emit(this.migrations, request);
    else request.reject(MIGRATION_UNSUPPORTED);
  }

  private onClose(close: Close): void {
    this.currentState = afterClose(this.currentState, this.sessionId);
    this.emit(this.closes, close);
    const { inFlightPolicy, drainTimeoutMs } = close.metadata;
    if (inFlightPolicy === InFlightPolicy.Abort || drainTimeoutMs === 0 || this.isIdle()) {
      this.finishClose();
      return;
    }
    this.currentState = afterCloseAck(this.currentState, CloseStatus.Draining, this.sessionId);
    this.sender.closeAck(CloseStatus.Draining, this.lastOperation);
    // What has not started by now never will: only what is with the application may finish.
    for (const submit of this.admission.clearQueue()) this.giveUp(submit, OperationState.Failed, 'closed');
    if (this.isIdle()) this.finishClose();
    else this.drainTimer = this.host.scheduler.schedule(() => this.finishClose(), drainTimeoutMs);
  }

  private finishClose(): void {
    this.sender.closeAck(CloseStatus.Closed, this.lastOperation);
    this.detach('closed');
  }

  /** Ends an operation that gets no answer, and says so. */
  private giveUp(submit: Submit, state: typeof OperationState.Failed, end: SubmitEnd): void {
    this.operations.end(submit.frameId, state);
    submit.finish(end);
    this.sender.drop(submit.frameId);
  }

  private afterOperation(): void {
    if (this.currentState === SessionState.Draining && this.isIdle()) {
      this.finishClose();
    } else if (this.isCongested && this.admission.queuedCount === 0) {
      this.isCongested = false;
      this.sender.sessionFlow(
        FlowUpdateReason.Grant,
        BackpressureLevel.None,
        this.granted.grantedOperationCredit,
      );
    }
  }

  private isIdle(): boolean {
    return this.admission.inFlightCount === 0 && this.admission.queuedCount === 0;
  }

  private emit<T extends Received>(subject: Subject<T>, message: T): void {
    this.messages.next(message);
    subject.next(message);
  }

  private subjects(): readonly Subject<never>[] {
    const { submits, cancels, patches, migrations, closes, messages } = this;
    return [submits, cancels, patches, migrations, closes, messages] as unknown as Subject<never>[];
  }

  private notOpen(): NnrpError {
    return new NnrpError({ kind: 'SessionNotOpen', sessionId: this.sessionId });
  }
}

/** Decodes a message of a known type, with the exact length of its record. */
function decodeAs<T extends MessageType>(packet: Packet, type: T): MessageOf<T> {
  const record = preview3.metadata.get(type);
  if (record !== undefined) checkMetadataLength(packet, record.length, 'server');
  return decodeMessage(packet) as MessageOf<T>;
}
