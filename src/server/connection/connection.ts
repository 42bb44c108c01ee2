import { Observable, Subscription, tap, type Observer, type Subscriber } from 'rxjs';
import { judgePackets } from '../../../operators/judge-packets';
import { limitPackets, type PacketBudget } from '../../../operators/limit-packets';
import { splitBySession } from '../../../operators/split-by-session';
import { CreditEpoch } from '../../protocol/flow/credit-epoch';
import { unexpectedType, unhandled } from '../../protocol/packet-checks';
import { marked } from '../../protocol/revision/mark';
import { RevisionGuess } from '../../protocol/revision/revision-guess';
import type { SessionExtension } from '../../protocol/session/session-extension';
import { asRuntimeError } from '../../protocol/as-runtime-error';
import type { RuntimeError } from '../../protocol/runtime-error';
import { SignsOfLife } from '../../transport/liveness/signs-of-life';
import type { Transport } from '../../transport/transport';
import type { UnfinishedPacket } from '../../transport/unfinished-packet';
import { packetLength } from '../../wire/encode-packet';
import type { TypeFrom } from '../../wire/message';
import { MessageType } from '../../wire/message-type';
import { SessionOpenMetadata } from '../../wire/messages/session-open';
import type { Packet } from '../../wire/packet';
import type { RateClass, Revision } from '../../wire/revision';
import { CarriedSessions, type CarriedSession, type LeavingSession } from './carried-sessions';
import { closeSoon, closeTransport } from './close-transport';
import { farewell, helloAck, pong, probeAck, refusal } from './connection-answers';
import { faultOfOpen, isRefusal, mayBeTold, mayHearOfOpen } from './connection-faults';
import { ConnectionGuard } from '../limits/connection-guard';
import type { Excess } from '../limits/connection-limits';
import type { ConnectionRateName } from '../limits/server-limits';
import type { WatchedConnection } from '../limits/watched-connection';
import type { HandshakeTicket } from '../limits/handshake-gate';
import type { SlotPool } from '../limits/slot-pool';
import { readOpening, type Opening } from '../opening/opening';
import type { OpenAnswer, SessionOpener } from '../opening/session-opener';
import { payToll } from './pay-toll';
import { PeerWatch } from './peer-watch';
import { ReceiptProof } from './receipt-proof';
import { RelayingClient } from '../relay/relaying-client';
import type { ServerContext } from '../server-context';
import { receive } from '../session/messages/receive';
import type { Attachment } from '../session/results/attachment';

/** What a client says of the connection. */
type ConnectionType = TypeFrom<'client', 'connection' | 'opening' | 'any', 'preview3' | 'preview4'>;

/**
 * How far a connection is in coming to its end.
 *
 *   open ──a limit was met──▶ leaving: says no more, hears no more ──▶ over
 *     └──────────────────── its transport has ended ──────────────────▲
 */
