import { BehaviorSubject, lastValueFrom, type SchedulerLike, type Subscription } from 'rxjs';
import { decodeAs } from '../../protocol/decode-as';
import { unexpectedMessage, type RuntimeError } from '../../protocol/runtime-error';
import type { SessionConnectivity } from '../../protocol/session/session-connectivity';
import { acceptsMessages, acceptsOperations, SessionState } from '../../protocol/session/session-lifecycle';
import { NnrpError } from '../../wire/errors';
import type { MessageOf } from '../../wire/message';
import { MessageType, messageTypeName } from '../../wire/message-type';
import { FrameSubmitMetadata } from '../../wire/messages/frame-submit';
import type { SessionOpenAckMetadata, SessionOpenMetadata } from '../../wire/messages/session-open';
import type { Packet } from '../../wire/packet';
import type { AnsweredOperation, DropCause } from '../../protocol/revision/answers';
import { dialectOf, type Dialect } from '../../protocol/revision/dialect';
import type { Revision } from '../../wire/revision';
import { cacheMiss } from '../error-packet';
import type { SubmitEnd } from './messages';
import type { DetachedShare, DetachedTotals } from '../opening/detached-totals';
import type { LimitTripped } from '../limits/limit-tripped';
import type { HeldTotals } from '../limits/held-totals';
import type { QueuedTotals } from '../limits/queued-totals';
import type { ServerSettings } from '../options';
import { NO_REFERENCES, refersToObjects, SessionCache } from './session-cache';
import { IdleWatch, type IdleWatched } from './idle-watch';
import type { SessionClaim } from './session-claim';
import { SessionClosing, type ClosingSession } from './session-closing';
import { SessionCredit, type CreditedSession } from './session-credit';
import { OperationHolds } from './operation-holds';
import {
  SessionOperations,
  type OperationExcess,
  type OperationsHost,
  type ResultTarget,
} from './submits/session-operations';
import { resultTooLarge } from './results/result-too-large';
import { SessionOutlet, type Attachment } from './results/session-outlet';
import { SessionSender, type SenderHost } from './results/session-sender';
import { SessionRecovery, type RecoveringSession } from './session-recovery';
import { SessionRequests, type RequestsHost } from './session-requests';
import { SessionStreams } from './session-streams';
import { IDLE_ENDING } from './session-endings';
import type { SessionEnding } from './session-terms';
import { ReceivedSubmit } from './submits/submit';
import { SessionControls, type ControlledSession } from './control/session-controls';
import { SubscribersOf } from '../subscribers';

/**
 * Milliseconds after which a client that takes an operation back has had use of it: one that has as many in
 * flight as its credit allows, and changes its mind all the time, is no flood.
 */
const USE_MS = 10;

const { latencyBudgetMs } = FrameSubmitMetadata.read;

/** What a session needs of its server. */
export interface SessionHost {
  readonly settings: ServerSettings;
  readonly scheduler: SchedulerLike;
  /** The application did what this session cannot do for it. */
  failed(error: RuntimeError): void;
  /** What waits for clients that are away, over all sessions. */
  readonly detached: DetachedTotals;
  /** Bytes of submits that wait, over all sessions. */
  readonly queued: QueuedTotals;
  /** Bytes of results that wait because clients hold their operations, over all sessions. */
  readonly held: HeldTotals;
  /** Timers of what outlives its session; they end with the server. */
  readonly lasting: Subscription;
  limitTripped(tripped: LimitTripped): void;
  /** The session is over, and nothing more is sent for it. */
  ended(core: SessionCore, end: SubmitEnd): void;
}

/**
 * A session's engine: judges its packets, keeps its operations, and tells the application. It outlives
 * its connection where it may be resumed.
 *
 *   receive(packet) ─▶ type, lengths, fields ─▶ state ─▶ operations ─▶ streams ─▶ the application
 *   transport ◀─ outlet ◀─ sender ◀─ operations.answer ◀─ the application
 *
 *                connection lost                 window over, or no room to wait
 *   attached ─────────────────────▶ detached ──────────────────────────────────▶ expired
 *      ▲                               │
 *      └──────────── resume ───────────┘        (SESSION_CLOSE ends it from anywhere: closed)
 */
