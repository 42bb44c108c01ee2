import type { Observable } from 'rxjs';
import type { Capabilities } from '../../protocol/capability/capabilities';
import type { CacheReference } from '../../protocol/revision/cache-reference';
import type { RuntimeError } from '../../protocol/runtime-error';
import type { SessionConnectivity } from '../../protocol/session/session-connectivity';
import { SessionState } from '../../protocol/session/session-lifecycle';
import type { ConnectEndpoint } from '../../transport/endpoint';
import type { RevisionName } from '../../wire/message';
import type { CacheAckMetadata, CachePutMetadata } from '../../wire/messages/cache';
import type { SessionCloseAckMetadata, SessionCloseMetadata } from '../../wire/messages/session-close';
import type { SessionMigrateAckMetadata, SessionMigrateMetadata } from '../../wire/messages/session-migrate';
import { SessionStatus, type SessionOpenAckMetadata } from '../../wire/messages/session-open';
import type { SessionPatchMetadata } from '../../wire/messages/session-patch';
import { EMPTY, type Packet } from '../../wire/packet';
import { showAsJson } from '../../wire/show-as-json';
import type { SessionEnd } from '../errors';
import type { ClientLink, LinkedSession } from '../link/link';
import type { OpenRequest } from '../link/open-queue';
import { onEach } from '../../transport/on-each';
import { takeCacheReference, takeCloseFields, takeEndpoint, takeOffer } from '../option-rules';
import { SESSION_DEFAULTS, type ClientSettings, type SessionOptions } from '../options';
import { Backlog } from '../submissions/results/backlog';
import { SubmittedResults, type ResultStream } from '../submissions/results/result-stream';
import type { SubmitRequest } from '../submissions/submission';
import type { Credit } from '../submissions/credit';
import { Submissions } from '../submissions/submissions';
import type { ClientSessionUsage } from '../usage';
import { ClosingHandshake } from './messages/close';
import { Connectivity } from './connectivity';
import { SessionGrant, type SessionProgress } from './grant';
import type { AcceptedOpen } from './open';
import { SessionMessages } from './messages/receive';
import { takeUp, type ResumedOperation } from './resumed-operation';
import { closedByServer, CONNECTION_LOST, ENDED_HERE, notResumed, endedBefore } from './session-end';
import type { CacheInvalidation, ClientSession, PatchAck } from './session';
import { SessionCarrier } from './session-carrier';
import type { SessionOwner } from './session-owner';
import { UnreadableAnswers } from './unreadable-answers';

/**
 * A session on a link, and from link to link where it may be resumed or opened anew. Its packets each have
 * their handler, see {@link SessionMessages}.
 *
 *          link lost, `reconnect` given                  refused for good, or the time is over
 *   open ──────────────────────────────▶ reconnecting ──────────────────────────────────────▶ expired
 *                                        │      ▲
 *      taken up, or another in its place ▼      │ link lost, or the server shuts down
 *                              resumed, reopened            (a close ends it from anywhere: closed)
 */
export class ConnectedSession implements ClientSession, LinkedSession {
  readonly flowUpdates$: ClientSession['flowUpdates$'];
  readonly hints$: ClientSession['hints$'];
  readonly cacheMisses$: ClientSession['cacheMisses$'];
  readonly traces$: ClientSession['traces$'];
  readonly state$: Observable<SessionConnectivity>;
  readonly pressure$: Observable<boolean>;
  readonly ticket$: Observable<string>;
  readonly operations: readonly ResumedOperation[];
  readonly objects: ClientSession['objects'];
  readonly carrier: SessionCarrier;
  private readonly submissions: Submissions;
  private readonly backlog: Backlog;
  private readonly closing: ClosingHandshake;
  readonly messages: SessionMessages;
  private readonly unreadable: UnreadableAnswers;
  private readonly connectivity: Connectivity;
  private readonly grant: SessionGrant;

