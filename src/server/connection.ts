import { Observable, Subscription, tap, type Observer } from 'rxjs';
import { judgePackets } from '../../operators/judge-packets';
import { limitPackets, type PacketBudget } from '../../operators/limit-packets';
import { splitBySession } from '../../operators/split-by-session';
import { CreditEpoch } from '../protocol/flow/credit-epoch';
import { unexpectedType } from '../protocol/packet-checks';
import { marked } from '../protocol/revision/mark';
import { RevisionGuess } from '../protocol/revision/revision-guess';
import type { SessionExtension } from '../protocol/session/session-extension';
import { SessionTable } from '../protocol/session/session-table';
import { asRuntimeError } from '../protocol/as-runtime-error';
import type { RuntimeError } from '../protocol/runtime-error';
import { LivenessWatch, type WatchedPeer } from '../transport/keep-alive';
import { SignsOfLife } from '../transport/signs-of-life';
import type { Transport } from '../transport/transport';
import { HEADER_LENGTH } from '../wire/header';
import { MessageType } from '../wire/message-type';
import { SessionOpenMetadata } from '../wire/messages/session-open';
import type { Packet } from '../wire/packet';
import type { RateClass, Revision } from '../wire/revision';
import { closeSoon, closeTransport } from './close-transport';
import { helloAck, pong, probeAck, refusal } from './connection-answers';
import { faultOfOpen, mayBeTold } from './connection-faults';
import { ConnectionGuard, type GuardedConnection } from './limits/connection-guard';
import { lengthOf, type Excess } from './limits/connection-limits';
import type { HandshakeTicket } from './limits/handshake-gate';
import type { SlotPool } from './limits/slot-pool';
import type { OpenAnswer, Opening, SessionOpener } from './opening/session-opener';
import { ReceiptProof } from './receipt-proof';
import type { ServerContext } from './server-context';
import { receive } from './session/messages/receive';
import type { Attachment } from './session/results/session-outlet';
import type { SessionCore } from './session/session-core';

/**
 * A peer: reads its packets, answers those of connection scope, and hands the others to the sessions that it owns.
 *
 *   transport.packets$ ─▶ limitPackets ─▶ judgePackets ─▶ splitBySession ─▶ connection scope
 *                                                              │
 *                                                              └─▶ session.receive
 *
 * A fault in a well-framed packet costs that packet and is answered with ERROR; a broken frame costs
 * the connection.
 */
