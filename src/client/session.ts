import { Subject, type Observable, type SchedulerLike } from 'rxjs';
import { validateFlowRouting } from '../protocol/flow';
import { checkMigration } from '../protocol/migration';
import { checkHeaderOnly, checkMetadataLength } from '../protocol/packet-checks';
import type { ResultPush } from '../protocol/result';
import { RuntimeError, unexpectedMessage } from '../protocol/runtime-error';
import { acceptsMessages, afterClose, afterCloseAck, SessionState } from '../protocol/session-lifecycle';
import type { Transport } from '../transport/transport';
import { decodeMessage, type Message, type MessageOf } from '../wire/message';
import { MessageType, messageTypeName } from '../wire/message-type';
import type { FlowUpdateMetadata } from '../wire/messages/flow-update';
import { FrameSubmitMetadata } from '../wire/messages/frame-submit';
import { ResultPushMetadata } from '../wire/messages/result-push';
import {
  CloseReason,
  CloseStatus,
  InFlightPolicy,
  SessionCloseAckMetadata,
  SessionCloseMetadata,
} from '../wire/messages/session-close';
import { SessionMigrateMetadata, type SessionMigrateAckMetadata } from '../wire/messages/session-migrate';
import type { SessionOpenAckMetadata } from '../wire/messages/session-open';
import { SessionPatchMetadata, type SessionPatchAckMetadata } from '../wire/messages/session-patch';
import { EMPTY, packet as makePacket, type Packet } from '../wire/packet';
import { preview3 } from '../wire/revision';
import { Awaited } from './awaited';
import type { OperationFailure } from './errors';
import type { SubmitRequest } from './submission';
import { Submissions, type Credit } from './submissions';

/** SESSION_PATCH_ACK with its body, the profile patch ack. */
export interface PatchAck {
  readonly metadata: SessionPatchAckMetadata;
  readonly body: Uint8Array;
}

/** A session, as its client has it. */
export interface ClientSession {
  readonly sessionId: number;
  readonly state: SessionState;
  /** What the server granted. */
  readonly granted: SessionOpenAckMetadata;
  /** How many operations may be in flight and are: now, and after each change. */
  readonly credit$: Observable<Credit>;
  /** Every FLOW_UPDATE that concerns this session; `submit` obeys them by itself. */
  readonly flowUpdates$: Observable<FlowUpdateMetadata>;
  readonly hints$: Observable<Message<typeof MessageType.ResultHint>>;
  /**
   * A request, cold: subscribing submits it (as soon as there is credit), every RESULT_PUSH is emitted,
   * the one that is not partial completes, unsubscribing sends FRAME_CANCEL. Errors with an
   * `OperationError` where there is no result, and with an `NnrpError` where the metadata is not allowed.
   *
   * @example
   * session.submit({ body: 'Call me' }).subscribe((result) => process.stdout.write(decodeTokens(result).join('')));
   */
  submit(request: SubmitRequest): Observable<ResultPush>;
  /** Sends FRAME_CANCEL for an operation in flight; its Observable errors with reason `cancelled`. */
  cancel(frameId: number): void;
  /** Asks for other settings. Rejects with a `RuntimeError` where the session ends before the answer. */
  patch(fields: Partial<SessionPatchMetadata>, profilePatch?: Uint8Array): Promise<PatchAck>;
  /** Asks to move to another transport. Rejects with an `NnrpError` where the ack does not fit. */
  migrate(request: SessionMigrateMetadata): Promise<SessionMigrateAckMetadata>;
  /**
   * Closes the session and resolves with the server's last word. By default: client shutdown, drain, no
   * time to drain in.
   */
  close(fields?: Partial<SessionCloseMetadata>): Promise<SessionCloseAckMetadata>;
}

/** What a session needs of its connection. */
export interface ClientSessionHost {
  readonly transport: Transport;
  readonly scheduler: SchedulerLike;
  ended(sessionId: number): void;
}

/** A session that its connection feeds with packets. */
export class ConnectedSession implements ClientSession {
  readonly flowUpdates$: Observable<FlowUpdateMetadata>;
  readonly hints$: Observable<Message<typeof MessageType.ResultHint>>;
  private readonly submissions: Submissions;
  private isOver = false;
  private readonly flowUpdates = new Subject<FlowUpdateMetadata>();
  private readonly hints = new Subject<Message<typeof MessageType.ResultHint>>();
  private readonly patches = new Awaited<SessionPatchMetadata, PatchAck>();
  private readonly migrations = new Awaited<SessionMigrateMetadata, SessionMigrateAckMetadata>();
  private readonly closing = new Awaited<SessionCloseMetadata, SessionCloseAckMetadata>();

