import { of, ReplaySubject, type Observable } from 'rxjs';
import type { RuntimeError } from '../../protocol/runtime-error';
import type { SessionExtension } from '../../protocol/session/session-extension';
import type { SessionConnectivity } from '../../protocol/session/session-connectivity';
import { SessionState } from '../../protocol/session/session-lifecycle';
import type { ConnectEndpoint } from '../../transport/endpoint';
import type { Message, RevisionName } from '../../wire/message';
import type { MessageType } from '../../wire/message-type';
import type { CacheAckMetadata, CachePutMetadata } from '../../wire/messages/cache';
import type { FlowUpdateMetadata } from '../../wire/messages/flow-update';
import type { SessionCloseAckMetadata, SessionCloseMetadata } from '../../wire/messages/session-close';
import type { SessionMigrateAckMetadata, SessionMigrateMetadata } from '../../wire/messages/session-migrate';
import { SessionStatus, type SessionOpenAckMetadata } from '../../wire/messages/session-open';
import type { SessionPatchMetadata } from '../../wire/messages/session-patch';
import { EMPTY, type Packet } from '../../wire/packet';
import { showAsJson } from '../../wire/show-as-json';
import type { ClientLink, LinkedSession } from '../link/link';
import type { OpenRequest } from '../link/open-queue';
import { CarriedPressure } from '../../transport/carried-pressure';
import { onEach } from '../../transport/on-each';
import { takeCloseFields, takeEndpoint } from '../option-rules';
import {
  SESSION_DEFAULTS,
  type ClientSettings,
  type ReconnectOptions,
  type SessionOptions,
} from '../options';
import { Backlog, holdingOf } from '../submissions/backlog';
import { SubmittedResults, type ResultStream } from '../submissions/result-stream';
import type { SubmitRequest } from '../submissions/submission';
import type { Credit } from '../submissions/credit';
import { Submissions } from '../submissions/submissions';
import type { ClientSessionUsage } from '../usage';
import { ClosingHandshake } from './close';
import type { AcceptedOpen } from './open';
import { SessionMessages } from './messages';
import { ResumeClaim } from './resume-claim';
import { takeUp, type ResumedOperation } from './resumed-session';
import {
  closedByServer,
  CONNECTION_LOST,
  ENDED_HERE,
  notResumed,
  type SessionEnd,
  endedBefore,
} from './session-end';
import type { CacheInvalidation, ClientSession, PatchAck } from './session';
import { SessionCarrier } from './session-carrier';
import { UnreadableAnswers } from './unreadable-answers';

/**
 * What a session asks of its client: it knows of no other link than its own, and the application, which holds it, may
 * want one at any time.
 */
export interface SessionOwner {
  /** The session has no link and wants one soon, to close over it. */
  hurry(session: ConnectedSession): void;
  /** Moves the session from its link to one of another transport. */
  move(session: ConnectedSession, from: ClientLink, endpoint: ConnectEndpoint): Promise<void>;
  /** The session is over, and waits for no link any more. */
  ended(session: ConnectedSession): void;
}

