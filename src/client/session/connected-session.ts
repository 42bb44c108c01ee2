import { BehaviorSubject, of, ReplaySubject, switchAll, type Observable, type SchedulerLike } from 'rxjs';
import { RuntimeError } from '../../protocol/runtime-error';
import type { SessionConnectivity } from '../../protocol/session/session-connectivity';
import { SessionState } from '../../protocol/session/session-lifecycle';
import type { ConnectEndpoint } from '../../transport/endpoint';
import type { Message } from '../../wire/message';
import { MessageType } from '../../wire/message-type';
import {
  type CacheAckMetadata,
  CacheInvalidateMetadata,
  type CachePutMetadata,
} from '../../wire/messages/cache';
import type { FlowUpdateMetadata } from '../../wire/messages/flow-update';
import { type SessionCloseAckMetadata, SessionCloseMetadata } from '../../wire/messages/session-close';
import type { SessionMigrateAckMetadata, SessionMigrateMetadata } from '../../wire/messages/session-migrate';
import { SessionStatus, type SessionOpenAckMetadata } from '../../wire/messages/session-open';
import type { SessionPatchMetadata } from '../../wire/messages/session-patch';
import { EMPTY, packet as makePacket, type Packet } from '../../wire/packet';
import type { OperationFailure } from '../errors';
import type { ClientLink, LinkedSession } from '../link/link';
import type { OpenRequest } from '../link/open-queue';
import type { ReconnectOptions, SessionOptions } from '../options';
import type { Backlog } from '../submissions/backlog';
import { holdingOf, sessionBacklog } from './session-backlog';
import { SubmittedResults, type ResultStream } from '../submissions/result-stream';
import { takeCloseFields, takeEndpoint } from '../option-rules';
import type { SubmitRequest } from '../submissions/submission';
import { Submissions, type Credit } from '../submissions/submissions';
import type { ClientSessionUsage } from '../usage';
import type { AcceptedOpen } from './open-answer';
import { Resumption } from './resumption';
import type { CacheInvalidation, ClientSession, PatchAck } from './session';
import { SessionClosing } from './session-closing';
import { SessionInbox } from './session-inbox';
import { SessionRequests } from './session-requests';

/** What a session needs of its client. */
export interface ClientSessionHost {
  readonly scheduler: SchedulerLike;
  /** Milliseconds, Infinity for no limit; see `ClientOptions`. */
  readonly answerTimeoutMs: number;
  /** Milliseconds, Infinity for no limit; see `ClientOptions`. */
  readonly closeTimeoutMs: number;
  /** The link is gone, and the session waits for another. */
  lost(session: ConnectedSession, link: ClientLink): void;
  /** The session has no link and wants one soon, to close over it. */
  hurry(session: ConnectedSession): void;
  /** The session is over, and waits for no link any more. */
  ended(session: ConnectedSession): void;
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
  private readonly backlog: Backlog;
  private readonly requests: SessionRequests;
  private readonly closing: SessionClosing;
  private readonly inbox: SessionInbox;
  private readonly resumption: Resumption;
  /** Says how it ended also to whoever asks later: a session may be over when its opener has it. */
  private readonly connectivity = new ReplaySubject<SessionConnectivity>(1);
  private readonly pressureSources: BehaviorSubject<Observable<boolean>>;
  private ack: SessionOpenAckMetadata;
  /** Undefined while there is none. */
  private link: ClientLink | undefined;
  private isOver = false;
  /** Of the results and acks, those that came before the present link. */
  private answersBefore = 0;

