import type { SchedulerLike, Subscription } from 'rxjs';
import type { RuntimeError } from '../../protocol/runtime-error';
import {
  acceptsOperations,
  afterClose,
  afterCloseAck,
  SessionState,
} from '../../protocol/session/session-lifecycle';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { MessageOf } from '../../wire/message';
import { MessageType } from '../../wire/message-type';
import {
  CloseReason,
  CloseStatus,
  InFlightPolicy,
  SessionCloseAckMetadata,
  SessionCloseMetadata,
} from '../../wire/messages/session-close';
import { AskedClose, type LastWord } from './asked-close';
import type { Submissions } from '../submissions/submissions';
import { unasked } from '../unasked';

/** The session that closes. */
export interface ClosingSession {
  readonly sessionId: number;
  readonly scheduler: SchedulerLike;
  readonly submissions: Submissions;
  /** Milliseconds that a close may take, besides what operations in flight get; Infinity for no limit. */
  readonly closeTimeoutMs: number;
  /** Whether there is a link. Where there is none, the server hears of the end over the next. */
  readonly isConnected: boolean;
  send(messageType: MessageType, metadata: Uint8Array): void;
  /** Ends the session without another word. */
  end(reason: 'session-closed', connectivity: 'closed'): void;
}

/**
 * Where a session stands in its lifecycle (protocol section 8), and how it comes to its end in good order,
 * whoever asks for it.
 *
 *            SESSION_CLOSE, either way          idle, or time over
 *   open ─────────────────────────────▶ drains ────────────────────▶ closed
 *                │  abort, or nothing to drain                          ▲
 *                └──────────────────────────────────────────────────────┘
 */
export class SessionClosing {
  private asked: AskedClose | undefined;
  private drainTimer: Subscription | undefined;

  constructor(
    private readonly session: ClosingSession,
    private current: SessionState,
  ) {}

  /** Closing from when its user asks for it, though a server that is away hears of it later. */
  get state(): SessionState {
    return this.asked !== undefined && acceptsOperations(this.current) ? SessionState.Closing : this.current;
  }

  /** Whether the session is to go on. */
  get isOpen(): boolean {
    return acceptsOperations(this.current) && this.asked === undefined;
  }

  /** Whether this side has asked for the end, and the server has not said its last word. */
  get isAsked(): boolean {
    return this.asked !== undefined;
  }

  /** Whether the server has said that it closes the session, and operations may still finish. */
  get isDraining(): boolean {
    return this.drainTimer !== undefined;
  }

  /**
   * Asks for the end, by default once operations have finished, now or over the next link. Resolves with the
   * server's last word, with undefined where it has said none in time or the session is over already. To ask
   * again is to wait for the same.
   */
  close(fields: Partial<SessionCloseMetadata>): Promise<LastWord> {
    if (this.asked !== undefined) return this.asked.lastWord;
    const { session } = this;
    const { submissions, closeTimeoutMs, isConnected } = session;
    const close = this.request({ inFlightPolicy: InFlightPolicy.Drain, ...fields });
    const metadata = SessionCloseMetadata.encode(close);
    if (this.current === SessionState.Closed) return Promise.resolve(undefined);
    const drainMs = close.inFlightPolicy === InFlightPolicy.Abort ? 0 : close.drainTimeoutMs;
    const asked = new AskedClose(metadata, session.scheduler, drainMs + closeTimeoutMs, () => {
      session.end('session-closed', 'closed');
    });
    this.asked = asked;
    submissions.refuseNew();
    if (this.isDraining) this.drainFor(drainMs);
    else if (isConnected) this.tell(asked);
    else if (drainMs === 0) submissions.failAll('session-closed');
    return asked.lastWord;
  }

  /** What is said to a server that may still have the session, where the client gave it up. */
  farewell(): SessionCloseMetadata {
    return this.request({ inFlightPolicy: InFlightPolicy.Abort });
  }