  constructor(
    private readonly host: ClientSessionHost,
    readonly granted: SessionOpenAckMetadata,
    private currentState: SessionState,
  ) {
    this.flowUpdates$ = this.flowUpdates.asObservable();
    this.hints$ = this.hints.asObservable();
    this.submissions = new Submissions(
      {
        sessionId: granted.sessionId,
        scheduler: host.scheduler,
        sendSubmit: ({ frameId, metadata, body }) => {
          this.send(MessageType.FrameSubmit, frameId, FrameSubmitMetadata.encode(metadata), body);
        },
        sendCancel: (frameId) => {
          this.send(MessageType.FrameCancel, frameId);
        },
      },
      granted,
    );
  }

  get sessionId(): number {
    return this.granted.sessionId;
  }

  get state(): SessionState {
    return this.currentState;
  }

  get credit$(): Observable<Credit> {
    return this.submissions.credit$;
  }

  submit(request: SubmitRequest): Observable<ResultPush> {
    return this.submissions.submit(request);
  }

  cancel(frameId: number): void {
    this.submissions.cancel(frameId);
  }

  async patch(fields: Partial<SessionPatchMetadata>, profilePatch = EMPTY): Promise<PatchAck> {
    this.requireConnection();
    const request = SessionPatchMetadata.of({ ...fields, profilePatchBytes: profilePatch.length });
    this.send(MessageType.SessionPatch, 0, SessionPatchMetadata.encode(request), profilePatch);
    return this.patches.add(request);
  }

  async migrate(request: SessionMigrateMetadata): Promise<SessionMigrateAckMetadata> {
    this.requireConnection();
    this.send(MessageType.SessionMigrate, 0, SessionMigrateMetadata.encode(request));
    return this.migrations.add(request);
  }

  async close(fields: Partial<SessionCloseMetadata> = {}): Promise<SessionCloseAckMetadata> {
    this.requireConnection();
    const close = SessionCloseMetadata.of({
      closeReason: CloseReason.ClientShutdown,
      inFlightPolicy: InFlightPolicy.Drain,
      lastOperationId: BigInt(this.submissions.lastFrameId),
      sessionCloseTag: this.sessionId,
      ...fields,
    });
    this.currentState = afterClose(this.currentState, this.sessionId);
    this.send(MessageType.SessionClose, 0, SessionCloseMetadata.encode(close));
    return this.closing.add(close);
  }

  /** Takes a packet of this session. Throws an `NnrpError` or a `RuntimeError` that says what is wrong. */
  receive(packet: Packet): void {
    switch (packet.header.messageType) {
      case MessageType.ResultPush:
        this.onResult(packet);
        return;
      case MessageType.ResultDrop:
        checkHeaderOnly(packet, 'client');
        this.requireSent(packet);
        this.submissions.fail(packet.header.frameId, 'dropped');
        return;
      case MessageType.FlowUpdate:
        this.takeFlow(decodeAs(packet, MessageType.FlowUpdate));
        return;
      case MessageType.ResultHint:
        this.hints.next(decodeAs(packet, MessageType.ResultHint));
        return;
      case MessageType.SessionPatchAck:
        this.onPatchAck(decodeAs(packet, MessageType.SessionPatchAck));
        return;
      case MessageType.SessionMigrateAck:
        this.onMigrateAck(decodeAs(packet, MessageType.SessionMigrateAck));
        return;
      case MessageType.SessionCloseAck:
        this.onCloseAck(decodeAs(packet, MessageType.SessionCloseAck));
        return;
      case MessageType.SessionClose:
        this.onServerClose(decodeAs(packet, MessageType.SessionClose));
        return;
      case MessageType.Error:
        this.onError(decodeAs(packet, MessageType.Error));
        return;
      default:
        throw unexpectedMessage(`client received unexpected ${messageTypeName(packet.header.messageType)}`);
    }
  }