  constructor(
    private readonly owner: SessionOwner<ConnectedSession>,
    settings: ClientSettings,
    /** What is asked for at each attempt to resume, and of a session in its place. */
    readonly options: SessionOptions,
    accepted: AcceptedOpen,
    link: ClientLink,
    /** Whether it was opened here, or taken up with a ticket. */
    by: 'open' | 'ticket' = 'open',
  ) {
    const { ack, extension } = accepted;
    const { sessionId, sessionStatus } = ack;
    const { scheduler, answerTimeoutMs } = settings;
    if (extension !== undefined) link.announce(extension);
    this.grant = new SessionGrant(options, accepted);
    this.connectivity = new Connectivity(link.transport.pressure$);
    if (by === 'ticket') this.connectivity.become('resumed');
    this.state$ = this.connectivity.state$;
    this.pressure$ = this.connectivity.pressure$;
    this.carrier = new SessionCarrier(sessionId, link);
    this.submissions = new Submissions(this.carrier, settings, this.grant, link.credit);
    this.submissions.heard(extension);
    this.unreadable = new UnreadableAnswers(this.carrier, this.submissions);
    const state = sessionStatus === SessionStatus.Resumed ? SessionState.Resumed : SessionState.Open;
    const reopens = options.reconnect !== undefined && options.reconnect.reopen !== false;
    this.closing = new ClosingHandshake(this.carrier, this.submissions, { ...settings, reopens }, state);
    onEach(this.closing.over$, () => this.onClosed());
    const patience = { session: this.carrier, scheduler, answerTimeoutMs };
    this.messages = new SessionMessages(this.closing, this.submissions, this.carrier, patience);
    onEach(this.messages.authRunOut, () => owner.showAnew(this));
    this.flowUpdates$ = this.messages.flow.received.asObservable();
    this.hints$ = this.messages.hints.asObservable();
    this.cacheMisses$ = this.messages.cachePuts.misses.asObservable();
    this.traces$ = this.messages.traces.asObservable();
    this.objects = options.objects?.(this as never, scheduler);
    const { maxBufferedBytes = SESSION_DEFAULTS.maxBufferedBytes, slowConsumerMs } = options;
    this.backlog = new Backlog(
      this.carrier,
      this.submissions,
      this.messages.flow,
      { scheduler, maxBufferedBytes, slowConsumerMs },
      this.messages.flow.heard(extension),
    );
    this.ticket$ = this.grant.tickets(this.carrier, this.messages.results);
    const parts = { submissions: this.submissions, backlog: this.backlog, results: this.messages.results };
    this.operations = by === 'ticket' ? takeUp(extension, link.speech.requests, parts) : [];
  }

  get sessionId(): number {
    return this.carrier.sessionId;
  }

  get state(): SessionState {
    return this.closing.state;
  }

  get ended(): SessionEnd | undefined {
    return this.carrier.ended;
  }

  get granted(): SessionOpenAckMetadata {
    return this.grant.ack;
  }

  get usage(): ClientSessionUsage {
    const { inFlight, waiting } = this.submissions.credit.now();
    return {
      operationsInFlight: inFlight,
      operationsWaiting: waiting,
      bufferedBytes: this.backlog.byteLength,
      acksAwaited: this.messages.awaited + (this.closing.isAsked ? 1 : 0),
    };
  }

  get credit$(): Observable<Credit> {
    return this.submissions.credit.credit$;
  }

  submit(request: SubmitRequest): ResultStream {
    return new SubmittedResults(request, this.submissions, this.backlog);
  }

  cancel(frameId: number): void {
    this.submissions.cancel(frameId);
  }

  async patch(fields: Partial<SessionPatchMetadata>, profilePatch = EMPTY): Promise<PatchAck> {
    return this.messages.patches.ask(fields, profilePatch);
  }

  async cachePut(fields: Partial<CachePutMetadata>, object: Uint8Array): Promise<CacheAckMetadata> {
    return this.messages.cachePuts.ask(fields, object, this.grant.ack.leaseTtlMs);
  }

  cacheInvalidate(which: CacheInvalidation): void {
    this.messages.cachePuts.invalidate(which);
  }

  cacheReference(reference: CacheReference, metadata = EMPTY): void {
    this.messages.cachePuts.refer(takeCacheReference(reference), metadata);
  }

  async negotiate(offer: Capabilities): Promise<Capabilities> {
    return this.messages.negotiations.ask(takeOffer(offer));
  }

  async migrate(request: SessionMigrateMetadata): Promise<SessionMigrateAckMetadata> {
    return this.messages.migrations.ask(request);
  }

  async moveTo(endpoint: ConnectEndpoint): Promise<void> {
    return this.owner.move(this, this.carrier.requireLink(), takeEndpoint(endpoint));
  }

