import { Subscription } from 'rxjs';
import type { CreditEpoch } from '../../protocol/flow/credit-epoch';
import { CancelScope } from '../../protocol/operation/operation';
import { dialectOf, type Dialect } from '../../protocol/revision/dialect';
import type { SessionExtension } from '../../protocol/session/session-extension';
import { acceptsOperations, SessionState } from '../../protocol/session/session-lifecycle';
import { onEach } from '../../transport/on-each';
import { scheduleAwake } from '../../transport/time/awake';
import { scheduleIn } from '../../transport/time/schedule-in';
import { CloseReason } from '../../wire/messages/session-close';
import type { SessionOpenAckMetadata, SessionOpenMetadata } from '../../wire/messages/session-open';
import { showAsJson } from '../../wire/show-as-json';
import type { Revision } from '../../wire/revision';
import type { LostOperations } from '../log/lost-operations';
import { DetachedShare } from '../opening/detached-totals';
import type { ServerContext } from '../server-context';
import type { AckQueue } from './ack-queue';
import { Connectivity } from './connectivity';
import { handOver, resultsOf, type HandOver } from './results/hand-over';
import { ProgressSender } from './results/progress-sender';
import { retainedOf } from './results/retained-answers';
import type { Attachment } from './results/attachment';
import { SessionOutlet } from './results/session-outlet';
import { SessionSender } from './results/session-sender';
import type { SessionClaim } from './session-claim';
import { SessionCredit } from './session-credit';
import type { SubmitEnd } from './session-message';
import { SessionStores } from './session-stores';
import { SessionStreams } from './session-streams';
import { TAKEN_OVER_ENDING, type ClosePhase, type SessionEnding } from './session-terms';
import { OperationHolds } from './submits/admission/operation-holds';
import { OperationNames } from './submits/operation-names';
import { OperationSchedule } from './submits/admission/operation-schedule';
import { SessionOperations } from './submits/session-operations';

/**
 * A session: its parts, and what carries it. It outlives its connection where it may be resumed. What it does about
 * each message is in the file of that message, see `messages/receive.ts`.
 *
 *                connection lost                 window over, or no room to wait
 *   attached ─────────────────────▶ detached ──────────────────────────────────▶ expired
 *      ▲                               │
 *      └──────────── resume ───────────┘        (SESSION_CLOSE ends it from anywhere: closed)
 */
export class SessionCore {
  readonly sessionId: number;
  readonly isResumable: boolean;
  /** Of the connection that carries it, or of the last one. */
  revision!: Revision;
  dialect!: Dialect;
  /** Those that a client of preview4 gives its operations. */
  names: OperationNames | undefined;
  readonly connectivity = new Connectivity();
  readonly streams = new SessionStreams();
  readonly outlet: SessionOutlet;
  readonly sender: SessionSender;
  readonly credit: SessionCredit;
  readonly operations: SessionOperations;
  /** What it had at a node that is gone; undefined where it began here. */
  lost: LostOperations | undefined;
  madeHolds: OperationHolds | undefined;
  madeSchedule: OperationSchedule | undefined;
  private madeProgress: ProgressSender | undefined;
  /** Made with the first request, as are the others. */
  patchAcks: AckQueue | undefined;
  migrateAcks: AckQueue | undefined;
  /** Of what the client holds; made when it first does. */
  holdEpoch: CreditEpoch | undefined;
  state: SessionState = SessionState.Open;
  /** Whether the client understands that another has taken the session over. */
  knowsTickets = false;
  /** Whether the client takes the session up by itself where its connection is lost. */
  comesBack = false;
  /** Whether the client shows its auth anew where it is asked to. */
  private renewsAuth = false;
  /** Whether it is asked to, and has not yet: it comes back over the connection that it has. */
  comesBackHere = false;
  /** Whether the client has said that it may ask to hold an operation. */
  understandsHolds = false;
  phase: ClosePhase = 'open';
  /** How this side has asked the session to end. */
  asked: SessionEnding | undefined;
  /** Submits that came after that. */
  crossed = 0;
  /** SESSION_CLOSE_ACKs that may come yet once it has left: a client says that it drains, and that it has closed. */
  lateAcks = 1;
  /** Whether the server closes: the end of the session waits for a client that is away, see `shut-down.ts`. */
  isShutDown = false;
  /** Waits to tell that nobody takes its submits, or has told it. */
  unserved: Subscription | undefined;
  madeStores: SessionStores | undefined;
  /** Ends with the session; made with the first of them. */
  private owned: Subscription | undefined;
  /** What brings about the end that this side has asked for. */
  private ending: Subscription | undefined;
  private expiry = Subscription.EMPTY;
  /** Whether the client has come back, and was not heard since. */
  private isUnconfirmed = false;
  /** Of the client, to resume the session. */
  private lastAttempt = 0;
  private lastHeard: number;
  private readonly watchesIdle: boolean;

