import { AsyncSubject, firstValueFrom, Subject, Subscription, type Observable } from 'rxjs';
import type { RuntimeError } from '../../../protocol/runtime-error';
import {
  acceptsOperations,
  afterClose,
  afterCloseAck,
  SessionState,
} from '../../../protocol/session/session-lifecycle';
import { TAKEN_OVER } from '../../../protocol/session/taken-over';
import { scheduleIn } from '../../../transport/time/schedule-in';
import type { MessageOf } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import {
  CloseReason,
  CloseStatus,
  InFlightPolicy,
  SessionCloseAckMetadata,
  SessionCloseMetadata,
} from '../../../wire/messages/session-close';
import { packet, type Packet } from '../../../wire/packet';
import { unasked } from '../../awaited-acks';
import { onEach } from '../../../transport/on-each';
import type { ClientSettings } from '../../options';
import type { Submissions } from '../../submissions/submissions';
import type { SessionCarrier } from '../session-carrier';
import { closedByServer, ENDED_HERE } from '../session-end';

/** The server's last word of a session, undefined where it has said none in time. */
type LastWord = SessionCloseAckMetadata | undefined;

interface ClosingSettings extends Pick<ClientSettings, 'scheduler' | 'closeTimeoutMs'> {
  /** Whether another session is to be opened in its place. */
  readonly reopens: boolean;
}

/** A close of this side's, from when it is asked for until the server's last word. */
interface AskedClose {
  /** SESSION_CLOSE's. */
  readonly metadata: Uint8Array;
  /** Whether the server was told. */
  isTold: boolean;
  readonly word: AsyncSubject<LastWord>;
  readonly lastWord: Promise<LastWord>;
  readonly limit: Subscription;
}

/**
 * SESSION_CLOSE and SESSION_CLOSE_ACK, either way: where a session stands in its lifecycle (protocol section 8), and
 * how it comes to its end in good order, whoever asks for it.
 *
 *            SESSION_CLOSE, either way          idle, or time over
 *   open ─────────────────────────────▶ drains ────────────────────▶ closed
 *                │  abort, or nothing to drain                          ▲
 *                └──────────────────────────────────────────────────────┘
 */
export class ClosingHandshake {
  /** Emits when the session is at its end, before it has ended. */
  readonly over$: Observable<void>;
  private readonly over = new Subject<void>();
  private asked: AskedClose | undefined;
  private draining = Subscription.EMPTY;
  private askedByServer: SessionCloseMetadata | undefined;

  constructor(
    private readonly carrier: SessionCarrier,
    private readonly submissions: Submissions,
    private readonly settings: ClosingSettings,
    private current: SessionState,
  ) {
    this.over$ = this.over.asObservable();
  }

  /** The server's SESSION_CLOSE, if it was the first to close. */
  get ofServer(): SessionCloseMetadata | undefined {
    return this.askedByServer;
  }

  /** How it ends: the server may have given the session to another client, that has come with its ticket. */
  get reason(): 'session-closed' | 'taken-over' {
    return this.askedByServer?.sessionErrorCode === TAKEN_OVER ? 'taken-over' : 'session-closed';
  }

  /** Closing from when its user asks for it, though a server that is away hears of it later. */
  get state(): SessionState {
    return this.asked !== undefined && acceptsOperations(this.current) ? SessionState.Closing : this.current;
  }

  /** Whether the session is to go on. */
  get isOpen(): boolean {
    return acceptsOperations(this.current) && this.asked === undefined;
  }

  /** Whether another session may take its place: nobody has ended it but a server that shuts down. */
  get mayReopen(): boolean {
    if (!this.settings.reopens || this.asked !== undefined) return false;
    return acceptsOperations(this.current) || this.isShutDown;
  }

  /** Whether this side has asked for the end, and the server has not said its last word. */
  get isAsked(): boolean {
    return this.asked !== undefined;
  }

  /** Whether the server has said that it closes the session, and operations may still finish. */
  get isDraining(): boolean {
    return this.current === SessionState.Draining && this.asked?.isTold !== true;
  }

  /** Whether a server that closes goes on with the session until the client has all that it waits for. */
  get isPutOff(): boolean {
    return this.isDraining && this.asked === undefined && this.isShutDown;
  }

  /** Whether the next link has a use for the session: to go on with it, or to close it there. */
  get goesOn(): boolean {
    return this.isPutOff || ((this.isOpen || this.isAsked) && !this.isDraining);
  }

  private get isShutDown(): boolean {
    return this.askedByServer?.closeReason === CloseReason.ServerShutdown;
  }

  /**
   * Asks for the end, by default once operations have finished, now or over the next link. Resolves with the
   * server's last word, with undefined where it has said none in time or the session is over already. To ask
   * again is to wait for the same.
   */
  close(fields: Partial<SessionCloseMetadata>): Promise<LastWord> {
    if (this.asked !== undefined) return this.asked.lastWord;
    const close = this.request({ inFlightPolicy: InFlightPolicy.Drain, ...fields });
    const metadata = SessionCloseMetadata.encode(close);
    if (this.current === SessionState.Closed) return Promise.resolve(undefined);
    const drainMs = close.inFlightPolicy === InFlightPolicy.Abort ? 0 : close.drainTimeoutMs;
    const asked = this.ask(metadata, drainMs + this.settings.closeTimeoutMs);
    this.submissions.refuseNew(ENDED_HERE);
    if (this.isDraining) this.drainFor(drainMs);
    else if (this.carrier.link !== undefined) this.tell(asked);
    else if (drainMs === 0) this.submissions.failAll('session-closed');
    return asked.lastWord;
  }