  async close(fields: Partial<SessionCloseMetadata> = {}): Promise<SessionCloseAckMetadata | undefined> {
    const lastWord = this.closing.close(takeCloseFields(fields));
    if (this.carrier.link === undefined) {
      if (this.isKept) this.owner.hurry(this);
      else this.leave();
    }
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

  get revision(): RevisionName {
    return this.carrier.speech.name;
  }

  /** Milliseconds that the server keeps the session without its client. */
  get resumeWindowMs(): number {
    return this.grant.ack.resumeWindowMs;
  }

  /** Whether the server may have the session yet, and gives it back. */
  get isKept(): boolean {
    return this.grant.isResumable;
  }

  /** Whether a link that has taken a packet has not given it to the session's server yet. */
  get isRelayed(): boolean {
    return this.grant.isRelayed;
  }

  /** Whether the session can be taken up over another link. */
  get isResumable(): boolean {
    return this.isKept && this.closing.isOpen;
  }

  /** Whether another is opened in its place where the server has it no more. */
  get reopens(): boolean {
    return this.closing.mayReopen;
  }

  /** Whether the server is to hear of its end, and has not said its last word. */
  get isClosing(): boolean {
    return this.closing.isAsked;
  }

  /** Asks for this session over a link, or for another in its place, which `accepted` adopts. */
  openRequest(link: ClientLink, auth: Uint8Array, accepted: (answer: AcceptedOpen) => void): OpenRequest {
    const { grant, sessionId } = this;
    const accept = (answer: AcceptedOpen): void => {
      if (this.connectivity.isOver) {
        // Meanwhile; the server has it there again.
        link.send(this.farewell(answer.ack.sessionId));
        throw endedBefore(sessionId, 'session-closed');
      }
      accepted(answer);
    };
    if (!this.isKept) return grant.anew(link, auth, accept);
    const progress = (): SessionProgress => ({
      receivedResults: this.messages.results.received,
      wantedOperations: this.submissions.told.tell(),
      receivedParts: this.submissions.told.parts(),
      lastOperationId: this.submissions.lastFrameId,
    });
    return grant.resume(sessionId, link, auth, progress, accept);
  }

  /** What is said to a server that may still have the session, where the client gave it up. */
  farewell(sessionId = this.sessionId): Packet {
    return this.closing.farewell(sessionId);
  }

  /** Leaves its link, which goes on to live or die without it. */
  detach(): void {
    this.leaveLink();
    this.closing.stopDraining();
    this.submissions.detach();
    this.messages.rejectRequests(this.carrier.withoutLink());
    this.connectivity.lost();
  }

  /** Goes on over another link, as it was or as another one. */
  attach(link: ClientLink, accepted: AcceptedOpen): void {
    const { ack, extension } = accepted;
    const isAnew = !this.isKept;
    this.carrier.attach(link, ack.sessionId);
    if (extension !== undefined) link.announce(extension);
    this.grant.accepted(accepted);
    this.closing.attached(isAnew ? SessionState.Open : SessionState.Resumed);
    if (isAnew) this.messages.begin();
    link.adopt(this);
    this.connectivity.carriedUnder(link.transport.pressure$);
    this.submissions.heard(extension);
    // A server that does not say is taken to have received all: nothing may run twice.
    const receivedId = isAnew ? undefined : extension?.lastOperationId;
    this.submissions.attach(receivedId ?? this.submissions.lastFrameId, link.credit);
    this.backlog.attached(this.messages.flow.heard(extension));
    this.grant.renewed();
    this.connectivity.become(isAnew ? 'reopened' : 'resumed');
    this.closing.tellAgain();
  }

  /**
   * The server has the session no more, and another is to be opened in its place: what was in flight is of an outcome
   * that nobody knows, what waits goes on waiting.
   */
  forget(): void {
    this.grant.forget();
    this.closing.stopDraining();
    this.submissions.forget(this.closing.ofServer === undefined ? 'connection-lost' : 'session-closed');
  }

  /** Its link is gone: it waits for the next to where that led, where it may; is over where not. */
  lose(error?: RuntimeError): 'waits' | 'over' {
    if (this.connectivity.isOver) return 'over';
    const { mayComeBack } = this;
    if (!mayComeBack && !this.reopens) {
      // A server that has said it closes the session ends it so, where its time to drain is over first.
      this.end(this.closing.isDraining ? 'session-closed' : 'connection-lost', 'closed');
      return 'over';
    }
    if (this.carrier.link !== undefined) this.detach();
    // Not before: what is submitted in its place is to be sent over the next link.
    if (!mayComeBack) this.forget();
    else if (error?.kind === 'protocol')
      this.unreadable.lost(error, this.messages.results.received, this.grant.isCounted);
    // Nobody could tell what of them has come: an answer with a gap is none, and its end may never come.
    if (!this.grant.isCounted) this.submissions.failAll('connection-lost');
    return this.connectivity.isOver ? 'over' : 'waits';
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
    if (this.connectivity.isOver) return;
    this.connectivity.end(phase);
    const { ofServer } = this.closing;
    this.carrier.ended = ofServer === undefined ? ended : closedByServer(ofServer);
    const error = endedBefore(this.sessionId, reason, this.ended);
    this.closing.end(reason === 'connection-lost' ? error : undefined);
    this.leaveLink();
    this.submissions.end(reason, this.ended);
    this.backlog.end();
    this.messages.end(error);
    this.grant.end();
    this.connectivity.tellEnd();
    this.owner.ended(this);
  }

  /** Whether the session goes on over the next link; to be closed there, where the server may not know of it. */
  private get mayComeBack(): boolean {
    return this.options.reconnect !== undefined && this.isKept && this.closing.goesOn;
  }

  /** Closing has come to its end, whoever asked for it. */
  private onClosed(): void {
    const { link } = this.carrier;
    if (!this.reopens || link === undefined) {
      this.end(this.closing.reason, 'closed');
      return;
    }
    this.detach();
    this.forget();
    if (!this.connectivity.isOver) this.owner.dismissed(this, link);
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