  constructor(
    readonly server: ServerContext,
    readonly open: SessionOpenMetadata,
    readonly granted: SessionOpenAckMetadata,
    attachment: Attachment,
    readonly claim: SessionClaim,
    /** What the client has said that it understands. */
    extension: SessionExtension | undefined,
  ) {
    const { settings, scheduler } = server;
    this.sessionId = granted.sessionId;
    this.isResumable = claim.tokens !== undefined;
    this.watchesIdle = settings.idleTimeoutMs > 0;
    this.lastHeard = this.watchesIdle ? scheduler.now() : 0;
    const outbox = claim.tokens && settings.outbox;
    this.outlet = new SessionOutlet(attachment, { outbox, retained: retainedOf(this, attachment) });
    this.sender = new SessionSender(this.sessionId, this.outlet, settings.limits);
    this.revised(attachment.revision);
    this.understands(extension);
    this.credit = new SessionCredit(granted.grantedOperationCredit, this.outlet, this.sender);
    this.operations = new SessionOperations(this, attachment.slots);
  }

  get isRelayed(): false {
    return false;
  }

  /** What its client has cached, and shares with it; most have nothing. */
  get stores(): SessionStores {
    return (this.madeStores ??= new SessionStores(this));
  }

  /** Of operations that the client holds; most never hold any. */
  get holds(): OperationHolds {
    return (this.madeHolds ??= new OperationHolds(this, this.operations));
  }

  /** Of operations whose client says when, and in what order; most say nothing. */
  get schedule(): OperationSchedule {
    return (this.madeSchedule ??= new OperationSchedule(this, this.operations));
  }

  /** Of operations whose handler says how far it is, where that can be said. */
  get progress(): ProgressSender | undefined {
    return this.names && (this.madeProgress ??= new ProgressSender(this.sessionId, this.outlet));
  }

  /** When the session last did something, in milliseconds; Infinity while it is at it. */
  get lastActive(): number {
    return this.operations.isIdle ? Math.max(this.lastHeard, this.operations.lastEnded) : Infinity;
  }

  /** The connection has found out what its peer speaks, before anything that differs was said. */
  revised(revision: Revision): void {
    this.revision = revision;
    this.dialect = dialectOf(revision);
    this.sender.answers = this.dialect.answers;
    this.outlet.log?.rewritten();
    this.names = this.dialect.hasControls ? (this.names ?? new OperationNames()) : undefined;
    if (this.names === undefined) this.madeStores?.unshared();
  }

  /** The client has said something, to this session or about it. */
  heard(now: number): void {
    if (this.watchesIdle) this.lastHeard = now;
    if (!this.isUnconfirmed) return;
    // It has the token of the ack.
    this.isUnconfirmed = false;
    if (this.claim.confirm()) this.outlet.log?.tokensChanged();
  }

  /** Does some work in so many milliseconds, unless the session is over by then. */
  later(ms: number, work: () => void): Subscription {
    return this.own(scheduleIn(this.server.scheduler, ms, work));
  }

  /** What ends with the session. */
  own(work: Subscription): Subscription {
    if (this.phase === 'over') work.unsubscribe();
    else (this.owned ??= new Subscription()).add(work);
    return work;
  }

  /** What is undone where the end of the session has to wait for a client that is away. */
  ownEnding(work: Subscription): void {
    (this.ending ??= new Subscription()).add(work);
  }