  /** Takes a FLOW_UPDATE of any scope that concerns this session. */
  takeFlow({ header, metadata }: MessageOf<typeof MessageType.FlowUpdate>): void {
    validateFlowRouting(header, metadata);
    this.submissions.applyFlow(metadata);
    this.flowUpdates.next(metadata);
  }

  /** Ends the session without a word to the server. */
  end(reason: Extract<OperationFailure, 'session-closed' | 'connection-lost'>): void {
    if (this.isOver) return;
    this.isOver = true;
    this.currentState = SessionState.Closed;
    this.submissions.end(reason);
    const error = endedBefore(this.sessionId, reason);
    this.patches.rejectAll(error);
    this.migrations.rejectAll(error);
    this.closing.rejectAll(error);
    this.flowUpdates.complete();
    this.hints.complete();
    this.host.ended(this.sessionId);
  }

  private onResult(packet: Packet): void {
    checkMetadataLength(packet, ResultPushMetadata.length, 'client');
    const { header, body } = packet;
    const metadata = ResultPushMetadata.decode(packet.metadata);
    this.requireSent(packet);
    this.submissions.take({ type: 'push', frameId: header.frameId, metadata, body });
  }

  private onPatchAck({ metadata, body }: MessageOf<typeof MessageType.SessionPatchAck>): void {
    if (!this.patches.settle(() => ({ metadata, body }))) throw unasked(MessageType.SessionPatchAck);
  }

  private onMigrateAck({ metadata }: MessageOf<typeof MessageType.SessionMigrateAck>): void {
    const isAsked = this.migrations.settle((request) => {
      checkMigration(request, metadata);
      return metadata;
    });
    if (!isAsked) throw unasked(MessageType.SessionMigrateAck);
  }

  private onCloseAck({ metadata }: MessageOf<typeof MessageType.SessionCloseAck>): void {
    if (this.closing.size === 0) throw unasked(MessageType.SessionCloseAck);
    this.currentState = afterCloseAck(this.currentState, metadata.closeStatus, this.sessionId);
    // The server has taken the close, or lets operations finish: its last word is still to come.
    if (metadata.closeStatus === CloseStatus.Acknowledged || metadata.closeStatus === CloseStatus.Draining)
      return;
    this.closing.settle(() => metadata);
    if (metadata.closeStatus === CloseStatus.Closed) this.end('session-closed');
  }

  private onServerClose({ metadata }: MessageOf<typeof MessageType.SessionClose>): void {
    const ack = SessionCloseAckMetadata.of({
      closeStatus: CloseStatus.Closed,
      lastOperationId: metadata.lastOperationId,
    });
    this.send(MessageType.SessionCloseAck, 0, SessionCloseAckMetadata.encode(ack));
    this.end('session-closed');
  }

  private onError({ metadata, body }: MessageOf<typeof MessageType.Error>): void {
    const { relatedFrameId, errorCode } = metadata;
    this.submissions.fail(relatedFrameId, 'refused', errorCode, new TextDecoder().decode(body));
  }

  /** A result may be late, for an operation that was cancelled; it may not be for one never submitted. */
  private requireSent({ header }: Packet): void {
    if (this.submissions.wasSent(header.frameId)) return;
    throw unexpectedMessage(
      `client received ${messageTypeName(header.messageType)} of operation ${header.frameId}, which it never submitted`,
    );
  }

  private requireConnection(): void {
    if (!acceptsMessages(this.currentState)) throw endedBefore(this.sessionId, 'session-closed');
  }

  private send(messageType: MessageType, frameId: number, metadata = EMPTY, body = EMPTY): void {
    this.host.transport.send(makePacket({ messageType, sessionId: this.sessionId, frameId }, metadata, body));
  }
}

function decodeAs<T extends MessageType>(packet: Packet, type: T): MessageOf<T> {
  const record = preview3.metadata.get(type);
  if (record !== undefined) checkMetadataLength(packet, record.length, 'client');
  return decodeMessage(packet) as MessageOf<T>;
}

function unasked(type: MessageType): RuntimeError {
  return unexpectedMessage(`client received ${messageTypeName(type)} that it did not ask for`);
}

function endedBefore(sessionId: number, reason: OperationFailure): RuntimeError {
  const what = reason === 'session-closed' ? 'it is closed' : 'its connection is lost';
  return new RuntimeError('io', `session ${sessionId} cannot answer: ${what}`, {
    reach: 'session',
    origin: 'local',
  });
}