export class Connection
  implements Attachment, GuardedConnection, WatchedPeer, PacketBudget<Excess>, Observer<Packet>
{
  /** Bytes of header and body that the client takes in one packet; Infinity where it has not said. */
  largestPacket = Infinity;
  private madeCreditEpoch: CreditEpoch | undefined;
  private madeProof: ReceiptProof | undefined;
  private readonly sessions = new SessionTable<SessionCore>();
  /** Sessions that have left, each of whose close may still be acknowledged, once. */
  private dueCloseAcks = 0;
  private watch: LivenessWatch | undefined;
  private readonly reading = new Subscription();
  /** What policies are still thinking about. */
  private readonly deciding = new Subscription();
  private announced = false;
  private isOver = false;
  private readonly guard: ConnectionGuard;
  /** Whether this side has done with the peer: what still comes is not heard. */
  private isLeaving = false;
  /** SESSION_OPENs that a policy is still thinking about. */
  private decidingCount = 0;
  private readonly life: SignsOfLife;
  private readonly guess: RevisionGuess;

  constructor(
    readonly transport: Transport,
    private readonly server: ServerContext,
    private readonly opener: SessionOpener,
    /** Those of the server, until they end. */
    private readonly connections: Set<Connection>,
    ticket: HandshakeTicket,
  ) {
    this.life = new SignsOfLife(transport, server.scheduler);
    this.guess = new RevisionGuess(server.settings.revisions, () => {
      for (const core of this.sessions.all()) core.revised(this.revision);
    });
    this.guard = new ConnectionGuard(this, server, ticket);
    connections.add(this);
  }

  /** Of operations of all sessions of the connection. */
  get slots(): SlotPool {
    return this.guard.slots;
  }

  /** What the peer speaks, as far as is known. */
  get revision(): Revision {
    return this.guess.revision;
  }

  get isReference(): boolean {
    return this.guess.isReference;
  }

  get creditEpoch(): CreditEpoch {
    return (this.madeCreditEpoch ??= new CreditEpoch());
  }

  private get proof(): ReceiptProof {
    return (this.madeProof ??= new ReceiptProof(this.transport, this.sessions));
  }

  signs(): SignsOfLife {
    return this.life.look({ isRead: !this.guard.isHeld });
  }

  get isAnnounced(): boolean {
    return this.announced;
  }

  /** Reads until the transport ends. */
  start(): void {
    if (this.transport.probe !== undefined) this.watchLiveness();
    const { guess, sessions } = this;
    const revision = (packet: Packet): Revision => {
      guess.look(packet);
      return guess.revision;
    };
    const onViolation = (fault: RuntimeError, packet: Packet): void => {
      this.refuse(packet, fault);
    };
    const packets$ = new Observable<Packet>((subscriber) => {
      // Before the first packet: the connection may end with it.
      this.reading.add(subscriber);
      return this.transport.packets$.subscribe(subscriber);
    });
    packets$
      .pipe(
        limitPackets(this, { revision, onViolation: (excess) => this.guard.exceeded(excess) }),
        judgePackets({ revision, onViolation }),
        splitBySession(sessions, (core, packet) => this.receive(core, packet), {
          revision,
          isLate: (packet) => this.isLate(packet),
          onViolation,
        }),
      )
      .subscribe(this);
  }

  charge(packet: Packet, rate: RateClass | undefined): Excess | undefined {
    this.life.packet();
    return this.guard.charge(packet, rate, this.life.lastHeard);
  }

  /** The transport has failed, or what came over it was no packet. */
  error(error: unknown): void {
    const fault = asRuntimeError(error);
    if (fault.kind === 'internal') this.server.reports.failures.next(fault);
    // A network that fails is nobody's violation.
    else if (fault.kind !== 'io') this.violated(fault);
    this.end();
  }

  /** The transport has ended. */
  complete(): void {
    this.end();
  }

  announce({ largestPacket = Infinity }: SessionExtension): void {
    this.announced = true;
    this.largestPacket = largestPacket;
    this.watchLiveness();
  }

  /** From when on the peer can be asked: a timer for each that says nothing would cost more than the peer. */
  private watchLiveness(): void {
    if (this.isOver) return;
    this.watch ??= new LivenessWatch(this, this.server.settings.keepAlive, this.server.scheduler);
  }

  released(core: { readonly sessionId: number }): void {
    this.sessions.release(core.sessionId);
    this.dueCloseAcks += 1;
  }

  requestProof(): void {
    this.proof.ask();
  }

  /** Sends what is queued, ends the connection, and then its sessions, as far as they cannot wait. */
  async close(): Promise<void> {
    await closeTransport(this.transport);
    this.end();
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.transport.destroy();
    this.end();
  }

  /** A packet of connection scope has come. */
  next(packet: Packet): void {
    try {
      if (packet.header.messageType === MessageType.SessionOpen) this.onSessionOpen(packet);
      else this.onConnectionScope(packet);
    } catch (error) {
      this.refuse(packet, asRuntimeError(error));
    }
  }

  private onConnectionScope(packet: Packet): void {
    switch (packet.header.messageType) {
      case MessageType.Ping:
        this.answer(pong(packet));
        return;
      case MessageType.Pong:
        if (this.madeProof?.answered(packet.header.frameId, this.life.lastHeard) === true) return;
        this.guard.allow('pongs', 0, this.life.lastHeard);
        return;
      case MessageType.TransportProbe:
        this.answer(probeAck(packet, this.server.settings.wallClock.now()));
        return;
      case MessageType.ClientHello:
        this.onHello(packet);
        return;
      case MessageType.Close:
        // In order: the sessions first, as the peer has no more use for them.
        for (const core of this.sessions.all()) core.end('closed', 'closed');
        void this.close();
        return;
      default:
        throw unexpectedType(packet.header.messageType, 'server');
    }
  }

  private onHello(packet: Packet): void {
    const ack = helloAck(packet, this.server.capabilities);
    this.guess.isGreeted = true;
    this.answer(this.guess.isMarked ? marked(ack, this.guess.name) : ack);
    this.guard.answered();
  }

  /** Hands a session its packet, and counts what that costs. */
  private receive(core: SessionCore, packet: Packet): void {
    const now = this.life.lastHeard;
    const toll = receive(core, packet, now);
    if (toll === undefined) return;
    switch (toll) {
      case 'queued':
        this.guard.submitQueued();
        return;
      case 'cancelled-early':
        this.guard.allow('cancels', core.sessionId, now);
        return;
      case 'refused':
        // The answer went where results go, and has a header at least.
        this.guard.answerSent(HEADER_LENGTH);
        this.guard.allow('refusals', core.sessionId, now);
        return;
    }
  }

  /** Whether a packet of no session acknowledges the close of one that has left; each may, once. */
  private isLate({ header: { messageType, sessionId } }: Packet): boolean {
    if (messageType !== MessageType.SessionCloseAck) return false;
    if (this.dueCloseAcks === 0 || !this.sessions.hasLeft(sessionId)) return false;
    this.dueCloseAcks -= 1;
    return true;
  }

  private onSessionOpen(packet: Packet): void {
    const open = SessionOpenMetadata.decode(packet.metadata);
    const fault = faultOfOpen(open, packet.body, this.guess);
    if (fault !== undefined) {
      this.violated(fault, packet);
      this.destroy();
      return;
    }
    const { opener } = this;
    const opening = opener.read(open, packet.body, this);
    if (opening.extension !== undefined) this.announce(opening.extension);
    const refusal = opener.check(opening) ?? (this.admitsSession() ? undefined : opener.noRoom(opening));
    if (refusal !== undefined) {
      this.answerOpen(opening, refusal);
      return;
    }
    const deciding = opener
      .decide(opening)
      .pipe(tap((answer) => this.answerOpen(opening, answer)))
      .subscribe({
        error: (error: unknown) => {
          this.server.reports.failures.next(asRuntimeError(error));
        },
      });
    if (deciding.closed) return;
    this.decidingCount += 1;
    deciding.add(() => {
      this.decidingCount -= 1;
    });
    // Forgotten once it has decided, so that a connection does not gather what it opened.
    this.deciding.add(deciding);
  }

  private admitsSession(): boolean {
    return this.guard.admitsSession(this.sessions.size + this.decidingCount);
  }

  /** Does what was decided about a SESSION_OPEN. */
  private answerOpen(opening: Opening, answer: OpenAnswer): void {
    if (answer.isAccepted) this.guard.accepted();
    if (answer.kind === 'refused') {
      this.answer(answer.ack);
      this.guard.answered();
      this.guard.allow('refusals', 0, this.life.lastHeard);
      if (answer.guess !== undefined) this.guard.tokenFailed(answer.guess.sessionId, answer.guess.ofAddress);
      return;
    }
    // It waits with its session, and those are few.
    this.say(answer.ack);
    this.guard.answered();
    this.sessions.add(answer.core);
    this.opener.begin(answer, opening);
  }

  private refuse(packet: Packet, error: RuntimeError): void {
    const { sessionId, messageType } = packet.header;
    if (error.kind === 'internal') this.server.reports.failures.next(error);
    else this.violated(error, packet);
    if (!this.guard.allow(this.rateOf(sessionId, error), sessionId, this.life.lastHeard)) return;
    // Nothing that could follow a hello that does not fit would fit either.
    const isFatal = messageType === MessageType.ClientHello && sessionId === 0;
    const isOfSession = this.sessions.get(sessionId) !== undefined;
    if (mayBeTold(this.guess, { isFatal, isOfSession }))
      this.answer(refusal(packet.header, error, { isFatal }));
    if (isFatal) void this.close();
  }

  private violated(error: RuntimeError, packet?: Packet): void {
    this.server.reports.violations.next({ error, peer: this.transport.peer, header: packet?.header });
  }

  /** What comes late for a session that has left is no fault: its peer may not have heard of it. */
  private rateOf(sessionId: number, error: RuntimeError): 'violations' | 'refusals' {
    return error.kind === 'internal' || this.sessions.hasLeft(sessionId) ? 'refusals' : 'violations';
  }

  /**
   * Has done with the peer: ends the sessions at once, as far as they cannot wait, and the connection once
   * the last word is out.
   */
  leave(word: Packet | undefined): void {
    this.isLeaving = true;
    if (word !== undefined) this.transport.send(word);
    const closed = closeSoon(this.transport, this.server.scheduler);
    this.stop();
    this.releaseSessions();
    void closed.then(() => {
      this.end();
    });
  }

  drop(): void {
    this.isLeaving = true;
    // Its sessions hear of it as the transport ends: this may be in the middle of a packet of theirs.
    this.transport.destroy();
  }

  answer(packet: Packet): void {
    if (this.say(packet)) this.guard.answerSent(lengthOf(packet));
  }

  private say(packet: Packet): boolean {
    if (this.isLeaving || !this.guard.allowAnswer(packet)) return false;
    this.transport.send(packet);
    return true;
  }

  /** Asks for a sign of life: below the protocol where the transport can, else with PING. */
  ask(): boolean {
    if (this.life.probe()) return true;
    if (!this.announced) return false;
    this.proof.ping();
    return true;
  }

  /** The peer is gone without a word. */
  gone(): void {
    this.destroy();
  }

  private stop(): void {
    this.watch?.unsubscribe();
    this.reading.unsubscribe();
    this.deciding.unsubscribe();
  }

  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.stop();
    this.releaseSessions();
    this.guard.end();
    this.connections.delete(this);
  }

  private releaseSessions(): void {
    if (this.sessions.size === 0) return;
    for (const core of this.sessions.all()) core.connectionLost(this);
    this.sessions.clear();
  }
}
