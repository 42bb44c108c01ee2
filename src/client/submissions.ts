import { defer, map, Observable, startWith, Subject, type SchedulerLike, type Subscription } from 'rxjs';
import { CreditWindow, type CreditLoad } from '../protocol/credit-window';
import { isTerminal, type ResultPush } from '../protocol/result';
import { RuntimeError } from '../protocol/runtime-error';
import type { FlowUpdateMetadata } from '../wire/messages/flow-update';
import type { SessionOpenAckMetadata } from '../wire/messages/session-open';
import { OperationError, type OperationFailure } from './errors';
import { submission, type Submission, type SubmitRequest } from './submission';

/** What a session's submissions need to send. */
export interface SubmissionHost {
  readonly sessionId: number;
  readonly scheduler: SchedulerLike;
  sendSubmit(submission: Submission): void;
  sendCancel(frameId: number): void;
  /** The last operation in flight has ended. */
  idle(): void;
}

/** How many operations a session may have in flight, and has. */
export interface Credit {
  /** Operations. */
  readonly granted: number;
  /** Operations. */
  readonly inFlight: number;
  /** Submits that wait for credit. */
  readonly waiting: number;
}

const MAX_FRAME_ID = 0xffffffff;

/**
 * The submits of a session: those that wait for credit, and those in flight by frame id.
 *
 *   subscribe ─▶ waiting ─▶ in flight ─▶ a terminal result, a drop, an error
 *                   │            │
 *                   └── unsubscribe: forgotten, or FRAME_CANCEL
 */
export class Submissions {
  private readonly waiting = new Set<Submission>();
  private readonly inFlight = new Map<number, Submission>();
  private window: CreditWindow;
  private readonly changes = new Subject<void>();
  /** The credit now, and after each change. */
  readonly credit$: Observable<Credit> = defer(() =>
    this.changes.pipe(
      startWith(undefined),
      map(() => this.creditNow()),
    ),
  );
  private nextFrameId = 1;
  private highestResult = 0;
  private over: OperationFailure | undefined;
  /** Whether there is a connection to send on. */
  private isAttached = true;
  /** Whether new submits are refused, because the session closes. */
  private isClosing = false;
  private retry: Subscription | undefined;

  constructor(
    private readonly host: SubmissionHost,
    ack: SessionOpenAckMetadata,
  ) {
    this.window = new CreditWindow({ ack, operations: this.inFlight });
  }

  /** The last frame id that was sent, 0 before the first. */
  get lastFrameId(): number {
    return this.nextFrameId - 1;
  }

  /** Whether a frame id was ever sent: what comes for it may be late, but is no stranger. */
  wasSent(frameId: number): boolean {
    return frameId > 0 && frameId < this.nextFrameId;
  }

  submit(request: SubmitRequest): Observable<ResultPush> {
    return new Observable((subscriber) => {
      const refusal = this.isClosing ? 'session-closed' : this.over;
      if (refusal !== undefined) {
        subscriber.error(new OperationError(refusal, this.host.sessionId, 0));
        return undefined;
      }
      const wanted = submission(request, subscriber);
      this.waiting.add(wanted);
      this.sendWaiting();
      return () => {
        this.giveUp(wanted);
      };
    });
  }

  /** The highest frame of which a result has arrived, 0 before the first. */
  get lastResultFrameId(): number {
    return this.highestResult;
  }

  /** Takes a result; those of operations that nobody waits for any more are ignored. */
  take(result: ResultPush): void {
    const { frameId } = result;
    this.highestResult = Math.max(this.highestResult, frameId);
    const asked = this.inFlight.get(frameId);
    if (asked === undefined) return;
    if (!isTerminal(result)) {
      asked.subscriber.next(result);
      return;
    }
    this.leave(frameId);
    asked.subscriber.next(result);
    asked.subscriber.complete();
    this.sendWaiting();
  }

  /** Ends an operation without a result. */
  fail(frameId: number, reason: OperationFailure, errorCode?: number, detail?: string): void {
    const asked = this.inFlight.get(frameId);
    if (asked === undefined) return;
    this.leave(frameId);
    asked.subscriber.error(new OperationError(reason, this.host.sessionId, frameId, errorCode, detail));
    this.sendWaiting();
  }

  /** Cancels an operation: FRAME_CANCEL is sent, and whoever waits for it gets an error. */
  cancel(frameId: number): void {
    if (!this.inFlight.has(frameId)) return;
    if (this.isAttached) this.host.sendCancel(frameId);
    this.fail(frameId, 'cancelled');
  }

