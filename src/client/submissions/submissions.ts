import { endWith, ignoreElements, noop, Subject, type Observable } from 'rxjs';
import { isTerminal, partCount, type ResultPush } from '../../protocol/operation/result';
import type { SessionExtension } from '../../protocol/session/session-extension';
import type { CreditChange } from '../../protocol/flow/flow';
import type { ConnectionCredit } from '../link/connection-credit';
import { OperationError, type OperationFailure, type SessionEnd } from '../errors';
import { onceATurn } from '../once-a-turn';
import type { ClientSettings } from '../options';
import type { SessionCarrier } from '../session/session-carrier';
import { CreditNews } from './credit-news';
import {
  cancelledBy,
  frameIdOverflow,
  isOfItsOwn,
  keepBody,
  submission,
  type Submission,
  type SubmitGrant,
  type SubmitObserver,
  type SubmitRequest,
} from './submission';
import { InFlight } from './in-flight';
import type { OperationTerms } from './operation-terms';
import type { CallListener } from './tools/tool-calls';
import { SendingAgain, type Unsendable } from './sending-again';
import { SubmitWindow } from './submit-window';
import { ToldOperations } from './told-operations';
import { isToolAnswer } from './tools/tool-answer';
import { ToolDesk } from './tools/tool-desk';
import { WaitingSubmits } from './waiting-submits';

/** What is known of a failure besides its reason. */
type Particulars = ConstructorParameters<typeof OperationError>[3];

/**
 * The submits of a session: those that wait for credit, and those in flight by frame id.
 *
 *   subscribe ─▶ waiting ─▶ in flight ─▶ a terminal result, a drop, an error
 *                   │            │
 *                   └── unsubscribe: forgotten, or FRAME_CANCEL
 */
export class Submissions {
  private readonly waiting = new WaitingSubmits();
  readonly inFlight: InFlight;
  private readonly tools: ToolDesk;
  private readonly window: SubmitWindow;
  private readonly idle = new Subject<void>();
  /** Emits when the last operation in flight has ended, before anybody hears of its end. */
  readonly idle$: Observable<void> = this.idle.asObservable();
  /** Emits when the session is over, at once where it is. */
  readonly over$: Observable<unknown> = this.idle.pipe(ignoreElements(), endWith(undefined));
  private highestResult = 0;
  private over: OperationFailure | undefined;
  private ended: SessionEnd | undefined;
  /** What becomes of new submits: sent, kept for another link, or refused, because the session closes. */
  private intake: 'open' | 'held' | 'closed' = 'open';
  /** Leaves the connection that carries the session; and, while none does, the one that did last. */
  private leaveJoined: (inFlight: number) => void;
  private leaveConnection: () => void = noop;
  /** What the server is told of those in flight. */
  readonly told: ToldOperations;
  private readonly sendingAgain: SendingAgain;
  readonly credit: CreditNews;

  constructor(
    private readonly carrier: SessionCarrier,
    readonly settings: Pick<ClientSettings, 'scheduler' | 'interceptors'>,
    private readonly grant: SubmitGrant,
    credit: ConnectionCredit,
  ) {
    this.inFlight = new InFlight(credit);
    this.told = new ToldOperations(carrier, this.inFlight);
    this.tools = new ToolDesk(carrier, this.inFlight);
    this.sendingAgain = new SendingAgain(carrier);
    this.window = new SubmitWindow(this.inFlight, settings.scheduler, this.sendWaiting, grant.ack, credit);
    this.credit = new CreditNews(this.window, this.inFlight, this.waiting, carrier, settings.scheduler);
    this.leaveJoined = credit.join(this.sendWaiting, 0);
  }

  get sessionId(): number {
    return this.carrier.sessionId;
  }

  private get connection(): ConnectionCredit | undefined {
    return this.inFlight.connection;
  }

  /** What the server has said of itself, in its last ack. */
  heard(extension: SessionExtension | undefined): void {
    this.tools.isOpen = extension?.takesTools === true;
  }

