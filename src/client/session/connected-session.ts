import {
  BehaviorSubject,
  of,
  Subject,
  switchAll,
  type Observable,
  type SchedulerLike,
  type Subscription,
} from 'rxjs';
import { validateFlowRouting } from '../../protocol/flow/flow';
import { checkHeaderOnly, checkMetadataLength, decodeAs } from '../../protocol/packet-checks';
import type { ResultPush } from '../../protocol/operation/result';
import { RuntimeError, unexpectedMessage } from '../../protocol/runtime-error';
import { encodeSessionExtension } from '../../protocol/session/session-extension';
import {
  acceptsOperations,
  afterClose,
  afterCloseAck,
  SessionState,
} from '../../protocol/session/session-lifecycle';
import { timerMs } from '../../protocol/timer';
import type { ConnectEndpoint } from '../../transport/endpoint';
import { NnrpError } from '../../wire/errors';
import type { Message, MessageOf } from '../../wire/message';
import { MessageType, messageTypeName } from '../../wire/message-type';
import {
  type CacheAckMetadata,
  CacheInvalidateMetadata,
  type CachePutMetadata,
} from '../../wire/messages/cache';
import type { FlowUpdateMetadata } from '../../wire/messages/flow-update';
import { ErrorScope } from '../../wire/messages/error-message';
import { ResultPushMetadata } from '../../wire/messages/result-push';
import {
  CloseReason,
  CloseStatus,
  InFlightPolicy,
  SessionCloseAckMetadata,
  SessionCloseMetadata,
} from '../../wire/messages/session-close';
import type { SessionMigrateAckMetadata, SessionMigrateMetadata } from '../../wire/messages/session-migrate';
import {
  SessionStatus,
  type SessionOpenAckMetadata,
  type SessionOpenMetadata,
} from '../../wire/messages/session-open';
import type { SessionPatchMetadata } from '../../wire/messages/session-patch';
import { EMPTY, packet as makePacket, type Packet } from '../../wire/packet';
import { Awaited } from '../awaited';
import type { OperationFailure } from '../errors';
import type { ClientLink, LinkedSession, OpenRequest } from '../link/link';
import { acceptedOpen, type AcceptedOpen } from './open-answer';
import { openBody, sessionOpen, type ReconnectOptions, type SessionOptions } from '../options';
import type { ClientSession, PatchAck, SessionConnectivity } from './session';
import { encodeSubmitMetadata, type SubmitRequest } from '../submissions/submission';
import { SessionRequests } from './session-requests';
import { Submissions, type Credit } from '../submissions/submissions';
import { unasked } from '../unasked';
import type { ClientSessionUsage } from '../usage';

/** What a session needs of its client. */
export interface ClientSessionHost {
  readonly scheduler: SchedulerLike;
  /** The link is gone, and the session waits for another. */
  lost(session: ConnectedSession, endpoint: ConnectEndpoint): void;
  /** Moves the session from its link to one of another transport. */
  move(session: ConnectedSession, from: ClientLink, endpoint: ConnectEndpoint): Promise<void>;
}

/**
 * A session on a link, and from link to link where it may be resumed.
 *
 *          link lost, `reconnect` given                  refused, or the window is over
 *   open ──────────────────────────────▶ reconnecting ──────────────────────────────────▶ expired
 *                                        │      ▲
 *                        resumed there   ▼      │ link lost
 *                                        resumed            (a close ends it from anywhere: closed)
 */
export class ConnectedSession implements ClientSession, LinkedSession {
  readonly flowUpdates$: Observable<FlowUpdateMetadata>;
  readonly hints$: Observable<Message<typeof MessageType.ResultHint>>;
  readonly state$: Observable<SessionConnectivity>;
  readonly pressure$: Observable<boolean>;
  private readonly submissions: Submissions;
  private readonly connectivity = new BehaviorSubject<SessionConnectivity>('open');
  private readonly pressureSources: BehaviorSubject<Observable<boolean>>;
  private readonly flowUpdates = new Subject<FlowUpdateMetadata>();
  private readonly hints = new Subject<Message<typeof MessageType.ResultHint>>();
  private readonly requests = new SessionRequests((messageType, metadata, body) => {
    this.send(messageType, 0, metadata, body);
  });
  private readonly closing = new Awaited<SessionCloseMetadata, SessionCloseAckMetadata>();
  private currentState: SessionState;
  private ack: SessionOpenAckMetadata;
  private resumeToken: Uint8Array;
  /** Results of the session that have arrived: what a resume tells the server. */
  private receivedResults = 0;
  private resumeAttempts = 0;
  private drainTimer: Subscription | undefined;
  /** Undefined while there is none. */
  private link: ClientLink | undefined;
  private isOver = false;