type ConnectionPhase = 'open' | 'leaving' | 'over';

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
export class Connection implements Attachment, WatchedConnection, PacketBudget<Excess>, Observer<Packet> {
  readonly isRelayed = false;
  readonly creditEpoch = new CreditEpoch();
  readonly slots: SlotPool;
  private phase: ConnectionPhase = 'open';
  /** What the client takes, where it has announced itself. */
  private told: SessionExtension | undefined;
  private readonly sessions = new CarriedSessions();
  readonly proof: ReceiptProof;
  private reading = Subscription.EMPTY;
  private pipeline: Subscriber<Packet> | undefined;
  /** SESSION_OPENs that a policy is still thinking about. */
  private deciding = 0;
  private readonly guard: ConnectionGuard;
  private readonly life: SignsOfLife;
  private readonly watch: PeerWatch;
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
    this.proof = new ReceiptProof(transport, this.sessions);
    this.watch = new PeerWatch(this, this.life, this.proof, server);
    this.guard = new ConnectionGuard(transport, server, ticket);
    this.slots = this.guard.slots;
    ticket.connection = this;
    connections.add(this);
  }

  /** What the peer speaks, as far as is known. */
  get revision(): Revision {
    return this.guess.revision;
  }

  get isReference(): boolean {
    return this.guess.isReference;
  }

  takesUp(revision: Revision, certainty: { readonly isCertain: boolean }): boolean {
    return this.guess.takesUp(revision, certainty);
  }

  get isHeld(): boolean {
    return this.guard.isHeld;
  }

  get isAnnounced(): boolean {
    return this.told !== undefined;
  }

  /** Bytes of header and body that the client takes in one packet; Infinity where it has not said. */
  get largestPacket(): number {
    return this.told?.largestPacket ?? Infinity;
  }

  start(): void {
    if (this.transport.probe !== undefined) this.watch.start();
    const packets$ = new Observable<Packet>((subscriber) => {
      // Before the first packet: the connection may end with it.
      this.reading = subscriber;
      subscriber.add(this.watch);
      return this.transport.packets$.subscribe(subscriber);
    });
    packets$.subscribe(this);
  }

  /** A packet has come. Who only connects pays for no pipeline. */
  next(packet: Packet): void {
    if (this.pipeline === undefined) this.begin();
    this.pipeline?.next(packet);
  }

  private begin(): void {
    const { guess, sessions } = this;
    const revision = (): Revision => guess.revision;
    const onViolation = (fault: RuntimeError, packet: Packet): void => this.refuse(packet, fault);
    const packets$ = new Observable<Packet>((first) => {
      this.pipeline = first;
    });
    const ofConnection$ = packets$.pipe(
      // The first to see a packet looks at it; the others go by that.
      limitPackets(this, {
        revision: (packet) => guess.look(packet),
        onViolation: (excess) => this.exceeded(excess),
      }),
      judgePackets({ revision, onViolation }),
      splitBySession(sessions, (core, packet) => this.receive(core, packet), {
        revision,
        isLate: (packet) => sessions.isLate(packet),
        onViolation,
      }),
    );
    const error = (failure: unknown): void => this.error(failure);
    this.reading.add(ofConnection$.subscribe({ next: (packet) => this.receiveOwn(packet), error }));
  }

  charge(packet: Packet, rate: RateClass | undefined): Excess | undefined {
    this.life.packet();
    return this.guard.charge(packet, rate, this.life.lastHeard);
  }

  /** The transport has failed, or what came over it was no packet. */
  error(error: unknown): void {
    const fault = asRuntimeError(error);
    // A network that fails is nobody's violation.
    if (fault.kind !== 'io') this.report(fault);
    this.end();
  }

  complete(): void {
    this.end();
  }

  released(core: LeavingSession): void {
    this.sessions.leave(core);
    this.guard.leaves(core.sessionId);
  }

  requestProof(): void {
    this.proof.ask();
  }

  /** Sends what is queued, ends the connection, and then its sessions, as far as they cannot wait. */
  async close(): Promise<void> {
    await closeTransport(this.transport);
    this.end();
  }

  /** Sends the client to another node, where it goes on with what it has in flight as after a loss of the connection. */
  handOver(): void {
    if (this.phase === 'open' && this.sessions.areHandedOver) this.leave();
  }

  destroy(): void {
    this.transport.destroy();
    this.end();
  }

  giveUp(core: LeavingSession): void {
    if (this.transport.queuedBytes === 0 && !this.sessions.areBusyBeside(core)) this.destroy();
  }

  private receiveOwn(packet: Packet): void {
    try {
      this.onConnectionScope(packet);
    } catch (error) {
      this.refuse(packet, asRuntimeError(error));
    }
  }

  private onConnectionScope(packet: Packet): void {
    const messageType = packet.header.messageType as ConnectionType;
    switch (messageType) {
      case MessageType.SessionOpen:
        this.onSessionOpen(packet);
        return;
      case MessageType.Ping:
        this.answer(pong(packet));
        return;
      case MessageType.Pong:
        if (!this.proof.answered(packet.header.frameId, this.life.lastHeard)) this.count('pongs', 0);
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
      case MessageType.FlowUpdate:
      case MessageType.Backpressure:
      case MessageType.CreditUpdate:
        throw unexpectedType(messageType, 'server');
      default:
        unhandled(messageType, 'server');
    }
  }

  private onHello(packet: Packet): void {
    const ack = helloAck(packet, this.server.capabilities);
    this.guess.isGreeted = true;
    this.answer(this.guess.isMarked ? marked(ack, this.guess.name) : ack);
    this.guard.answered();
  }

  /** Hands a session its packet, and counts what that costs. */
  private receive(core: CarriedSession, packet: Packet): void {
    if (core.isRelayed) {
      core.receive(packet);
      return;
    }
    const toll = receive(core, packet, this.life.lastHeard);
    if (toll !== undefined) payToll(toll, this.guard, (rate) => this.count(rate, core.sessionId));
  }

  private onSessionOpen(packet: Packet): void {
    const open = SessionOpenMetadata.decode(packet.metadata);
    const fault = faultOfOpen(open, packet.body, this.guess);
    if (fault !== undefined) {
      this.report(fault, packet);
      if (mayHearOfOpen(this.guess, open)) {
        this.answer(refusal(packet.header, fault, { isFatal: true }));
        void this.close();
      } else this.destroy();
      return;
    }
    const opening = readOpening(open, packet.body, this);
    if (opening.extension !== undefined) {
      this.told = opening.extension;
      this.watch.start();
    }
    const hasRoom = (): boolean => this.guard.admitsSession(this.sessions.size + this.deciding);
    const deciding = this.opener
      .judge(opening, hasRoom, () => new RelayingClient(this, this.guess, this.guard))
      .pipe(tap((answer) => this.answerOpen(opening, answer)))
      .subscribe({ error: (error: unknown) => this.report(asRuntimeError(error)) });
    if (deciding.closed) return;
    this.deciding += 1;
    deciding.add(() => (this.deciding -= 1));
    this.reading.add(deciding);
  }

  /** Does what was decided about a SESSION_OPEN. */
  private answerOpen(opening: Opening, answer: OpenAnswer): void {
    if (answer.isAccepted) this.guard.accepted();
    if (answer.kind === 'refused') {
      this.answer(answer.ack);
      this.guard.answered();
      this.count('refusals', 0);
      const { guess } = answer;
      if (guess !== undefined) this.judge(this.guard.tokenFailed(guess.sessionId, guess.ofAddress));
      return;
    }
    // It waits with its session, and those are few.
    this.say(answer.ack);
    this.guard.answered();
    this.sessions.add(answer.core);
    this.guard.carries(answer.core.sessionId, opening);
    this.opener.begin(answer, opening);
  }

  private refuse(packet: Packet, error: RuntimeError): void {
    const { sessionId, messageType } = packet.header;
    this.report(error, packet);
    // What comes late for a session that has left is no fault: its peer may not have heard of it.
    const isRefused = isRefusal(error) || this.sessions.hasLeft(sessionId);
    if (!this.count(isRefused ? 'refusals' : 'violations', sessionId)) return;
    // Nothing that could follow a hello that does not fit would fit either.
    const isFatal = messageType === MessageType.ClientHello && sessionId === 0;
    const isOfSession = this.sessions.get(sessionId) !== undefined;
    if (mayBeTold(this.guess, { isFatal, isOfSession }))
      this.answer(refusal(packet.header, error, { isFatal }));
    if (isFatal) void this.close();
  }

  private report(error: RuntimeError, packet?: Packet): void {
    const { failures, violations } = this.server.reports;
    if (error.kind === 'internal') failures.next(error);
    else violations.next({ error, peer: this.transport.peer, header: packet?.header });
  }

  allowUnfinished(unfinished: UnfinishedPacket): boolean {
    return this.judge(this.guard.unfinished(unfinished));
  }

  /** Has done with the peer: ends what cannot wait at once, and the connection once the last word is out. */
  exceeded(excess: Excess): void {
    if (this.phase !== 'open') return;
    this.phase = 'leaving';
    this.guard.tell(excess, 'connection-closed');
    const word = farewell(excess);
    if (this.guard.allowLastWord(word)) this.transport.send(word);
    this.leave();
  }

  /** Says and hears no more; what was said may still be taken. */
  private leave(): void {
    this.phase = 'leaving';
    void closeSoon(this.transport, this.server.scheduler).then(() => this.end());
    this.reading.unsubscribe();
    this.releaseSessions();
  }

  cutOff(excess: Excess): void {
    if (this.phase !== 'open') return;
    this.phase = 'leaving';
    this.guard.tell(excess, 'connection-closed');
    // Its sessions hear of it as the transport ends: this may be in the middle of a packet of theirs.
    this.transport.destroy();
  }

  answer(packet: Packet): void {
    if (this.say(packet)) this.guard.answerSent(packetLength(packet));
  }

  private say(packet: Packet): boolean {
    if (this.phase !== 'open' || !this.judge(this.guard.sends(packet))) return false;
    this.transport.send(packet);
    return true;
  }

  /** Counts what a rate is for; false where it is once too often. */
  count(limit: ConnectionRateName, sessionId: number): boolean {
    return this.judge(this.guard.count(limit, sessionId, this.life.lastHeard));
  }

  /** Whether a limit was kept; the connection ends where not. */
  private judge(excess: Excess | undefined): boolean {
    if (excess !== undefined) this.exceeded(excess);
    return excess === undefined;
  }

  private end(): void {
    if (this.phase === 'over') return;
    this.phase = 'over';
    this.reading.unsubscribe();
    this.releaseSessions();
    this.guard.end();
    this.connections.delete(this);
  }

  private releaseSessions(): void {
    for (const core of this.sessions.all()) core.connectionLost(this);
    this.sessions.clear();
  }
}
