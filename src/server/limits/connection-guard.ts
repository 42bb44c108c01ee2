import { isResumeAttempt } from '../../protocol/session/recovery';
import type { Transport } from '../../transport/transport';
import type { Opening } from '../opening/opening';
import type { ServerContext } from '../server-context';
import { ConnectionLimits, type Excess } from './connection-limits';
import type { HandshakeTicket } from './handshake-gate';
import type { LimitConsequence } from './limit-tripped';
import { QueuedAnswers } from './queued-answers';
import { ReadingPause, type PauseReason } from './reading-pause';
import { SlotPool } from './slot-pool';

/**
 * Holds one connection to the server's limits: counts, tells, and pauses. Which limit was exceeded it says, and the
 * connection ends of it.
 */
export class ConnectionGuard extends ConnectionLimits {
  /** Of operations of all sessions of the connection. */
  readonly slots: SlotPool;
  private readonly pause: ReadingPause;
  /** Made with the first of them. */
  private answers: QueuedAnswers | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly server: ServerContext,
    private readonly ticket: HandshakeTicket,
  ) {
    const { limits } = server.settings;
    super(limits);
    this.slots = new SlotPool(limits.maxInFlightPerConnection, transport, server.reports);
    this.pause = new ReadingPause(transport, server.scheduler);
  }

  /** Whether the server, and not the peer, is why nothing is heard. */
  get isHeld(): boolean {
    return this.pause.isOurs;
  }

  /** Reads nothing from the peer, until there is no reason left. */
  hold(reason: PauseReason): void {
    this.pause.hold(reason);
  }

  release(reason: PauseReason): void {
    this.pause.release(reason);
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

  /**
   * The connection carries a session more: where its client has had it before, or another in the place of this one, that
   * tells anew of what it shares, and how what it waits for is to be done.
   */
  carries(sessionId: number, { open, extension }: Opening): void {
    const { objects, maxInFlightOperations } = this.server.settings;
    if (!isResumeAttempt(open) && extension?.isInPlace !== true) return;
    const wanted = extension?.wantedOperations?.length ?? 0;
    const declared = objects.maxObjects < Infinity ? objects.maxObjects : 0;
    this.tellsAnew(sessionId, declared, Math.min(wanted, maxInFlightOperations));
  }

  /** A submit of the peer's has to wait, with those of all others. */
  submitQueued(): void {
    const { queued, settings } = this.server;
    if (!queued.meet(this.pause)) return;
    const [allowed, observed] = [settings.limits.maxQueuedBytes, queued.total];
    this.tell({ limit: 'maxQueuedBytes', sessionId: undefined, allowed, observed }, 'reading-paused');
  }

  /** The connection is gone. */
  end(): void {
    this.pause.unsubscribe();
    this.server.queued.forget(this.pause);
    this.ticket.leave();
  }

  /**
   * An answer of so many bytes that the peer has provoked was sent. The peer is not read while too many of them wait:
   * they are what it could make grow by asking and not listening.
   */
  answerSent(length: number): void {
    const answers = (this.answers ??= new QueuedAnswers(this.transport));
    const { maxQueuedReplies: allowed } = this.server.settings.limits;
    answers.sent(length);
    if (!answers.reach(allowed)) return;
    this.pause.holdWhile(
      () => answers.reach(Math.max(1, allowed / 2)),
      () => {
        const observed = answers.count;
        this.tell({ limit: 'maxQueuedReplies', sessionId: undefined, allowed, observed }, 'reading-paused');
      },
    );
  }

  /** Tells of a limit that the peer has met. */
  tell(excess: Excess, consequence: LimitConsequence): void {
    this.server.reports.limits.next({ ...excess, peer: this.transport.peer, consequence });
  }
}