  constructor(
    private readonly host: ClientSessionHost,
    private readonly options: SessionOptions,
    accepted: AcceptedOpen,
    link: ClientLink,
  ) {
    this.link = link;
    if (accepted.extension !== undefined) link.announce();
    this.ack = accepted.ack;
    this.resumeToken = accepted.resumeToken;
    this.currentState =
      accepted.ack.sessionStatus === SessionStatus.Resumed ? SessionState.Resumed : SessionState.Open;
    this.state$ = this.connectivity.asObservable();
    this.flowUpdates$ = this.flowUpdates.asObservable();
    this.hints$ = this.hints.asObservable();
    this.pressureSources = new BehaviorSubject(link.transport.pressure$);
    this.pressure$ = this.pressureSources.pipe(switchAll());
    this.submissions = new Submissions(
      {
        sessionId: this.ack.sessionId,
        scheduler: host.scheduler,
        sendSubmit: ({ frameId, metadata, body }) => {
          this.send(MessageType.FrameSubmit, frameId, encodeSubmitMetadata(metadata), body);
        },
        sendCancel: (frameId) => {
          this.send(MessageType.FrameCancel, frameId);
        },
        idle: () => {
          if (this.drainTimer !== undefined) this.finishServerClose();
        },
      },
      this.ack,
      link.credit,
    );
  }

  get sessionId(): number {
    return this.ack.sessionId;
  }

  get state(): SessionState {
    return this.currentState;
  }

  get granted(): SessionOpenAckMetadata {
    return this.ack;
  }

  get usage(): ClientSessionUsage {
    const { inFlight, waiting } = this.submissions.creditNow();
    return {
      operationsInFlight: inFlight,
      operationsWaiting: waiting,
      acksAwaited: this.requests.size + this.closing.size,
    };
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
    this.requireLink();
    return this.requests.patch(fields, profilePatch);
  }

  async cachePut(fields: Partial<CachePutMetadata>, object: Uint8Array): Promise<CacheAckMetadata> {
    this.requireLink();
    return this.requests.cachePut(fields, object);
  }

  cacheInvalidate(fields: Partial<CacheInvalidateMetadata>): void {
    this.requireLink();
    const invalidate = CacheInvalidateMetadata.encode(CacheInvalidateMetadata.of(fields));
    this.send(MessageType.CacheInvalidate, 0, invalidate);
  }

  async migrate(request: SessionMigrateMetadata): Promise<SessionMigrateAckMetadata> {
    this.requireLink();
    return this.requests.migrate(request);
  }

  async moveTo(endpoint: ConnectEndpoint): Promise<void> {
    return this.host.move(this, this.requireLink(), endpoint);
  }

  async close(fields: Partial<SessionCloseMetadata> = {}): Promise<SessionCloseAckMetadata> {
    this.requireLink();
    const close = SessionCloseMetadata.of({
      closeReason: CloseReason.ClientShutdown,
      inFlightPolicy: InFlightPolicy.Drain,
      lastOperationId: BigInt(this.submissions.lastFrameId),
      sessionCloseTag: this.sessionId,
      ...fields,
    });
    this.currentState = afterClose(this.currentState, this.sessionId);
    this.submissions.refuseNew();
    this.send(MessageType.SessionClose, 0, SessionCloseMetadata.encode(close));
    return this.closing.add(close);
  }

  /** The highest frame of which a result has arrived, for SESSION_MIGRATE. */
  get lastResultFrameId(): number {
    return this.submissions.lastResultFrameId;
  }

  get reconnectOptions(): ReconnectOptions {
    return this.options.reconnect ?? {};
  }

  /** Milliseconds that the server keeps the session without its client. */
  get resumeWindowMs(): number {
    return this.ack.resumeWindowMs;
  }

  /** Whether the session can go on over another link. */
  get isResumable(): boolean {
    return this.resumeToken.length > 0 && acceptsOperations(this.currentState);
  }

  /** A resume of this session, which `accepted` adopts. */
  resumeRequest(accepted: (answer: AcceptedOpen) => void): OpenRequest {
    const { resumeToken, options } = this;
    const extension =
      options.announce === false
        ? EMPTY
        : encodeSessionExtension({
            receivedResults: this.receivedResults,
            wantedOperations: this.submissions.tellWanted(),
            resumeAttempt: (this.resumeAttempts += 1),
          });
    const blocks = { resumeToken, auth: options.auth ?? EMPTY, extension };
    const wanted: SessionOptions = { ...options, requestedSessionId: this.sessionId, allowResume: true };
    const open: SessionOpenMetadata = sessionOpen(wanted, blocks);
    return {
      open,
      body: openBody(blocks),
      accept: (answer) => {
        if (this.isOver) throw endedBefore(this.sessionId, 'session-closed');
        const resumed = acceptedOpen(open, answer);
        if (resumed.ack.sessionId !== this.sessionId) {
          throw new NnrpError({ kind: 'UnknownSession', sessionId: resumed.ack.sessionId });
        }
        accepted(resumed);
      },
    };
  }