  /** The connection is gone. The session waits for its client where it may, and is over where not. */
  connectionLost(attachment: Attachment): void {
    if (this.outlet.current !== attachment) return;
    if (this.mayComeBack) this.wait();
    else this.end('disconnected', 'closed');
  }

  /**
   * What the policy has accepted has run out: the session waits for its client to show something newer, as it does for one
   * that is away. False where the client cannot.
   */
  awaitAuth(): boolean {
    const { current } = this.outlet;
    if (!this.renewsAuth || !this.mayComeBack) return false;
    // One that is away has to show it anyway.
    if (current === undefined) return true;
    this.comesBackHere = true;
    this.outlet.send(this.sender.authRunOut());
    this.outlet.leave(this);
    this.wait();
    return true;
  }

  /** How many results there have been: of these a client can prove the receipt. */
  get sentResults(): number {
    return this.outlet.sentResults;
  }

  /** The client has received so many of the results. */
  proved(count: number, now: number): void {
    this.heard(now);
    this.outlet.acknowledge(count);
  }

  /** Leaves the connection that carries it, if one does: its client has another, or another client the session. */
  leave(to: 'client' | 'ticket'): void {
    if (to === 'ticket' && this.knowsTickets) this.outlet.send(this.sender.closePacket(TAKEN_OVER_ENDING, 0));
    this.outlet.leave(this);
    this.detach();
  }

  /**
   * Whether a client that has received so many results can take the session up without a gap. An attempt
   * that is older than one which came before it is nobody's any more: its client has made another since.
   */
  canResume(receivedResults: number | undefined, attempt = Infinity): boolean {
    return this.mayComeBack && attempt > this.lastAttempt && this.outlet.canResume(receivedResults);
  }

  /** What a client is given that comes with a ticket; undefined where that would leave a gap. */
  handOver(receivedResults = 0): HandOver | undefined {
    return this.mayComeBack ? handOver(this, receivedResults) : undefined;
  }

  /** Whether it ends for no reason but the server's close. */
  get isPutOff(): boolean {
    const isAsked = this.phase === 'asked' || this.phase === 'drains';
    return isAsked && this.isShutDown && this.asked?.closeReason === CloseReason.ServerShutdown;
  }

  /** Whether the client may take it up over another connection. */
  private get mayComeBack(): boolean {
    return this.isResumable && (acceptsOperations(this.state) || this.isPutOff);
  }

  /** Goes on over another connection, with what the client says of itself; with another client, where it is handed over. */
  resume(attachment: Attachment, extension: SessionExtension | undefined, given?: HandOver): void {
    const { operations, outlet } = this;
    this.expiry.unsubscribe();
    this.isUnconfirmed = true;
    this.comesBackHere = false;
    this.lastAttempt = given === undefined ? (extension?.resumeAttempt ?? this.lastAttempt) : 0;
    this.understands(extension);
    // A client of the reference keeps nothing of a session but its token; another client has said nothing yet.
    if (extension === undefined && this.names !== undefined) this.names.mayStartAnew = true;
    this.madeSchedule?.cameBack();
    if (extension === undefined || given !== undefined) {
      this.madeSchedule?.forget();
      this.sender.agreed = undefined;
    }
    this.state = SessionState.Resumed;
    if (this.watchesIdle) this.lastHeard = this.server.scheduler.now();
    this.credit.renewed();
    operations.admission.moveTo(attachment.slots);
    const refused =
      given === undefined
        ? outlet.attach(attachment, extension?.receivedResults)
        : outlet.attachAnew(attachment, resultsOf(given));
    for (const each of refused) operations.refused(each);
    // Another client holds nothing yet.
    if (!this.understandsHolds || given !== undefined) this.holds.releaseAll();
    if (!this.sender.takesTools || given !== undefined) operations.endCalls();
    const wanted = given === undefined ? extension?.wantedOperations : undefined;
    if (wanted !== undefined) this.cancelUnwanted(new Set(wanted));
    this.madeStores?.attached();
    this.connectivity.become('resumed');
  }