  /** Says that the session ends now, where the server has not heard it yet; there will be no answer. */
  sayFarewell(): void {
    if (this.isDraining) this.sendAck(CloseStatus.Closed);
    else if (acceptsOperations(this.current)) {
      this.session.send(MessageType.SessionClose, SessionCloseMetadata.encode(this.farewell()));
    }
  }

  /** The answer to a close of this side's. */
  onCloseAck({ metadata }: MessageOf<typeof MessageType.SessionCloseAck>): void {
    const { session, asked } = this;
    if (asked?.isTold !== true) throw unasked(MessageType.SessionCloseAck);
    const { closeStatus } = metadata;
    this.current = afterCloseAck(this.current, closeStatus, session.sessionId);
    // The server has taken the close, or lets operations finish: its last word is still to come.
    if (closeStatus === CloseStatus.Acknowledged || closeStatus === CloseStatus.Draining) return;
    this.asked = undefined;
    asked.settle(metadata);
    if (closeStatus === CloseStatus.Closed) session.end('session-closed', 'closed');
    else session.submissions.acceptNew();
  }

  /** The server ends the session: what is in flight may finish, where it drains. */
  onServerClose({ metadata }: MessageOf<typeof MessageType.SessionClose>): void {
    if (this.asked?.isTold === true) {
      // The closes have crossed, and each side takes the other's for its answer.
      const { lastOperationId, sessionErrorCode } = metadata;
      const ack = { closeStatus: CloseStatus.Closed, lastOperationId, sessionErrorCode };
      this.asked.settle(SessionCloseAckMetadata.of(ack));
      this.asked = undefined;
      this.finish();
      return;
    }
    const { sessionId, submissions } = this.session;
    this.current = afterClose(this.current, sessionId);
    submissions.refuseNew();
    const { inFlightPolicy, drainTimeoutMs } = metadata;
    if (inFlightPolicy === InFlightPolicy.Abort || submissions.inFlightIds().length === 0) {
      this.finish();
      return;
    }
    this.sendAck(CloseStatus.Draining);
    this.current = afterCloseAck(this.current, CloseStatus.Draining, sessionId);
    this.drainFor(drainTimeoutMs);
  }

  /** The last operation in flight has ended. */
  idle(): void {
    if (this.isDraining) this.finish();
  }

  /** The session goes on over another link. */
  resumed(): void {
    this.current = SessionState.Resumed;
  }

  /** What is in flight is under way there, too: a server that may not have heard of the end hears of it now. */
  tellAgain(): void {
    if (this.asked !== undefined) this.tell(this.asked);
  }

  /** The session is over; `error` is why the server's last word will never be known. */
  end(error: RuntimeError | undefined): void {
    this.current = SessionState.Closed;
    this.drainTimer?.unsubscribe();
    if (error === undefined) this.asked?.settle(undefined);
    else this.asked?.fail(error);
    this.asked = undefined;
  }

  private tell(asked: AskedClose): void {
    const { session } = this;
    this.current = afterClose(this.current, session.sessionId);
    asked.isTold = true;
    session.send(MessageType.SessionClose, asked.metadata);
  }

  private drainFor(ms: number): void {
    this.drainTimer?.unsubscribe();
    this.drainTimer = scheduleIn(this.session.scheduler, ms, () => {
      this.finish();
    });
  }

  private finish(): void {
    this.sendAck(CloseStatus.Closed);
    this.session.end('session-closed', 'closed');
  }

  private request(fields: Partial<SessionCloseMetadata>): SessionCloseMetadata {
    const { sessionId, submissions } = this.session;
    return SessionCloseMetadata.of({
      closeReason: CloseReason.ClientShutdown,
      lastOperationId: BigInt(submissions.lastFrameId),
      sessionCloseTag: sessionId,
      ...fields,
    });
  }

  private sendAck(closeStatus: CloseStatus): void {
    const { session } = this;
    const lastOperationId = BigInt(session.submissions.lastFrameId);
    const ack = SessionCloseAckMetadata.of({ closeStatus, lastOperationId });
    session.send(MessageType.SessionCloseAck, SessionCloseAckMetadata.encode(ack));
  }
}