  constructor(
    private readonly host: ClientSessionHost,
    private readonly options: SessionOptions,
    { ack, resumeToken, extension }: AcceptedOpen,
    link: ClientLink,
  ) {
    const { sessionId } = ack;
    const { scheduler, answerTimeoutMs, closeTimeoutMs } = host;
    const isConnected = (): boolean => this.link !== undefined;
    const largestPacket = (): number => this.link?.largestPacket ?? Infinity;
    this.link = link;
    if (extension !== undefined) link.announce(extension);
    this.ack = ack;
    this.connectivity.next('open');
    this.state$ = this.connectivity.asObservable();
    this.pressureSources = new BehaviorSubject(link.transport.pressure$);
    this.pressure$ = this.pressureSources.pipe(switchAll());
    this.submissions = new Submissions(
      {
        sessionId,
        scheduler,
        maySendAgain: resumeToken.length > 0,
        get largestPacket() {
          return largestPacket();
        },
        sendSubmit: ({ frameId, metadataBytes, body }) => {
          this.send(MessageType.FrameSubmit, frameId, metadataBytes, body);
        },
        sendCancel: (frameId) => {
          this.send(MessageType.FrameCancel, frameId);
        },
        idle: () => {
          this.closing.idle();
        },
      },
      ack,
      link.credit,
    );
    this.backlog = sessionBacklog({
      sessionId,
      scheduler,
      options,
      submissions: this.submissions,
      extension,
      link: () => this.link,
    });
    this.requests = new SessionRequests({
      sessionId,
      scheduler,
      answerTimeoutMs,
      send: (messageType, metadata, body) => {
        this.send(messageType, 0, metadata, body);
      },
    });
    this.closing = new SessionClosing(
      {
        sessionId,
        scheduler,
        submissions: this.submissions,
        closeTimeoutMs,
        get isConnected() {
          return isConnected();
        },
        send: (messageType, metadata) => {
          this.send(messageType, 0, metadata);
        },
        end: (reason, connectivity) => {
          this.end(reason, connectivity);
        },
      },
      ack.sessionStatus === SessionStatus.Resumed ? SessionState.Resumed : SessionState.Open,
    );
    this.inbox = new SessionInbox(
      { submissions: this.submissions, requests: this.requests, closing: this.closing },
      link.revision,
    );
    this.flowUpdates$ = this.inbox.flowUpdates$;
    this.hints$ = this.inbox.hints$;
    this.resumption = new Resumption(sessionId, options, resumeToken);
  }

  get sessionId(): number {
    return this.ack.sessionId;
  }

  get state(): SessionState {
    return this.closing.state;
  }

  get granted(): SessionOpenAckMetadata {
    return this.ack;
  }

  get usage(): ClientSessionUsage {
    const { inFlight, waiting } = this.submissions.creditNow();
    return {
      operationsInFlight: inFlight,
      operationsWaiting: waiting,
      bufferedBytes: this.backlog.byteLength,
      acksAwaited: this.requests.size + (this.closing.isAsked ? 1 : 0),
    };
  }

  get wasAnswered(): boolean {
    return this.inbox.answers > this.answersBefore;
  }

  get credit$(): Observable<Credit> {
    return this.submissions.credit$;
  }

  submit(request: SubmitRequest): ResultStream {
    return new SubmittedResults(request, this.submissions, this.backlog);
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
    const { ttlMs = this.ack.leaseTtlMs } = fields;
    return this.requests.cachePut({ ...fields, ttlMs }, object);
  }

  cacheInvalidate(which: CacheInvalidation): void {
    this.requireLink();
    // Its scope is not filled in: 0 is everything that the session has.
    const { invalidateScope } = which;
    const fields = { ...CacheInvalidateMetadata.of(which), invalidateScope };
    this.send(MessageType.CacheInvalidate, 0, CacheInvalidateMetadata.encode(fields));
  }

  async migrate(request: SessionMigrateMetadata): Promise<SessionMigrateAckMetadata> {
    this.requireLink();
    return this.requests.migrate(request);
  }

  async moveTo(endpoint: ConnectEndpoint): Promise<void> {
    return this.host.move(this, this.requireLink(), takeEndpoint(endpoint));
  }

  async close(fields: Partial<SessionCloseMetadata> = {}): Promise<SessionCloseAckMetadata | undefined> {
    const lastWord = this.closing.close(takeCloseFields(fields));
    if (this.link === undefined) this.host.hurry(this);
    return lastWord;
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
    return this.resumption.isGranted && this.closing.isOpen;
  }

  /** Whether the server is to hear of its end, and has not said its last word. */
  get isClosing(): boolean {
    return this.closing.isAsked;
  }