  applyFlow(update: FlowUpdateMetadata): void {
    this.window.apply(update, this.host.scheduler.now());
    this.sendWaiting();
  }

  /** The operations in flight, ascending. */
  inFlightIds(): number[] {
    return [...this.inFlight.keys()];
  }

  /** Holds everything back until there is a connection again. */
  detach(): void {
    this.isAttached = false;
    this.retry?.unsubscribe();
  }

  /** Goes on over another connection: sends again what the server has not received, then what waits. */
  attach(ack: SessionOpenAckMetadata, lastReceivedId: number): void {
    this.isAttached = true;
    this.window = new CreditWindow({ ack, operations: this.inFlight });
    for (const asked of this.inFlight.values()) {
      if (asked.frameId > lastReceivedId) this.host.sendSubmit(asked);
    }
    this.sendWaiting();
  }

  /** Takes no more submits, and gives up those that wait: the session closes. */
  refuseNew(): void {
    this.isClosing = true;
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const { subscriber } of waiting) {
      subscriber.error(new OperationError('session-closed', this.host.sessionId, 0));
    }
    this.tellCredit();
  }

  /** Ends every operation, and every later one at once. */
  end(reason: OperationFailure): void {
    if (this.over !== undefined) return;
    this.over = reason;
    this.retry?.unsubscribe();
    const all = [...this.inFlight.values(), ...this.waiting];
    this.inFlight.clear();
    this.waiting.clear();
    for (const { subscriber, frameId } of all) {
      subscriber.error(new OperationError(reason, this.host.sessionId, frameId));
    }
    this.tellCredit();
    this.changes.complete();
  }

  private sendWaiting(): void {
    if (!this.isAttached) return;
    for (const wanted of this.waiting) {
      if (!this.maySubmit(wanted)) break;
      this.waiting.delete(wanted);
      this.send(wanted);
    }
    this.tellCredit();
  }

  private send(wanted: Submission): void {
    if (this.nextFrameId > MAX_FRAME_ID) {
      wanted.subscriber.error(frameIdOverflow(this.host.sessionId));
      return;
    }
    wanted.frameId = this.nextFrameId;
    try {
      this.host.sendSubmit(wanted);
    } catch (error) {
      // Fields that the protocol forbids: nothing was sent, and the id is free for the next.
      wanted.frameId = 0;
      wanted.subscriber.error(error);
      return;
    }
    this.nextFrameId += 1;
    this.inFlight.set(wanted.frameId, wanted);
  }

  private maySubmit({ metadata }: Submission): boolean {
    const now = this.host.scheduler.now();
    const load: CreditLoad = { inFlight: this.inFlight.size, now };
    const named = metadata.dependencyFrameId || metadata.retryOfFrame;
    const decision = this.window.decide(
      named === 0 ? load : { ...load, dependsOn: { operationId: named, inFlight: this.dependants(named) } },
    );
    if (decision.kind === 'may-submit') return true;
    if (decision.reason === 'retry-after') this.retryAt(decision.retryAt - now);
    return false;
  }

  private dependants(operationId: number): number {
    let count = 0;
    for (const { metadata } of this.inFlight.values()) {
      if ((metadata.dependencyFrameId || metadata.retryOfFrame) === operationId) count += 1;
    }
    return count;
  }

  private retryAt(delayMs: number): void {
    this.retry?.unsubscribe();
    this.retry = this.host.scheduler.schedule(() => {
      this.sendWaiting();
    }, delayMs);
  }

  private giveUp(wanted: Submission): void {
    if (this.waiting.delete(wanted)) {
      this.tellCredit();
      return;
    }
    // Terminal results and errors have left already; what is still in flight was unsubscribed.
    if (this.inFlight.get(wanted.frameId) !== wanted) return;
    this.leave(wanted.frameId);
    // Where there is no connection, the next one says which operations are still wanted.
    if (this.isAttached) this.host.sendCancel(wanted.frameId);
    this.sendWaiting();
  }

  private leave(frameId: number): void {
    this.inFlight.delete(frameId);
    this.window.endOperation(frameId);
    if (this.inFlight.size === 0) this.host.idle();
  }

  private creditNow(): Credit {
    return { granted: this.window.credit, inFlight: this.inFlight.size, waiting: this.waiting.size };
  }

  private tellCredit(): void {
    if (this.changes.observed) this.changes.next();
  }
}

function frameIdOverflow(sessionId: number): RuntimeError {
  return new RuntimeError(
    'frame-id-overflow',
    `session ${sessionId} has used all of its frame ids; open another`,
    {
      reach: 'session',
      origin: 'local',
    },
  );
}