  /** What is said to a server that may still have the session, where the client gave it up. */
  farewell(): Packet {
    const close = SessionCloseMetadata.of({
      closeReason: CloseReason.ClientShutdown,
      inFlightPolicy: InFlightPolicy.Abort,
      lastOperationId: BigInt(this.submissions.lastFrameId),
      sessionCloseTag: this.sessionId,
    });
    const { sessionId } = this;
    return makePacket(
      { messageType: MessageType.SessionClose, sessionId },
      SessionCloseMetadata.encode(close),
    );
  }

  /** Leaves its link, which goes on to live or die without it. */
  detach(): void {
    this.link?.release(this);
    this.link = undefined;
    this.submissions.detach();
    this.rejectAwaited(endedBefore(this.sessionId, 'connection-lost'));
    this.pressureSources.next(of(true));
    this.connectivity.next('reconnecting');
  }

  /** Goes on over another link. */
  attach(link: ClientLink, { ack, resumeToken, extension }: AcceptedOpen): void {
    this.link = link;
    if (extension !== undefined) link.announce();
    this.ack = ack;
    this.resumeToken = resumeToken;
    this.currentState = SessionState.Resumed;
    link.adopt(this);
    this.pressureSources.next(link.transport.pressure$);
    // A server that does not say is taken to have received all: nothing may run twice.
    this.submissions.attach(ack, extension?.lastOperationId ?? this.submissions.lastFrameId, link.credit);
    this.connectivity.next('resumed');
  }

  linkEnded(link: ClientLink): void {
    if (this.link === link) this.lose(link.endpoint);
  }

  /** Waits for the next link to a place, where it may; is over where not. */
  lose(endpoint: ConnectEndpoint): void {
    if (this.options.reconnect === undefined || !this.isResumable) {
      // A server that has said it closes the session ends it so, where its time to drain is over first.
      this.end(this.drainTimer === undefined ? 'connection-lost' : 'session-closed', 'closed');
      return;
    }
    if (this.link !== undefined) this.detach();
    this.host.lost(this, endpoint);
  }

  /** Takes a packet of this session. Throws an `NnrpError` or a `RuntimeError` that says what is wrong. */
  receive(packet: Packet): void {
    switch (packet.header.messageType) {
      case MessageType.ResultPush:
        this.receivedResults += 1;
        this.onResult(packet);
        return;
      case MessageType.ResultDrop:
        this.receivedResults += 1;
        checkHeaderOnly(packet, 'client');
        this.requireSent(packet);
        this.submissions.fail(packet.header.frameId, 'dropped');
        return;
      case MessageType.FlowUpdate:
        this.onFlow(decodeAs(packet, MessageType.FlowUpdate, 'client'));
        return;
      case MessageType.ResultHint:
        this.hints.next(decodeAs(packet, MessageType.ResultHint, 'client'));
        return;
      case MessageType.SessionPatchAck:
        this.requests.onPatchAck(decodeAs(packet, MessageType.SessionPatchAck, 'client'));
        return;
      case MessageType.CacheAck:
        this.requests.onCacheAck(decodeAs(packet, MessageType.CacheAck, 'client'));
        return;
      case MessageType.SessionMigrateAck:
        this.requests.onMigrateAck(decodeAs(packet, MessageType.SessionMigrateAck, 'client'));
        return;
      case MessageType.SessionCloseAck:
        this.onCloseAck(decodeAs(packet, MessageType.SessionCloseAck, 'client'));
        return;
      case MessageType.SessionClose:
        this.onServerClose(decodeAs(packet, MessageType.SessionClose, 'client'));
        return;
      case MessageType.Error:
        this.onError(decodeAs(packet, MessageType.Error, 'client'));
        return;
      default:
        throw unexpectedMessage(`client received unexpected ${messageTypeName(packet.header.messageType)}`);
    }
  }

  noteFlow(update: FlowUpdateMetadata): void {
    this.flowUpdates.next(update);
  }

  /** Ends the session without a word to the server. */
  end(reason: 'session-closed' | 'connection-lost', connectivity: 'expired' | 'closed'): void {
    if (this.isOver) return;
    this.isOver = true;
    this.currentState = SessionState.Closed;
    this.drainTimer?.unsubscribe();
    this.link?.release(this);
    this.link = undefined;
    this.submissions.end(reason);
    this.rejectAwaited(endedBefore(this.sessionId, reason));
    this.flowUpdates.complete();
    this.hints.complete();
    this.pressureSources.complete();
    this.connectivity.next(connectivity);
    this.connectivity.complete();
  }