  /** A resume of this session on a link, which `accepted` adopts. */
  resumeRequest(link: ClientLink, accepted: (answer: AcceptedOpen) => void): OpenRequest {
    return this.resumption.request(
      () => ({
        largestPacket: link.transport.largestPacket,
        receivedResults: this.inbox.receivedResults,
        wantedOperations: this.submissions.tellWanted(),
      }),
      (answer) => {
        if (this.isOver) {
          // Meanwhile; the server has it there again.
          link.send(this.farewell());
          throw endedBefore(this.sessionId, 'session-closed');
        }
        accepted(answer);
      },
    );
  }

  /** What is said to a server that may still have the session, where the client gave it up. */
  farewell(): Packet {
    const { sessionId } = this;
    return makePacket(
      { messageType: MessageType.SessionClose, sessionId },
      SessionCloseMetadata.encode(this.closing.farewell()),
    );
  }

  /** Leaves its link, which goes on to live or die without it. */
  detach(): void {
    this.link?.release(this);
    this.link?.reading.release(this.backlog);
    this.link = undefined;
    this.submissions.detach();
    this.requests.rejectAll(endedBefore(this.sessionId, 'connection-lost'));
    this.pressureSources.next(of(true));
    this.connectivity.next('reconnecting');
  }

  /** Goes on over another link. */
  attach(link: ClientLink, { ack, resumeToken, extension }: AcceptedOpen): void {
    this.link = link;
    this.answersBefore = this.inbox.answers;
    if (extension !== undefined) link.announce(extension);
    this.ack = ack;
    this.resumption.renew(resumeToken);
    this.closing.resumed();
    link.adopt(this);
    this.pressureSources.next(link.transport.pressure$);
    // A server that does not say is taken to have received all: nothing may run twice.
    this.submissions.attach(ack, extension?.lastOperationId ?? this.submissions.lastFrameId, link.credit);
    this.backlog.attached(holdingOf(extension));
    this.connectivity.next('resumed');
    this.closing.tellAgain();
  }

  linkEnded(link: ClientLink): void {
    if (this.link === link) this.lose(link);
  }

  /** Waits for the next link to where this one leads, where it may; is over where not. */
  lose(link: ClientLink): void {
    if (this.isOver) return;
    if (!this.mayComeBack) {
      // A server that has said it closes the session ends it so, where its time to drain is over first.
      this.end(this.closing.isDraining ? 'session-closed' : 'connection-lost', 'closed');
      return;
    }
    if (this.link !== undefined) this.detach();
    this.host.lost(this, link);
  }

  /** Takes a packet of this session. Throws an `NnrpError` or a `RuntimeError` that says what is wrong. */
  receive(packet: Packet): void {
    this.inbox.receive(packet);
  }

  noteFlow(update: FlowUpdateMetadata): void {
    this.inbox.noteFlow(update);
  }

  /** Ends the session at once, and says so where there is a link. */
  leave(): void {
    this.closing.sayFarewell();
    this.end('session-closed', 'closed');
  }

  /** The server does not have the session any more: what it was to be told anyway, where it is closing. */
  expire(): void {
    if (this.isClosing) this.end('session-closed', 'closed');
    else this.end('connection-lost', 'expired');
  }

  /** Ends the session without a word to the server. */
  end(reason: 'session-closed' | 'connection-lost', connectivity: 'expired' | 'closed'): void {
    if (this.isOver) return;
    this.isOver = true;
    const error = endedBefore(this.sessionId, reason);
    this.closing.end(reason === 'connection-lost' ? error : undefined);
    this.link?.release(this);
    this.link?.reading.release(this.backlog);
    this.link = undefined;
    this.submissions.end(reason);
    this.backlog.end();
    this.requests.rejectAll(error);
    this.inbox.end();
    this.pressureSources.complete();
    this.connectivity.next(connectivity);
    this.connectivity.complete();
    this.host.ended(this);
  }

  /** Whether the session goes on over the next link; to be closed there, where the server may not know of it. */
  private get mayComeBack(): boolean {
    const { options, resumption, closing } = this;
    if (options.reconnect === undefined || !resumption.isGranted || closing.isDraining) return false;
    return closing.isOpen || closing.isAsked;
  }

  private requireLink(): ClientLink {
    if (this.isOver) throw endedBefore(this.sessionId, 'session-closed');
    if (this.link === undefined) throw endedBefore(this.sessionId, 'connection-lost');
    return this.link;
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