  /** Makes the word to a server that may still have the session, where the client gave it up. */
  farewell(sessionId = this.carrier.sessionId): Packet {
    const close = SessionCloseMetadata.encode(this.request({ inFlightPolicy: InFlightPolicy.Abort }));
    return packet({ messageType: MessageType.SessionClose, sessionId }, close);
  }

  /** Says that the session ends now, where the server has not heard it yet; there will be no answer. */
  sayFarewell(): void {
    if (this.isDraining) this.sendAck(CloseStatus.Closed);
    else if (acceptsOperations(this.current)) this.carrier.link?.send(this.farewell());
  }

  /** The answer to a close of this side's. */
  onAck({ metadata }: MessageOf<typeof MessageType.SessionCloseAck>): void {
    const { asked } = this;
    if (asked?.isTold !== true) throw unasked(MessageType.SessionCloseAck);
    const { closeStatus } = metadata;
    this.current = afterCloseAck(this.current, closeStatus, this.carrier.sessionId);
    // The server has taken the close, or lets operations finish: its last word is still to come.
    if (closeStatus === CloseStatus.Acknowledged || closeStatus === CloseStatus.Draining) return;
    this.settle(asked, metadata);
    if (closeStatus === CloseStatus.Closed) this.over.next();
    else this.submissions.admit();
  }

  /** The server ends the session: what is in flight may finish, where it drains. */
  onClose({ metadata }: MessageOf<typeof MessageType.SessionClose>): void {
    const { asked, submissions } = this;
    const { sessionId } = this.carrier;
    const { inFlightPolicy, drainTimeoutMs, lastOperationId, sessionErrorCode } = metadata;
    if (asked?.isTold === true) {
      // The closes have crossed, and each side takes the other's for its answer.
      const ack = { closeStatus: CloseStatus.Closed, lastOperationId, sessionErrorCode };
      this.settle(asked, SessionCloseAckMetadata.of(ack));
      this.finish();
      return;
    }
    const isTakenOver = sessionErrorCode === TAKEN_OVER;
    // One that drains may be ended sooner than was said, or be had by another client meanwhile.
    const isLast = isTakenOver || inFlightPolicy === InFlightPolicy.Abort;
    if (!isLast || this.current !== SessionState.Draining) this.current = afterClose(this.current, sessionId);
    this.askedByServer = metadata;
    if (isTakenOver) {
      // The server waits for no answer. What waits here ends as what is in flight does.
      this.over.next();
      return;
    }
    if (this.mayReopen) submissions.hold(Number(lastOperationId));
    else submissions.refuseNew(closedByServer(metadata));
    if (inFlightPolicy === InFlightPolicy.Abort || submissions.inFlight.size === 0) {
      this.finish();
      return;
    }
    this.sendAck(CloseStatus.Draining);
    this.current = afterCloseAck(this.current, CloseStatus.Draining, sessionId);
    this.drainFor(drainTimeoutMs);
  }

  /**
   * The session goes on over another link. What is in flight is under way there, too: a server that may not have
   * heard of the end hears of it with `tellAgain`.
   */
  attached(state: SessionState): void {
    this.draining.unsubscribe();
    this.askedByServer = undefined;
    this.current = state;
  }

  /** Nobody waits for operations to finish any more. */
  stopDraining(): void {
    this.draining.unsubscribe();
  }

  tellAgain(): void {
    if (this.asked !== undefined) this.tell(this.asked);
  }

  /** The session is over; `error` is why the server's last word will never be known. */
  end(error: RuntimeError | undefined): void {
    this.current = SessionState.Closed;
    this.draining.unsubscribe();
    this.over.complete();
    const { asked } = this;
    if (asked === undefined) return;
    if (error === undefined) this.settle(asked, undefined);
    else {
      asked.limit.unsubscribe();
      asked.word.error(error);
    }
    this.asked = undefined;
  }

  private ask(metadata: Uint8Array, limitMs: number): AskedClose {
    const word = new AsyncSubject<LastWord>();
    const lastWord = firstValueFrom(word, { defaultValue: undefined });
    const limit = scheduleIn(this.settings.scheduler, limitMs, () => {
      this.over.next();
    });
    this.asked = { metadata, isTold: false, word, lastWord, limit };
    return this.asked;
  }

  private tell(asked: AskedClose): void {
    this.current = afterClose(this.current, this.carrier.sessionId);
    asked.isTold = true;
    this.carrier.send(MessageType.SessionClose, 0, asked.metadata);
  }

  private settle({ word, limit }: AskedClose, said: LastWord): void {
    this.asked = undefined;
    limit.unsubscribe();
    word.next(said);
    word.complete();
  }

  private drainFor(ms: number): void {
    this.draining.unsubscribe();
    const finish = (): void => {
      this.finish();
    };
    this.draining = new Subscription();
    this.draining.add(scheduleIn(this.settings.scheduler, ms, finish));
    this.draining.add(onEach(this.submissions.idle$, finish));
  }

  private finish(): void {
    this.sendAck(CloseStatus.Closed);
    this.over.next();
  }

  private request(fields: Partial<SessionCloseMetadata>): SessionCloseMetadata {
    return SessionCloseMetadata.of({
      closeReason: CloseReason.ClientShutdown,
      lastOperationId: BigInt(this.submissions.lastFrameId),
      sessionCloseTag: this.carrier.sessionId,
      ...fields,
    });
  }

  private sendAck(closeStatus: CloseStatus): void {
    const lastOperationId = BigInt(this.submissions.lastFrameId);
    const ack = SessionCloseAckMetadata.of({ closeStatus, lastOperationId });
    this.carrier.send(MessageType.SessionCloseAck, 0, SessionCloseAckMetadata.encode(ack));
  }
}