  get lastFrameId(): number {
    return this.inFlight.lastFrameId;
  }

  /** Whether a frame id was ever sent: what comes for it may be late, but is no stranger. */
  wasSent(frameId: number): boolean {
    return frameId > 0 && frameId <= this.lastFrameId;
  }

  /** Submits. Throws what {@link submission} throws. */
  begin(request: SubmitRequest, subscriber: SubmitObserver, listener?: CallListener): Submission | undefined {
    const refusal = this.intake === 'closed' ? 'session-closed' : this.over;
    if (refusal !== undefined) {
      subscriber.error(this.endedWith(refusal));
      return undefined;
    }
    if (request.signal?.aborted === true) {
      subscriber.error(cancelledBy(request.signal, this.carrier.sessionId, 0));
      return undefined;
    }
    const wanted = submission(request, subscriber, listener);
    this.offer(wanted);
    return wanted;
  }

  /** Says other things of what was submitted for a listener, and has not ended. */
  update(listener: CallListener, changes: OperationTerms): void {
    for (const asked of [...this.inFlight.all(), ...this.waiting])
      if (asked.listener === listener) this.carrier.update(asked, changes);
  }

  /** Nobody wants the results of a submit any more. */
  giveUp(wanted: Submission): void {
    if (wanted.frameId === 0 && this.waiting.delete(wanted)) {
      this.credit.changed();
      return;
    }
    // Terminal results and errors have left already; what is still in flight was unsubscribed.
    if (!this.isInFlight(wanted)) return;
    // Where there is no connection, the server hears with the next which operations are still wanted.
    if (this.connection !== undefined) this.carrier.cancel(wanted.frameId);
    this.leave(wanted);
    this.credit.changed();
    if (this.waiting.size > 0) this.sendWaitingSoon();
  }

  /** The signal of a submit has aborted: gives it up, and returns what it ends with. */
  abort(wanted: Submission, signal: AbortSignal): OperationError {
    this.giveUp(wanted);
    return cancelledBy(signal, this.carrier.sessionId, wanted.frameId);
  }

  /** Whether a submit was sent, and more of its results may come. */
  isInFlight(wanted: Submission): boolean {
    return this.inFlight.get(wanted.frameId) === wanted;
  }

  /** The highest frame of which a result has arrived, 0 before the first. */
  get lastResultFrameId(): number {
    return this.highestResult;
  }

  /** Takes a result, `isEnd` for the last; those of operations that nobody waits for any more are ignored. */
  take(result: ResultPush, isEnd = isTerminal(result)): void {
    const { frameId } = result;
    this.highestResult = Math.max(this.highestResult, frameId);
    const asked = this.inFlight.get(frameId);
    if (asked === undefined) return;
    if (!isEnd) {
      this.takePart(asked, result);
      return;
    }
    this.leave(asked);
    asked.subscriber.next(result);
    asked.subscriber.complete();
    this.sendWaiting();
  }

  private takePart(asked: Submission, part: ResultPush): void {
    asked.parts += partCount(part);
    const call = this.tools.take(asked, part);
    if (call === 'none') asked.subscriber.next(part);
    else if (call === 'taken') this.sendWaiting();
    else this.cancel(asked.frameId, 'refused', { detail: 'its server asks for too many tools at once' });
  }

  /** Ends an operation without a result. */
  fail(frameId: number, reason: OperationFailure, particulars?: Particulars): void {
    const asked = this.inFlight.get(frameId);
    if (asked === undefined) return;
    const all = { retryAfterMs: asked.retryAfterMs ?? 0, ...particulars };
    this.leave(asked);
    asked.subscriber.error(new OperationError(reason, this.carrier.sessionId, frameId, all));
    this.sendWaiting();
  }