  /** It is had elsewhere: its handlers stop, and a client that has not noticed is to come back for it. */
  superseded(): void {
    this.outlet.lose();
    this.end('disconnected', 'closed');
  }

  /** More waits than may before it can be said: the client is to come back for it, once who has made it is done. */
  cut(): void {
    this.later(0, () => {
      const { current } = this.outlet;
      if (current === undefined) return;
      this.outlet.spare();
      current.transport.destroy();
      current.released(this);
      this.connectionLost(current);
    });
  }

  /** Ends the session without another word. */
  end(end: Exclude<SubmitEnd, 'completed'>, connectivity: 'expired' | 'closed'): void {
    if (this.phase === 'over') return;
    const { server, granted } = this;
    const { resume, resumeWindowMs } = server.settings;
    this.phase = 'over';
    this.outlet.log?.over();
    this.state = SessionState.Closed;
    this.owned?.unsubscribe();
    this.expiry.unsubscribe();
    this.claim.end();
    this.outlet.leave(this);
    this.madeStores?.ended();
    this.operations.endAll(end, { tell: false });
    this.outlet.close();
    this.streams.complete();
    this.connectivity.become(connectivity);
    const isNamed = resume === 'by-id' && granted.resumeTokenBytes > 0;
    if (isNamed && end === 'disconnected') server.registry.park(this, resumeWindowMs, server.scheduler);
    else server.registry.delete(this);
  }

  /** For logs: what it holds besides is endless, and secret in part. */
  toJSON(): Pick<this, 'sessionId' | 'state'> {
    const { sessionId, state } = this;
    return { sessionId, state };
  }

  private understands(extension: SessionExtension | undefined): void {
    this.understandsHolds = extension?.holdsOperations === true;
    this.knowsTickets = extension?.knowsTickets === true;
    this.comesBack = this.isResumable && extension?.comesBack === true;
    this.renewsAuth = this.isResumable && extension?.renewsAuth === true;
    this.sender.takesFailures = extension?.takesFailures === true;
    this.sender.takesTools = extension?.takesTools === true;
  }

  /** The connection is gone: the session waits with what its client lacks, or is over where there is no room for that. */
  private wait(): void {
    const { server, granted, outlet } = this;
    const share = new DetachedShare(server.detached, this.claim.partyAt(outlet.peer));
    onEach(share.lost, (excess) => {
      const told = { peer: outlet.peer, sessionId: this.sessionId, consequence: 'session-ended' } as const;
      if (excess !== undefined) server.reports.limits.next({ ...excess, ...told });
      // Later: it may be in the middle of a result, whose maker is still at it.
      this.expiry.unsubscribe();
      this.expiry = scheduleIn(server.scheduler, 0, () => {
        this.end('disconnected', 'expired');
      });
    });
    outlet.logged(Infinity);
    if (!share.enter(outlet.heldBytes)) {
      this.end('disconnected', 'expired');
      return;
    }
    this.detach(share);
    this.expiry.unsubscribe();
    // A process that stood still reads first: its clients may have come back meanwhile.
    this.expiry = scheduleAwake(server.scheduler, granted.resumeWindowMs, () => {
      this.end('disconnected', 'expired');
    });
    this.connectivity.become('reconnecting');
  }

  /** No connection carries the session; its results count for `share`. */
  private detach(share?: DetachedShare): void {
    this.putOffEnd();
    this.operations.admission.moveTo(undefined);
    this.outlet.detach(share);
    this.madeStores?.detached();
    this.patchAcks?.clear();
    this.migrateAcks?.clear();
  }

  /** The server's close is asked of its client anew where that comes back; what an application asks for stands. */
  private putOffEnd(): void {
    if (!this.isPutOff) return;
    this.ending?.unsubscribe();
    this.ending = undefined;
    this.asked = undefined;
    this.crossed = 0;
    this.phase = 'open';
    this.state = SessionState.Open;
  }

  private cancelUnwanted(wanted: ReadonlySet<number>): void {
    for (const { frameId } of this.operations.all()) {
      if (!wanted.has(frameId)) this.operations.cancel(frameId, CancelScope.Operation, 'client');
    }
  }
}

showAsJson('Session', SessionCore);
