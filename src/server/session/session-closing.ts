import { Subscription, type SchedulerLike } from 'rxjs';
import { unexpectedMessage } from '../../protocol/runtime-error';
import {
  acceptsOperations,
  afterClose,
  afterCloseAck,
  SessionState,
} from '../../protocol/session/session-lifecycle';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { MessageOf } from '../../wire/message';
import type { MessageType } from '../../wire/message-type';
import { CloseReason, CloseStatus, InFlightPolicy } from '../../wire/messages/session-close';
import type { SessionOperations } from './submits/session-operations';
import type { SessionOutlet } from './results/session-outlet';
import type { SessionSender } from './results/session-sender';
import type { SessionStreams } from './session-streams';
import type { SessionEnding } from './session-terms';

/**
 * Milliseconds that an announced client has, where the server shuts down and no operation is left, to say that
 * it has everything: a live one says so at once, and a dead one must not use up the grace of handlers.
 */
const LAST_ACK_MS = 1000;

/** The session that closes. */
export interface ClosingSession {
  readonly sessionId: number;
  readonly granted: { readonly grantedOperationCredit: number };
  readonly scheduler: SchedulerLike;
  readonly operations: SessionOperations;
  readonly sender: SessionSender;
  readonly outlet: SessionOutlet;
  readonly streams: SessionStreams;
  state: SessionState;
  /** Ends what waits for a slot: it never will start. */
  endQueued(): void;
  /** Ends the session without another word. */
  end(end: 'closed', attachmentState: 'closed'): void;
}

/**
 * How a session comes to its end in good order, whoever asks for it.
 *
 *            SESSION_CLOSE, either way          idle, or time over
 *   open ─────────────────────────────▶ drains ────────────────────▶ closed
 *                │  abort, or nothing to drain                          ▲
 *                └──────────────────────────────────────────────────────┘
 */
export class SessionClosing {
  private timers: Subscription | undefined;
  /** What ends the session once no operation is left, while it drains. */
  private finishDrain: (() => void) | undefined;
  /** What is to happen once no operation is left, while the client has to say that it has everything. */
  private whenIdle: (() => void) | undefined;
  private wasAsked = false;
  /** Submits that came after this side had asked for the end. */
  private crossed = 0;

  constructor(private readonly session: ClosingSession) {}

  /** Whether this side has asked for the end. */
  get isOwn(): boolean {
    return this.wasAsked;
  }

  /** Whether it has to hear when the last operation has ended. */
  get isDraining(): boolean {
    return this.finishDrain !== undefined || this.whenIdle !== undefined;
  }

  /**
   * Asks for the end. An announced client says when it has all that it waits for; another one is not told,
   * as its runtime would not expect it, and the session ends with its last operation. Throws an `NnrpError`
   * where the ending cannot be said; then nothing has changed.
   */
  close(ending: SessionEnding): void {
    const { session } = this;
    const { current } = session.outlet;
    const word = session.sender.closePacket(ending, session.operations.lastOperationId);
    if (!acceptsOperations(session.state)) {
      this.hasten(ending);
      return;
    }
    this.wasAsked = true;
    session.state = afterClose(session.state, session.sessionId);
    const isAbort = ending.inFlightPolicy === InFlightPolicy.Abort;
    if (current?.isAnnounced === true || isAbort) session.outlet.send(word);
    if (isAbort || current === undefined) {
      session.end('closed', 'closed');
      return;
    }
    session.endQueued();
    const finish = (): void => {
      session.end('closed', 'closed');
    };
    if (current.isAnnounced) {
      this.finishIn(ending.drainTimeoutMs, finish);
      if (ending.closeReason === CloseReason.ServerShutdown) this.whenIdle = () => this.awaitAck(finish);
      this.operationEnded();
    } else if (session.operations.isIdle) finish();
    else this.drainFor(ending.drainTimeoutMs, finish);
  }

  /** The client asks for the end. */
  onClose(close: MessageOf<typeof MessageType.SessionClose>): void {
    const { session } = this;
    // Closes that have crossed are one: the client's says how long its operations may take.
    if (!this.wasAsked) session.state = afterClose(session.state, session.sessionId);
    session.streams.emit('closes', close);
    const { inFlightPolicy, drainTimeoutMs } = close.metadata;
    if (inFlightPolicy === InFlightPolicy.Abort || drainTimeoutMs === 0 || session.operations.isIdle) {
      this.finishClose();
      return;
    }
    session.state = afterCloseAck(session.state, CloseStatus.Draining, session.sessionId);
    session.sender.closeAck(CloseStatus.Draining, session.operations.lastOperationId);
    // What has not started by now never will: only what is with the application may finish.
    session.endQueued();
    if (session.operations.isIdle) this.finishClose();
    else this.drainFor(drainTimeoutMs, () => this.finishClose());
  }

  /** The answer to a close of this side's. */
  onCloseAck({ metadata }: MessageOf<typeof MessageType.SessionCloseAck>): void {
    const { session } = this;
    // Nor may the client answer a close of its own, and open the session again by rejecting it.
    if (!this.wasAsked || acceptsOperations(session.state)) {
      throw unexpectedMessage('server received SESSION_CLOSE_ACK that it did not ask for');
    }
    session.state = afterCloseAck(session.state, metadata.closeStatus, session.sessionId);
    if (metadata.closeStatus !== CloseStatus.Closed) return;
    session.state = SessionState.Draining;
    session.end('closed', 'closed');
  }

  /** A submit came after SESSION_CLOSE: its client could not know, as far as it had credit. */
  submitCrossed(frameId: number): void {
    const { sessionId, sender, outlet, granted } = this.session;
    sender.dropUnheard(frameId);
    this.crossed += 1;
    if (this.crossed > granted.grantedOperationCredit) outlet.current?.refused(sessionId);
  }

  /** An operation has ended, whichever way. */
  operationEnded(): void {
    if (!this.session.operations.isIdle) return;
    const { whenIdle } = this;
    this.whenIdle = undefined;
    this.finishDrain?.();
    whenIdle?.();
  }

  /** The session is over. */
  end(): void {
    this.timers?.unsubscribe();
    // What comes later is ended at once.
    this.timers = Subscription.EMPTY;
  }

  /** A close that is under way gets no more time than another one allows. */
  private hasten({ inFlightPolicy, drainTimeoutMs }: SessionEnding): void {
    const finish =
      this.finishDrain ??
      ((): void => {
        this.session.end('closed', 'closed');
      });
    if (inFlightPolicy === InFlightPolicy.Abort) finish();
    else this.finishIn(drainTimeoutMs, finish);
  }

  /** Gives the client time to answer, which begins once it has taken all that was sent. */
  private awaitAck(finish: () => void): void {
    this.finishIn(LAST_ACK_MS, () => {
      const { current } = this.session.outlet;
      if (current === undefined || current.transport.queuedBytes === 0) finish();
      else this.awaitAck(finish);
    });
  }

  private drainFor(timeoutMs: number, finish: () => void): void {
    this.finishDrain = finish;
    this.finishIn(timeoutMs, finish);
  }

  private finishIn(timeoutMs: number, finish: () => void): void {
    (this.timers ??= new Subscription()).add(scheduleIn(this.session.scheduler, timeoutMs, finish));
  }

  private finishClose(): void {
    const { session } = this;
    session.sender.closeAck(CloseStatus.Closed, session.operations.lastOperationId);
    session.end('closed', 'closed');
  }
}