  /**
   * Ends an operation that the server says it has never begun; where another session is to take the place of this
   * one, it waits for that instead.
   */
  unbegun(frameId: number, reason: OperationFailure, particulars: Particulars): void {
    const asked = this.inFlight.get(frameId);
    if (asked === undefined || !this.mayTakeBack(asked)) this.fail(frameId, reason, particulars);
    else this.takeBack([asked]);
  }

  private takeBack(returned: readonly Submission[]): void {
    for (const asked of returned) this.leave(asked);
    this.waiting.putBack(returned);
    this.credit.changed();
    // Where the server has not said yet that it closes, it is about to; another may have the session instead.
    if (this.intake === 'open') this.sendWaitingSoon();
  }

  private mayTakeBack(asked: Submission): boolean {
    return this.intake !== 'closed' && this.grant.reopens && isOfItsOwn(asked);
  }

  /** Sends a submit again that a server has refused for its id, where that goes on in preview3; false where it does not. */
  sendWithoutId(frameId: number): boolean {
    const asked = this.inFlight.get(frameId);
    if (asked?.hasId !== true || !this.carrier.fallBack()) return false;
    this.carrier.submit(asked);
    return true;
  }

  /** Ends every operation in flight without a result. */
  failAll(reason: OperationFailure, particulars?: Particulars): void {
    for (const frameId of this.inFlight.ids()) this.fail(frameId, reason, particulars);
  }

  /** Cancels an operation: FRAME_CANCEL is sent, and whoever waits for it gets an error. */
  cancel(frameId: number, reason: OperationFailure = 'cancelled', particulars?: Particulars): void {
    if (!this.inFlight.has(frameId)) return;
    if (this.connection !== undefined) this.carrier.cancel(frameId);
    this.fail(frameId, reason, particulars);
  }

  /** Takes what changes the credit of the session or of an operation. */
  applyFlow(update: CreditChange): void {
    this.window.apply(update);
    this.sendWaiting();
  }

  /** Holds everything back until there is a connection again. */
  detach(): void {
    if (this.connection === undefined) return;
    // Until the server hears of them elsewhere, or of their end, they count where they were.
    this.leaveConnection = this.leaveJoined.bind(undefined, this.inFlight.counted);
    this.told.lost();
    this.inFlight.connection = undefined;
    this.window.stop();
    this.credit.stop();
  }

  /** Goes on over another connection: sends again what the server has not received, then what waits. */
  attach(lastReceivedId: number, credit: ConnectionCredit): void {
    // Whoever has the session now may keep it.
    if (this.intake === 'held') this.intake = 'open';
    this.inFlight.connection = credit;
    this.window.renew(this.grant.ack, credit);
    this.leaveJoined = credit.join(this.sendWaiting, this.inFlight.counted);
    this.told.cancelOthers(lastReceivedId);
    const all = this.inFlight.all();
    const unreceived = all.filter(({ frameId }) => frameId > lastReceivedId);
    const unsendable = this.sendingAgain.send(unreceived);
    // Only now: what is sent in their place has a higher number than those that are sent again.
    for (const [asked, why] of unsendable) this.failUnsent(asked, why);
    for (const asked of all) if (this.isInFlight(asked)) this.carrier.sayUpdates(asked);
    this.sendWaiting();
    // Last, as it may be the same connection: others get no room there that this takes.
    this.leaveConnection();
  }

  private failUnsent(asked: Submission, { reason, ...particulars }: Unsendable): void {
    this.fail(asked.frameId, reason, particulars);
    // Its operation would wait for it for ever.
    if (isToolAnswer(asked))
      this.cancel(asked.metadata.dependencyFrameId, reason === 'too-large' ? 'refused' : reason, particulars);
  }

