import type { Transport } from '../../transport/transport';
import { MessageType } from '../../wire/message-type';
import { ErrorScope } from '../../wire/messages/error-message';
import { packet as makePacket, type Packet } from '../../wire/packet';
import { errorPacket, LIMIT_CODE } from '../error-packet';
import type { ServerContext } from '../server-context';
import { ConnectionLimits, type Excess } from './connection-limits';
import type { HandshakeTicket } from './handshake-gate';
import type { LimitConsequence } from './limit-tripped';
import { QueuedAnswers } from './queued-answers';
import type { HeldReader } from './queued-totals';
import { ReadingPause } from './reading-pause';
import type { Reader } from './slow-readers';
import type { Sender } from './slow-senders';
import { SlotPool } from './slot-pool';

/** The connection that is guarded. */
export interface GuardedConnection {
  readonly transport: Transport;
  /** Has done with the peer, at once; `word` is the last that it hears. */
  leave(word: Packet | undefined): void;
  /** Ends the connection at once, and then its sessions. */
  drop(): void;
}

/** Holds one connection to the server's limits: counts, tells, pauses, and ends it. */
export class ConnectionGuard extends ConnectionLimits implements HeldReader, Reader, Sender {
  /** Of operations of all sessions of the connection. */
  readonly slots: SlotPool;
  private madePause: ReadingPause | undefined;
  private answers: QueuedAnswers | undefined;
  private isOver = false;

  constructor(
    private readonly connection: GuardedConnection,
    private readonly server: ServerContext,
    private readonly ticket: HandshakeTicket,
  ) {
    const { limits } = server.settings;
    super(limits);
    this.slots = new SlotPool(limits.maxInFlightPerConnection, connection.transport, server.reports);
    ticket.connection = this;
  }

  get transport(): Transport {
    return this.connection.transport;
  }

  /** Whether the server, and not the peer, is why nothing is heard. */
  get isHeld(): boolean {
    return this.madePause?.has('memory') === true;
  }

  private get pause(): ReadingPause {
    return (this.madePause ??= new ReadingPause(this.connection.transport, this.server.scheduler));
  }

  /** The peer has been answered: it is past its handshake. */
  answered(): void {
    this.ticket.settle();
  }

  /** Whether a connection that has so many sessions may have another. */
  admitsSession(count: number): boolean {
    const { maxSessionsPerConnection: allowed } = this.server.settings.limits;
    const observed = count + 1;
    if (observed <= allowed) return true;
    this.tell({ limit: 'maxSessionsPerConnection', sessionId: undefined, allowed, observed }, 'refused');
    return false;
  }

  /** A submit of the peer's has to wait, with those of all others. */
  submitQueued(): void {
    this.server.queued.meet(this);
  }

  holdReading(): void {
    const { queued, settings } = this.server;
    const [allowed, observed] = [settings.limits.maxQueuedBytes, queued.total];
    this.pause.hold('memory');
    this.tell({ limit: 'maxQueuedBytes', sessionId: undefined, allowed, observed }, 'reading-paused');
  }

  releaseReading(): void {
    this.pause.release('memory');
  }

  /** The connection is gone. */
  end(): void {
    this.isOver = true;
    this.madePause?.unsubscribe();
    this.server.queued.forget(this);
    this.ticket.leave();
  }

  override exceeded(excess: Excess): void {
    if (this.isOver) return;
    this.isOver = true;
    this.tell(excess, 'connection-closed');
    const word = farewell(excess);
    this.connection.leave(this.allowLastWord(word) ? word : undefined);
  }

  cutOff(excess: Excess): void {
    if (this.isOver) return;
    this.isOver = true;
    this.tell(excess, 'connection-closed');
    this.connection.drop();
  }

  /**
   * An answer of so many bytes that the peer has provoked was sent. The peer is not read while too many of them wait: they
   * are what it could make grow by asking and not listening.
   */
  answerSent(length: number): void {
    const { maxQueuedReplies: allowed } = this.server.settings.limits;
    const answers = (this.answers ??= new QueuedAnswers(this.connection.transport));
    answers.sent(length);
    if (this.isOver || !answers.reach(allowed)) return;
    this.pause.holdWhile(() => answers.reach(Math.max(1, allowed / 2)), {
      held: () => {
        const observed = answers.count;
        this.tell({ limit: 'maxQueuedReplies', sessionId: undefined, allowed, observed }, 'reading-paused');
      },
    });
  }

  private tell(excess: Excess, consequence: LimitConsequence): void {
    this.server.reports.limits.next({ ...excess, peer: this.connection.transport.peer, consequence });
  }
}

/** ERROR of the connection, fatal: which limit the peer has met. */
function farewell({ limit, allowed }: Excess): Packet {
  const text = `the server's limit ${limit} (${allowed}) was exceeded`;
  const { header } = makePacket({ messageType: MessageType.Error });
  const fields = { errorCode: LIMIT_CODE, errorScope: ErrorScope.Connection, isFatal: true };
  return errorPacket(header, fields, text);
}