  private onFlow({ header, metadata }: MessageOf<typeof MessageType.FlowUpdate>): void {
    validateFlowRouting(header, metadata);
    this.submissions.applyFlow(metadata);
    this.flowUpdates.next(metadata);
  }

  private onResult(packet: Packet): void {
    checkMetadataLength(packet, ResultPushMetadata.length, 'client');
    const { header, body } = packet;
    const metadata = ResultPushMetadata.decode(packet.metadata);
    this.requireSent(packet);
    this.submissions.take({ type: 'push', frameId: header.frameId, metadata, body });
  }

  private onCloseAck({ metadata }: MessageOf<typeof MessageType.SessionCloseAck>): void {
    if (this.closing.size === 0) throw unasked(MessageType.SessionCloseAck);
    this.currentState = afterCloseAck(this.currentState, metadata.closeStatus, this.sessionId);
    const { closeStatus } = metadata;
    // The server has taken the close, or lets operations finish: its last word is still to come.
    if (closeStatus === CloseStatus.Acknowledged || closeStatus === CloseStatus.Draining) return;
    this.closing.settle(() => metadata);
    if (closeStatus === CloseStatus.Closed) this.end('session-closed', 'closed');
    else this.submissions.acceptNew();
  }

  /** The server ends the session: what is in flight may finish, where it drains. */
  private onServerClose({ metadata }: MessageOf<typeof MessageType.SessionClose>): void {
    if (this.closing.size > 0) {
      // The closes have crossed, and each side takes the other's for its answer.
      const { lastOperationId, sessionErrorCode } = metadata;
      this.closing.settle(() => ({ closeStatus: CloseStatus.Closed, lastOperationId, sessionErrorCode }));
      this.finishServerClose();
      return;
    }
    this.currentState = afterClose(this.currentState, this.sessionId);
    this.submissions.refuseNew();
    const { inFlightPolicy, drainTimeoutMs } = metadata;
    if (inFlightPolicy === InFlightPolicy.Abort || this.submissions.inFlightIds().length === 0) {
      this.finishServerClose();
      return;
    }
    this.sendCloseAck(CloseStatus.Draining);
    this.currentState = afterCloseAck(this.currentState, CloseStatus.Draining, this.sessionId);
    this.drainTimer = this.host.scheduler.schedule(() => {
      this.finishServerClose();
    }, timerMs(drainTimeoutMs));
  }

  private finishServerClose(): void {
    this.sendCloseAck(CloseStatus.Closed);
    this.end('session-closed', 'closed');
  }

  private sendCloseAck(closeStatus: CloseStatus): void {
    const lastOperationId = BigInt(this.submissions.lastFrameId);
    const ack = SessionCloseAckMetadata.of({ closeStatus, lastOperationId });
    this.send(MessageType.SessionCloseAck, 0, SessionCloseAckMetadata.encode(ack));
  }

  private onError({ metadata, body }: MessageOf<typeof MessageType.Error>): void {
    const { errorScope, relatedFrameId, errorCode } = metadata;
    // It stands for the result, and is counted like one.
    if (errorScope === ErrorScope.Frame) this.receivedResults += 1;
    this.submissions.fail(relatedFrameId, 'refused', errorCode, new TextDecoder().decode(body));
  }

  /** A result may be late, for an operation that was cancelled; it may not be for one never submitted. */
  private requireSent({ header }: Packet): void {
    if (this.submissions.wasSent(header.frameId)) return;
    throw unexpectedMessage(
      `client received ${messageTypeName(header.messageType)} of operation ${header.frameId}, which it never submitted`,
    );
  }

  private requireLink(): ClientLink {
    if (this.isOver) throw endedBefore(this.sessionId, 'session-closed');
    if (this.link === undefined) throw endedBefore(this.sessionId, 'connection-lost');
    return this.link;
  }

  private rejectAwaited(error: RuntimeError): void {
    this.requests.rejectAll(error);
    this.closing.rejectAll(error);
  }

  private send(messageType: MessageType, frameId: number, metadata = EMPTY, body = EMPTY): void {
    this.link?.send(makePacket({ messageType, sessionId: this.sessionId, frameId }, metadata, body));
  }
}

function endedBefore(sessionId: number, reason: OperationFailure): RuntimeError {
  const what = reason === 'session-closed' ? 'it is closed' : 'its connection is lost';
  return new RuntimeError('io', `session ${sessionId} cannot answer: ${what}`, {
    reach: 'session',
    origin: 'local',
  });
}