  /** Takes no more submits, and gives up those that wait: the session closes. */
  refuseNew(ended?: SessionEnd): void {
    this.intake = 'closed';
    this.ended = ended;
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const { subscriber } of waiting) subscriber.error(this.endedWith('session-closed'));
    this.credit.changed();
  }

  /** Sends again what is submitted, as where the server has rejected a close. */
  admit(): void {
    this.intake = 'open';
  }

  /**
   * Keeps what is submitted for another session, which takes the place of this one: its server closes it. So it does
   * with what that had not received by then, and will never begin.
   */
  hold(lastReceivedId: number): void {
    this.intake = 'held';
    // Another implementation may mean another number.
    if (!this.grant.isCounted) return;
    const unreceived = this.inFlight.all().filter(({ frameId }) => frameId > lastReceivedId);
    this.takeBack(unreceived.filter((asked) => this.mayTakeBack(asked)));
  }

  /** The server has the session no more: ends what is in flight, of which it may have run anything. */
  forget(reason: OperationFailure): void {
    this.failAll(reason);
    this.told.forget();
    this.intake = 'open';
  }

  /** Ends every operation, and every later one at once. */
  end(reason: OperationFailure, ended?: SessionEnd): void {
    if (this.over !== undefined) return;
    this.over = reason;
    this.ended = ended;
    this.detach();
    this.leaveConnection();
    const all = [...this.inFlight.all(), ...this.waiting];
    this.inFlight.clear();
    this.waiting.clear();
    for (const asked of all) this.tools.ended(asked);
    for (const { subscriber, frameId } of all) subscriber.error(this.endedWith(reason, frameId));
    this.credit.changed();
    this.credit.end();
    this.idle.complete();
  }

  private endedWith(reason: OperationFailure, frameId = 0): OperationError {
    return new OperationError(reason, this.carrier.sessionId, frameId, { sessionEnd: this.ended });
  }

  /** Sends a submit where it may be, and nothing waits before it. */
  private offer(wanted: Submission): void {
    const { connection, waiting } = this;
    // Not only when its turn comes: its credit would be another's meanwhile.
    if (this.refuseTooLarge(wanted)) return;
    if (connection !== undefined && waiting.size === 0 && this.mayBegin(wanted, connection)) {
      this.send(wanted);
    } else {
      keepBody(wanted);
      waiting.add(wanted);
    }
    this.credit.changed();
  }

  private mayBegin(wanted: Submission, connection: ConnectionCredit): boolean {
    return this.intake !== 'held' && !connection.isOver && this.window.admits(wanted, connection);
  }

  private readonly sendWaiting = (): void => {
    const { connection } = this;
    if (connection === undefined) return;
    for (const wanted of this.waiting) {
      // Its signal is about to give it up.
      if (wanted.signal?.aborted === true) continue;
      if (!this.mayBegin(wanted, connection)) break;
      this.waiting.delete(wanted);
      this.send(wanted);
    }
    this.credit.changed();
  };

  /** Whoever gives up submits gives up all of them first: none of those is sent in the place of another. */
  private readonly sendWaitingSoon = onceATurn(this.sendWaiting);

  private send(wanted: Submission): void {
    if (this.refuseTooLarge(wanted)) return;
    if (!this.inFlight.hasIdsLeft) {
      wanted.subscriber.error(frameIdOverflow(this.carrier.sessionId));
      return;
    }
    this.inFlight.add(wanted);
    if (this.grant.isResumable || this.carrier.mayFallBack) keepBody(wanted);
    this.carrier.submit(wanted);
    wanted.subscriber.sent?.();
  }

  /** Whether a submit is more than the server takes: then it ends, and was never sent. */
  private refuseTooLarge(wanted: Submission): boolean {
    const detail = this.carrier.excessOf(wanted);
    if (detail === undefined) return false;
    wanted.subscriber.error(
      new OperationError('too-large', this.carrier.sessionId, wanted.frameId, { detail }),
    );
    return true;
  }

  private leave(asked: Submission): void {
    this.window.endOperation(asked.frameId);
    this.inFlight.delete(asked);
    this.tools.ended(asked);
    if (this.inFlight.size === 0 && this.idle.observed) this.idle.next();
  }
}