/**
 * A session on a link, and from link to link where it may be resumed. Its packets each have
 * their handler, see {@link SessionMessages}.
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
  readonly ticket$: Observable<string>;
  readonly operations: readonly ResumedOperation[];
  private readonly carrier: SessionCarrier;
  private readonly submissions: Submissions;
  private readonly backlog: Backlog;
  private readonly closing: ClosingHandshake;
  private readonly messages: SessionMessages;
  private readonly unreadable: UnreadableAnswers;
  private phase: SessionConnectivity = 'open';
  /** Says how it ended also to whoever asks later: a session may be over when its opener has it. */
  private readonly phases = new ReplaySubject<SessionConnectivity>(1);
  private readonly pressure: CarriedPressure;
  private ack: SessionOpenAckMetadata;
  private readonly claim: ResumeClaim;
  private endedHow: SessionEnd | undefined;
  /** Whether the server counts its results, and sends again what has not arrived. */
  private isCounted: boolean;

  constructor(
    private readonly owner: SessionOwner,
    settings: ClientSettings,
    private readonly options: SessionOptions,
    accepted: AcceptedOpen,
    link: ClientLink,
    /** Whether it was opened here, or taken up with a ticket. */
    by: 'open' | 'ticket' = 'open',
  ) {
    const { ack, extension } = accepted;
    const { sessionId, sessionStatus } = ack;
    const { scheduler, answerTimeoutMs } = settings;
    if (extension !== undefined) link.announce(extension);
    this.ack = ack;
    this.isCounted = extension !== undefined;
    this.claim = new ResumeClaim(options, accepted);
    if (by === 'ticket') this.phase = 'resumed';
    this.phases.next(this.phase);
    this.state$ = this.phases.asObservable();
    this.pressure = new CarriedPressure(link.transport.pressure$);
    this.pressure$ = this.pressure.pressure$;
    this.carrier = new SessionCarrier(sessionId, link);
    this.submissions = new Submissions(this.carrier, settings, this.claim.isGranted, ack, link.credit);
    this.submissions.heard(extension);
    this.unreadable = new UnreadableAnswers(sessionId, this.submissions);
    const state = sessionStatus === SessionStatus.Resumed ? SessionState.Resumed : SessionState.Open;
    this.closing = new ClosingHandshake(this.carrier, this.submissions, settings, state);
    onEach(this.closing.over$, () => this.end(this.closing.reason, 'closed'));
    const patience = { sessionId, scheduler, answerTimeoutMs };
    this.messages = new SessionMessages(this.closing, this.submissions, this.carrier, patience);
    this.flowUpdates$ = this.messages.flow.received.asObservable();
    this.hints$ = this.messages.hints.asObservable();
    const { maxBufferedBytes = SESSION_DEFAULTS.maxBufferedBytes, slowConsumerMs } = options;
    this.backlog = new Backlog(
      this.carrier,
      this.submissions,
      this.messages.flow,
      { scheduler, maxBufferedBytes, slowConsumerMs },
      holdingOf(extension),
    );
    this.ticket$ = this.claim.tickets(this.carrier, this.messages.results);
    const parts = { submissions: this.submissions, backlog: this.backlog, results: this.messages.results };
    this.operations = by === 'ticket' ? takeUp(extension, link.speech.requests, parts) : [];
  }

  get sessionId(): number {
    return this.ack.sessionId;
  }

  get state(): SessionState {
    return this.closing.state;
  }

  get ended(): SessionEnd | undefined {
    return this.endedHow;
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
      acksAwaited: this.messages.awaited + (this.closing.isAsked ? 1 : 0),
    };
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
    return this.messages.patches.ask(fields, profilePatch);
  }

  async cachePut(fields: Partial<CachePutMetadata>, object: Uint8Array): Promise<CacheAckMetadata> {
    this.requireLink();
    return this.messages.cachePuts.ask(fields, object, this.ack.leaseTtlMs);
  }

  cacheInvalidate(which: CacheInvalidation): void {
    this.requireLink();
    this.messages.cachePuts.invalidate(which);
  }

  async migrate(request: SessionMigrateMetadata): Promise<SessionMigrateAckMetadata> {
    this.requireLink();
    return this.messages.migrations.ask(request);
  }

  async moveTo(endpoint: ConnectEndpoint): Promise<void> {
    return this.owner.move(this, this.requireLink(), takeEndpoint(endpoint));
  }

  async close(fields: Partial<SessionCloseMetadata> = {}): Promise<SessionCloseAckMetadata | undefined> {
    const lastWord = this.closing.close(takeCloseFields(fields));
    if (this.carrier.link === undefined) this.owner.hurry(this);
    return lastWord;
  }

  /** For logs: what it holds besides is endless, and secret in part. */
  toJSON(): Pick<this, 'sessionId' | 'state' | 'usage'> {
    const { sessionId, state, usage } = this;
    return { sessionId, state, usage };
  }

  /** The link that carries it, undefined while none does. */
  get link(): ClientLink | undefined {
    return this.carrier.link;
  }

  /** The highest frame of which a result has arrived, for SESSION_MIGRATE. */
  get lastResultFrameId(): number {
    return this.submissions.lastResultFrameId;
  }

  get reconnectOptions(): ReconnectOptions {
    return this.options.reconnect ?? {};
  }

  get revision(): RevisionName {
    return this.carrier.speech.name;
  }

  /** What the server's policy is shown at each attempt to resume. */
  get auth(): SessionOptions['auth'] {
    return this.options.auth;
  }

  /** Milliseconds that the server keeps the session without its client. */
  get resumeWindowMs(): number {
    return this.ack.resumeWindowMs;
  }

  /** Whether the session can go on over another link. */
  get isResumable(): boolean {
    return this.claim.isGranted && this.closing.isOpen;
  }

  /** Whether the server is to hear of its end, and has not said its last word. */
  get isClosing(): boolean {
    return this.closing.isAsked;
  }

  /** A resume of this session on a link, which `accepted` adopts. */
  resumeRequest(link: ClientLink, auth: Uint8Array, accepted: (answer: AcceptedOpen) => void): OpenRequest {
    const { sessionId, messages, submissions } = this;
    const progress = (): SessionExtension => ({
      receivedResults: messages.results.received,
      wantedOperations: submissions.tellWanted(),
    });
    return this.claim.request(sessionId, link, auth, progress, (answer) => {
      if (this.isOver) {
        // Meanwhile; the server has it there again.
        link.send(this.farewell());
        throw endedBefore(sessionId, 'session-closed');
      }
      accepted(answer);
    });
  }

  /** What is said to a server that may still have the session, where the client gave it up. */
  farewell(): Packet {
    return this.closing.farewell();
  }

  /** Leaves its link, which goes on to live or die without it. */
  detach(): void {
    this.leaveLink();
    this.submissions.detach();
    this.messages.rejectRequests(endedBefore(this.sessionId, 'connection-lost'));
    this.pressure.moveTo(of(true));
    this.become('reconnecting');
  }

  /** Goes on over another link. */
  attach(link: ClientLink, accepted: AcceptedOpen): void {
    const { ack, extension } = accepted;
    this.carrier.attach(link);
    if (extension !== undefined) link.announce(extension);
    this.ack = ack;
    this.isCounted = extension !== undefined;
    this.closing.resumed();
    link.adopt(this);
    this.pressure.moveTo(link.transport.pressure$);
    this.submissions.heard(extension);
    // A server that does not say is taken to have received all: nothing may run twice.
    this.submissions.attach(ack, extension?.lastOperationId ?? this.submissions.lastFrameId, link.credit);
    this.backlog.attached(holdingOf(extension));
    this.claim.renew(accepted);
    this.become('resumed');
    this.closing.tellAgain();
  }

  /** Its link is gone: it waits for the next to where that led, where it may; is over where not. */
  lose(error?: RuntimeError): 'waits' | 'over' {
    if (this.isOver) return 'over';
    if (!this.mayComeBack) {
      // A server that has said it closes the session ends it so, where its time to drain is over first.
      this.end(this.closing.isDraining ? 'session-closed' : 'connection-lost', 'closed');
      return 'over';
    }
    if (this.carrier.link !== undefined) this.detach();
    // Not before: what is submitted in its place is to be sent over the next link.
    if (error?.kind === 'protocol')
      this.unreadable.lost(error, this.messages.results.received, this.isCounted);
    // Nobody could tell what of them has come: an answer with a gap is none, and its end may never come.
    if (!this.isCounted) this.submissions.failAll('connection-lost');
    return this.isOver ? 'over' : 'waits';
  }

  /**
   * Takes a packet of this session, or FLOW_UPDATE of its connection. Throws an `NnrpError` or a `RuntimeError` that
   * says what is wrong.
   */
  receive(packet: Packet): void {
    this.messages.receive(packet);
  }

  noteFaulty(packet: Packet): void {
    this.messages.noteFaulty(packet);
  }

  /** Ends the session at once, and says so where there is a link. */
  leave(): void {
    this.closing.sayFarewell();
    this.end('session-closed', 'closed');
  }

  /** The server does not have the session any more: what it was to be told anyway, where it is closing. */
  expire(error?: unknown): void {
    const how = notResumed(error);
    if (this.isClosing) this.end('session-closed', 'closed');
    else if (how.by === 'taken-over') this.end('taken-over', 'closed', how);
    else this.end('connection-lost', 'expired', how);
  }

  /** Ends the session without a word to the server. */
  end(
    reason: 'session-closed' | 'connection-lost' | 'taken-over',
    phase: 'expired' | 'closed',
    ended: SessionEnd = reason === 'session-closed' ? ENDED_HERE : CONNECTION_LOST,
  ): void {
    if (this.isOver) return;
    this.phase = phase;
    this.endedHow = this.closing.ofServer === undefined ? ended : closedByServer(this.closing.ofServer);
    const error = endedBefore(this.sessionId, reason);
    this.closing.end(reason === 'connection-lost' ? error : undefined);
    this.leaveLink();
    this.submissions.end(reason);
    this.backlog.end();
    this.messages.end(error);
    this.claim.end();
    this.pressure.end();
    this.phases.next(phase);
    this.phases.complete();
    this.owner.ended(this);
  }

  private get isOver(): boolean {
    return this.phase === 'expired' || this.phase === 'closed';
  }

  /** Whether the session goes on over the next link; to be closed there, where the server may not know of it. */
  private get mayComeBack(): boolean {
    const { options, claim, closing } = this;
    if (options.reconnect === undefined || !claim.isGranted || closing.isDraining) return false;
    return closing.isOpen || closing.isAsked;
  }

  private requireLink(): ClientLink {
    if (this.carrier.link !== undefined) return this.carrier.link;
    throw endedBefore(this.sessionId, this.isOver ? 'session-closed' : 'connection-lost');
  }

  private become(phase: 'reconnecting' | 'resumed'): void {
    // Whoever hears of it may have ended it meanwhile.
    if (this.isOver) return;
    this.phase = phase;
    this.phases.next(phase);
  }

  private leaveLink(): void {
    const { link } = this.carrier;
    if (link === undefined) return;
    link.release(this);
    link.reading.release(this.backlog);
    this.carrier.detach();
  }
}

showAsJson('ClientSession', ConnectedSession);