export class SessionCore
  implements
    OperationsHost,
    RequestsHost,
    SenderHost,
    ClosingSession,
    CreditedSession,
    RecoveringSession,
    IdleWatched,
    ControlledSession
{
  readonly streams = new SessionStreams();
  readonly connectivity: BehaviorSubject<SessionConnectivity>;

  readonly outlet: SessionOutlet;
  readonly sender: SessionSender;
  readonly operations: SessionOperations;
  private madeCache: SessionCache | undefined;
  private madeCredit: SessionCredit | undefined;
  private madeRecovery: SessionRecovery | undefined;
  private madeRequests: SessionRequests | undefined;
  private madeClosing: SessionClosing | undefined;
  private madeHolds: OperationHolds<ResultTarget> | undefined;
  private idleWatch: IdleWatch | undefined;
  /** Of the grant; here, as each submit is in want of it. The same holds for the next. */
  readonly sessionId: number;
  readonly isResumable: boolean;
  /** Of the connection that carries it, or of the last one. */
  private spoken: Revision;
  private dialect!: Dialect;
  /** Of what preview4 has and preview3 has not. */
  private controls: SessionControls | undefined;
  /** Milliseconds that an answer may take whose submit does not say; 0 for any. */
  private readonly defaultBudgetMs: number;
  state: SessionState = SessionState.Open;
  /** Whether the client has said that it may ask to hold an operation. */
  understandsHolds = false;
  takesFailures = false;
  /** Bytes of submits that wait, as they are counted over all sessions. */
  private countedBytes = 0;
  /** Kept up where somebody watches for it. */
  private lastHeard: number;
  /** When an operation last ended. */
  private lastWorked = 0;

  constructor(
    readonly host: SessionHost,
    readonly open: SessionOpenMetadata,
    readonly granted: SessionOpenAckMetadata,
    attachment: Attachment,
    readonly claim: SessionClaim,
  ) {
    const { settings, scheduler } = host;
    this.sessionId = granted.sessionId;
    this.isResumable = claim.tokens !== undefined;
    this.spoken = attachment.revision;
    this.defaultBudgetMs = open.defaultDeadlineMs;
    this.connectivity = new BehaviorSubject<SessionConnectivity>('open');
    this.lastHeard = scheduler.now();
    this.outlet = new SessionOutlet(attachment, { outbox: claim.tokens && settings.outbox });
    this.sender = new SessionSender(granted.sessionId, this.outlet, this);
    this.revised(attachment.revision);
    this.operations = new SessionOperations(this, attachment.slots);
    if (settings.idleTimeoutMs > 0) this.idleWatch = new IdleWatch(this, settings.idleTimeoutMs, scheduler);
  }

  get settings(): ServerSettings {
    return this.host.settings;
  }

  get scheduler(): SchedulerLike {
    return this.host.scheduler;
  }

  private get cache(): SessionCache {
    return (this.madeCache ??= new SessionCache(this.sessionId, this.settings, this.scheduler));
  }

  get credit(): SessionCredit {
    return (this.madeCredit ??= new SessionCredit(this));
  }

  get recovery(): SessionRecovery {
    return (this.madeRecovery ??= new SessionRecovery(this));
  }

  private get requests(): SessionRequests {
    return (this.madeRequests ??= new SessionRequests(this));
  }

  private get closing(): SessionClosing {
    return (this.madeClosing ??= new SessionClosing(this));
  }

  get revision(): Revision {
    return this.spoken;
  }

  /** The connection has found out what its peer speaks, before anything that differs was said. */
  revised(revision: Revision): void {
    this.spoken = revision;
    this.dialect = dialectOf(revision);
    this.sender.answers = this.dialect.answers;
    if (this.dialect.hasControls) this.controls ??= new SessionControls(this);
  }

  /** Operations that the client may have in flight, by what it was last told. */
  get allowedOperations(): number {
    return this.madeCredit?.allowed ?? this.granted.grantedOperationCredit;
  }

  get lastActive(): number {
    return this.operations.isIdle ? Math.max(this.lastHeard, this.lastWorked) : Infinity;
  }

  get cacheObjectCount(): number {
    return this.madeCache?.objectCount ?? 0;
  }

  /**
   * Takes a packet of this session, that came at `now`. Throws an `NnrpError` or a `RuntimeError` that says
   * what is wrong.
   */
  receive(packet: Packet, now: number): void {
    if (!acceptsMessages(this.state)) throw this.notOpen();
    this.heard(now);
    switch (packet.header.messageType) {
      case MessageType.FrameSubmit:
        this.onSubmit(packet, now);
        return;
      case MessageType.FrameCancel:
        this.cancel(decodeAs(packet, MessageType.FrameCancel, 'server', this.revision), now);
        return;
      case MessageType.SessionPatch:
        this.requests.patch(decodeAs(packet, MessageType.SessionPatch, 'server', this.revision));
        return;
      case MessageType.SessionMigrate:
        this.requests.migrate(decodeAs(packet, MessageType.SessionMigrate, 'server', this.revision));
        return;
      case MessageType.SessionClose:
        this.closing.onClose(decodeAs(packet, MessageType.SessionClose, 'server', this.revision));
        return;
      case MessageType.SessionCloseAck:
        this.closing.onCloseAck(decodeAs(packet, MessageType.SessionCloseAck, 'server', this.revision));
        return;
      case MessageType.CachePut:
        this.onCachePut(decodeAs(packet, MessageType.CachePut, 'server', this.revision));
        return;
      case MessageType.CacheInvalidate:
        this.onCacheInvalidate(decodeAs(packet, MessageType.CacheInvalidate, 'server', this.revision));
        return;
      case MessageType.FlowUpdate:
        if (!this.understandsHolds) break;
        this.madeHolds ??= new OperationHolds(this.operations, this.sender);
        this.madeHolds.receive(decodeAs(packet, MessageType.FlowUpdate, 'server', this.revision));
        return;
      default:
        if (this.controls?.receive(packet, this.revision, now) === true) return;
    }
    throw unexpectedMessage(`server received unexpected ${messageTypeName(packet.header.messageType)}`);
  }

  /** The client has said something, to this session or about it. */
  heard(now: number): void {
    if (this.idleWatch !== undefined) this.lastHeard = now;
    if (this.madeRecovery?.confirms() === true) this.claim.confirm();
  }

  /** The connection is gone. The session waits for its client where it may, and is over where not. */
  connectionLost(attachment: Attachment): void {
    if (this.outlet.current !== attachment) return;
    if (this.isResumable && acceptsOperations(this.state)) this.recovery.wait();
    else this.end('disconnected', 'closed');
  }

  /** Leaves the connection that carries it, if one does: another has taken the session over. */
  leave(): void {
    this.outlet.current?.released(this);
    this.detach();
  }

  /** No connection carries the session; its results count for `share`. */
  detach(share?: DetachedShare): void {
    this.operations.moveTo(undefined);
    this.outlet.detach(share);
    this.madeRequests?.forget();
  }

  /** Another connection carries the session; its client lacks the results after so many. */
  attach(attachment: Attachment, receivedResults: number | undefined): void {
    this.state = SessionState.Resumed;
    this.lastHeard = this.host.scheduler.now();
    this.madeCredit?.renewed();
    this.operations.moveTo(attachment.slots);
    for (const frameId of this.outlet.attach(attachment, receivedResults)) this.answerRefused(frameId);
    if (!this.understandsHolds) this.operations.releaseAll(this.sender);
  }

  /** Ends the session from this side, operations in flight drained or aborted; resolves when it is over. */
  async close(ending: SessionEnding): Promise<void> {
    const over = lastValueFrom(this.connectivity, { defaultValue: undefined });
    this.closing.close(ending);
    await over;
  }

  /** Ends the session without another word. */
  end(end: Exclude<SubmitEnd, 'completed'>, connectivity: 'expired' | 'closed'): void {
    if (this.state === SessionState.Closed) return;
    this.state = SessionState.Closed;
    this.madeClosing?.end();
    this.idleWatch?.unsubscribe();
    this.claim.end();
    this.madeRequests?.end();
    this.madeRecovery?.end();
    this.outlet.current?.released(this);
    this.operations.endAll(end, { tell: false });
    this.noteQueued();
    this.outlet.close();
    this.streams.complete();
    this.connectivity.next(connectivity);
    this.connectivity.complete();
    this.host.ended(this, end);
  }

  /** Whether anybody listens for submits. */
  isReady(): boolean {
    return this.streams.isWatched('submits');
  }

  /** Hands the application a submit. */
  deliver(submit: ReceivedSubmit): void {
    this.noteQueued();
    this.streams.emit('submits', submit);
  }

  /** A subscriber of a submit's streams has thrown. */
  subscriberFailed({ frameId }: ReceivedSubmit, cause: unknown): void {
    const stream = `operation ${frameId} of session ${this.sessionId}`;
    new SubscribersOf(stream, this.host, 'operation').failed(cause);
  }

  answerRefused(frameId: number): void {
    this.operations.endRefused(frameId);
    this.host.failed(resultTooLarge(this.sessionId, frameId));
  }

  tripped(excess: OperationExcess): void {
    this.host.limitTripped({ ...excess, peer: this.outlet.peer, sessionId: this.sessionId });
  }

  /** Tells the client of an operation that gets no answer. */
  sendDrop(operation: AnsweredOperation, cause: DropCause): void {
    this.sender.dropBecause(operation, cause);
  }

  get tellsCancelled(): boolean {
    return this.sender.answers.tellsCancelled;
  }

  /** Ends what waits for a slot: it never will start. */
  endQueued(): void {
    this.operations.endQueued('closed');
    this.noteQueued();
  }

  /** An operation has ended, whichever way. */
  operationEnded(): void {
    this.noteQueued();
    if (this.idleWatch !== undefined) this.lastWorked = this.host.scheduler.now();
    if (this.madeClosing?.isDraining === true) {
      this.madeClosing.operationEnded();
    } else if (this.madeCredit?.isStopped === true && this.operations.queuedCount === 0) {
      this.madeCredit.restore();
    }
  }

  /** Nothing more can be kept for a client that is away: rather than leave a gap, the session ends. */
  overflowed(): void {
    // Later: whoever made the result that did not fit is still at it.
    this.recovery.expireSoon();
  }

  /** Nobody has used the session for too long. */
  fellIdle(): void {
    this.closing.close(IDLE_ENDING);
  }

  private onSubmit(packet: Packet, now: number): void {
    const { metadata, body } = packet;
    const record = this.dialect.submit;
    record.check(metadata);
    if (!acceptsOperations(this.state)) {
      if (this.madeClosing?.isOwn !== true) throw this.notOpen();
      this.madeClosing.submitCrossed(packet.header.frameId);
      return;
    }
    const resolved = refersToObjects(metadata)
      ? this.cache.resolve(record.decode(metadata), body)
      : NO_REFERENCES;
    if (resolved.kind === 'miss') {
      this.operations.noteRefused(packet.header.frameId);
      this.sender.refusal(cacheMiss(packet.header, resolved.code));
      this.outlet.current?.refused(this.sessionId);
      return;
    }
    const budget = latencyBudgetMs(metadata) || this.defaultBudgetMs;
    const deadline = budget === 0 ? Infinity : now + budget;
    const submit = new ReceivedSubmit(
      packet,
      { record, objects: resolved.objects, arrivedAt: now, deadline },
      this.operations,
    );
    this.controls?.checkName(submit);
    const outcome = this.operations.submit(submit);
    this.controls?.named(submit);
    if (outcome === 'admitted') {
      if (this.operations.queuedCount === 0) return;
      this.noteQueued();
      this.outlet.current?.submitQueued();
      return;
    }
    // No slot and no room to wait: the client did not keep to its credit.
    this.credit.stop();
    this.outlet.current?.refused(this.sessionId);
  }

  /** The client takes an operation back, at `now`. */
  cancel(cancel: MessageOf<typeof MessageType.FrameCancel>, now: number): void {
    const { cancelScope } = this.host.settings;
    const isUse = now - this.operations.arrivalOf(cancel.frameId) >= USE_MS;
    // Nothing where the cancel crossed with the operation's last result: that is no fault of anybody.
    const cancelled = this.operations.cancel(cancel.frameId, cancelScope, 'client');
    if (cancelled.length > 0) this.streams.emit('cancels', cancel);
    if (!isUse) this.outlet.current?.cancelledEarly(this.sessionId);
  }

  private onCachePut(message: MessageOf<typeof MessageType.CachePut>): void {
    this.sender.cacheAck(this.cache.put(message));
    this.streams.emit('messages', message);
  }

  private onCacheInvalidate(message: MessageOf<typeof MessageType.CacheInvalidate>): void {
    this.cache.invalidate(message);
    this.streams.emit('messages', message);
  }

  /** What waits at all sessions follows what waits at this one. */
  private noteQueued(): void {
    const by = this.operations.queuedBytes - this.countedBytes;
    if (by === 0) return;
    this.countedBytes += by;
    this.host.queued.change(by);
  }

  private notOpen(): NnrpError {
    return new NnrpError({ kind: 'SessionNotOpen', sessionId: this.sessionId });
  }
}
