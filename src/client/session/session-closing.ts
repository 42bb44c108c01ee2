import type { SchedulerLike, Subscription } from 'rxjs';
import {
  acceptsOperations,
  afterClose,
  afterCloseAck,
  SessionState,
} from '../../protocol/session/session-lifecycle';
import { timerMs } from '../../protocol/timer';
import type { MessageOf } from '../../wire/message';
import { MessageType } from '../../wire/message-type';
import {
  CloseReason,
  CloseStatus,
  InFlightPolicy,
  SessionCloseAckMetadata,
  SessionCloseMetadata,
} from '../../wire/messages/session-close';
import { Awaited } from '../awaited';
import type { Submissions } from '../submissions/submissions';
import { unasked } from '../unasked';

/** The session that closes. */
export interface ClosingSession {
  readonly sessionId: number;
  readonly scheduler: SchedulerLike;
  readonly submissions: Submissions;
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
  /** Closes of this side's. */
  private readonly asked = new Awaited<SessionCloseMetadata, SessionCloseAckMetadata>();
  private drainTimer: Subscription | undefined;

  constructor(
    private readonly session: ClosingSession,
    private current: SessionState,
  ) {}

  get state(): SessionState {
    return this.current;
  }

  /** Whether the session is to go on. */
  get isOpen(): boolean {
    return acceptsOperations(this.current);
  }

  /** How many acks are still to come. */
  get size(): number {
    return this.asked.size;
  }

  /** Whether the server has said that it closes the session, and operations may still finish. */
  get isDraining(): boolean {
    return this.drainTimer !== undefined;
  }

  /** Asks for the end, by default once operations have finished, and resolves with the server's last word. */
  close(fields: Partial<SessionCloseMetadata>): Promise<SessionCloseAckMetadata> {
    const { session } = this;
    const close = this.request({ inFlightPolicy: InFlightPolicy.Drain, ...fields });
    const metadata = SessionCloseMetadata.encode(close);
    this.current = afterClose(this.current, session.sessionId);
    session.submissions.refuseNew();
    session.send(MessageType.SessionClose, metadata);
    return this.asked.add(close);
  }

  /** What is said to a server that may still have the session, where the client gave it up. */
  farewell(): SessionCloseMetadata {
    return this.request({ inFlightPolicy: InFlightPolicy.Abort });
  }

  /** The answer to a close of this side's. */
  onCloseAck({ metadata }: MessageOf<typeof MessageType.SessionCloseAck>): void {
    if (this.asked.size === 0) throw unasked(MessageType.SessionCloseAck);
    const { session } = this;
    const { closeStatus } = metadata;
    this.current = afterCloseAck(this.current, closeStatus, session.sessionId);
    // The server has taken the close, or lets operations finish: its last word is still to come.
    if (closeStatus === CloseStatus.Acknowledged || closeStatus === CloseStatus.Draining) return;
    this.asked.settle(() => metadata);
    if (closeStatus === CloseStatus.Closed) session.end('session-closed', 'closed');
    else session.submissions.acceptNew();
  }

  /** The server ends the session: what is in flight may finish, where it drains. */
  onServerClose({ metadata }: MessageOf<typeof MessageType.SessionClose>): void {
    if (this.asked.size > 0) {
      // The closes have crossed, and each side takes the other's for its answer.
      const { lastOperationId, sessionErrorCode } = metadata;
      const ack = { closeStatus: CloseStatus.Closed, lastOperationId, sessionErrorCode };
      this.asked.settle(() => SessionCloseAckMetadata.of(ack));
      this.finish();
      return;
    }
    const { sessionId, submissions, scheduler } = this.session;
    this.current = afterClose(this.current, sessionId);
    submissions.refuseNew();
    const { inFlightPolicy, drainTimeoutMs } = metadata;
    if (inFlightPolicy === InFlightPolicy.Abort || submissions.inFlightIds().length === 0) {
      this.finish();
      return;
    }
    this.sendAck(CloseStatus.Draining);
    this.current = afterCloseAck(this.current, CloseStatus.Draining, sessionId);
    this.drainTimer = scheduler.schedule(() => {
      this.finish();
    }, timerMs(drainTimeoutMs));
  }

  /** The last operation in flight has ended. */
  idle(): void {
    if (this.isDraining) this.finish();
  }

  /** The session goes on over another link. */
  resumed(): void {
    this.current = SessionState.Resumed;
  }

  /** The session is over. */
  end(): void {
    this.current = SessionState.Closed;
    this.drainTimer?.unsubscribe();
  }

  /** There will be no acks any more. */
  rejectAll(error: unknown): void {
    this.asked.rejectAll(error);
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
