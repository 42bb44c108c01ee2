import { Subscription, type SchedulerLike } from 'rxjs';
import { negotiateHello, type ServerCapabilities } from '../protocol/capability/capability';
import { CreditEpoch } from '../protocol/flow/credit-epoch';
import { IdRanges } from '../protocol/operation/id-ranges';
import { checkHeaderOnly, checkMetadataLength, foreignSession } from '../protocol/packet-checks';
import { checkRecoveryRequest } from '../protocol/session/recovery';
import { describeError, protocolError, RuntimeError, unexpectedMessage } from '../protocol/runtime-error';
import { timerMs } from '../protocol/timer';
import type { Transport } from '../transport/transport';
import { NnrpError } from '../wire/errors';
import { MessageType, messageTypeName } from '../wire/message-type';
import { ErrorScope } from '../wire/messages/error-message';
import { ClientHelloMetadata, ServerHelloAckMetadata } from '../wire/messages/hello';
import { SessionOpenMetadata } from '../wire/messages/session-open';
import { TransportProbeAckMetadata, TransportProbeMetadata } from '../wire/messages/transport-probe';
import { packet as makePacket, type Packet } from '../wire/packet';
import { errorPacket, VIOLATION_CODE } from './error-packet';
import type { KeepAlive } from './options';
import type { SessionCore } from './session/session-core';
import type { OpeningConnection, SessionOpener } from './opening/session-opener';

/** What a connection needs of its server. */
export interface ConnectionHost {
  readonly opener: SessionOpener;
  readonly capabilities: ServerCapabilities;
  readonly keepAlive: KeepAlive;
  readonly scheduler: SchedulerLike;
  violated(error: RuntimeError, connection: Connection, packet?: Packet): void;
  /** The transport is gone. */
  ended(connection: Connection): void;
}

/**
 * A peer: reads its packets, answers those of connection scope, and hands the others to the sessions
 * that it owns.
 *
 *                       ┌─▶ SESSION_OPEN ─▶ opener ─▶ a session
 *   packets$ ─▶ demux ──┼─▶ connection scope (CLIENT_HELLO, PING, PONG, TRANSPORT_PROBE, CLOSE)
 *               by id   └─▶ session.receive
 *
 * A fault in a well-framed packet costs that packet and is answered with ERROR; a broken frame costs
 * the connection.
 */
export class Connection implements OpeningConnection {
  readonly creditEpoch = new CreditEpoch();
  private readonly sessions = new Map<number, SessionCore>();
  /** A close that this side ended a session with may still be acknowledged. */
  private readonly leftIds = new IdRanges({ maxRanges: 1024 });
  private readonly owned = new Subscription();
  private announced = false;
  private isOver = false;
  private lastHeard: number;
  /** Whether the peer was asked for a sign of life since it was last heard. */
  private wasAsked = false;
  private pings = 0;
  /** A PING without its PONG, and how many results each session had sent before it. */
  private proof: { readonly number: number; readonly marks: ReadonlyMap<SessionCore, number> } | undefined;

  constructor(
    readonly transport: Transport,
    private readonly host: ConnectionHost,
  ) {
    this.lastHeard = host.scheduler.now();
  }

  get isAnnounced(): boolean {
    return this.announced;
  }

  /** Reads until the transport ends. */
  start(): void {
    if (this.host.keepAlive.idleMs > 0) this.watch(this.host.keepAlive.idleMs);
    this.owned.add(
      this.transport.packets$.subscribe({
        next: (packet) => {
          this.receive(packet);
        },
        error: (error: unknown) => {
          const fault = asRuntimeError(error);
          // A network that fails is nobody's violation.
          if (fault.kind !== 'io') this.host.violated(fault, this);
          this.end();
        },
        complete: () => {
          this.end();
        },
      }),
    );
  }

  announce(): void {
    this.announced = true;
  }

  adopt(core: SessionCore): void {
    this.sessions.set(core.sessionId, core);
  }

  released(core: { readonly sessionId: number }): void {
    this.sessions.delete(core.sessionId);
    this.leftIds.add(core.sessionId);
  }

  requestProof(): void {
    if (this.proof !== undefined) return;
    this.pings += 1;
    const marks = new Map([...this.sessions.values()].map((core) => [core, core.outlet.sentResults]));
    this.proof = { number: this.pings, marks };
    this.transport.send(makePacket({ messageType: MessageType.Ping, frameId: this.pings }));
  }

  /** Sends what is queued, ends the connection, and then its sessions, as far as they cannot wait. */
  async close(): Promise<void> {
    await this.transport.close();
    this.end();
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.transport.destroy();
    this.end();
  }

  private receive(packet: Packet): void {
    this.lastHeard = this.host.scheduler.now();
    try {
      const { messageType, sessionId } = packet.header;
      const session = this.sessions.get(sessionId);
      if (messageType === MessageType.SessionOpen) this.onSessionOpen(packet);
      else if (session !== undefined) session.receive(packet);
      else if (sessionId === 0) this.onConnectionScope(packet);
      else if (messageType !== MessageType.SessionCloseAck || !this.leftIds.has(sessionId)) {
        throw foreignSession(messageType, 'server');
      }
    } catch (error) {
      this.refuse(packet, asRuntimeError(error));
    }
  }

  private onConnectionScope(packet: Packet): void {
    switch (packet.header.messageType) {
      case MessageType.Ping:
        checkHeaderOnly(packet, 'server');
        this.transport.send(makePacket({ messageType: MessageType.Pong, frameId: packet.header.frameId }));
        return;
      case MessageType.Pong:
        checkHeaderOnly(packet, 'server');
        this.onPong(packet.header.frameId);
        return;
      case MessageType.TransportProbe:
        this.onProbe(packet);
        return;
      case MessageType.ClientHello:
        this.onHello(packet);
        return;
      case MessageType.Close:
        checkMetadataLength(packet, 0, 'server');
        // In order: the sessions first, as the peer has no more use for them.
        for (const core of [...this.sessions.values()]) core.end('closed', 'closed');
        void this.close();
        return;
      default:
        throw unexpectedMessage(`server received unexpected ${messageTypeName(packet.header.messageType)}`);
    }
  }

  /** A PONG proves that everything sent before its PING was received. */
  private onPong(number: number): void {
    const { proof } = this;
    if (proof?.number !== number) return;
    this.proof = undefined;
    for (const [core, sentResults] of proof.marks) {
      if (this.sessions.get(core.sessionId) !== core) continue;
      core.heard();
      core.outlet.acknowledge(sentResults);
    }
  }

  private onProbe(packet: Packet): void {
    checkMetadataLength(packet, TransportProbeMetadata.length, 'server');
    const { probeId } = TransportProbeMetadata.decode(packet.metadata);
    const ack = TransportProbeAckMetadata.encode({ probeId, serverRecvTsUs: BigInt(this.lastHeard) * 1000n });
    this.transport.send(makePacket({ messageType: MessageType.TransportProbeAck }, ack));
  }

  private onHello(packet: Packet): void {
    try {
      checkMetadataLength(packet, ClientHelloMetadata.length, 'server');
      const outcome = negotiateHello(ClientHelloMetadata.decode(packet.metadata), this.host.capabilities);
      if (outcome.kind === 'refused') {
        throw unexpectedMessage(`server has no ${outcome.reason} in common with the client`);
      }
      const ack = ServerHelloAckMetadata.encode(outcome.ack);
      this.transport.send(makePacket({ messageType: MessageType.ServerHelloAck }, ack));
    } catch (error) {
      // Nothing that could follow would fit either.
      this.refuse(packet, asRuntimeError(error), { isFatal: true });
      void this.close();
    }
  }

  private onSessionOpen(packet: Packet): void {
    checkMetadataLength(packet, SessionOpenMetadata.length, 'server');
    const open = SessionOpenMetadata.decode(packet.metadata);
    if (!this.isRecoveryAllowed(open, packet)) return;
    const deciding = this.host.opener.open(open, packet.body, this);
    if (deciding === undefined || deciding.closed) return;
    // Forgotten once it has decided, so that a connection does not gather what it opened.
    this.owned.add(deciding);
  }

  /** A resume that is not even well-formed gets no answer: the connection ends (protocol section 9). */
  private isRecoveryAllowed(open: SessionOpenMetadata, packet: Packet): boolean {
    try {
      checkRecoveryRequest(open);
      return true;
    } catch (error) {
      if (!(error instanceof NnrpError)) throw error;
      this.host.violated(protocolError(error, 'connection'), this, packet);
      this.destroy();
      return false;
    }
  }

  private refuse(packet: Packet, error: RuntimeError, { isFatal = false } = {}): void {
    this.host.violated(error, this, packet);
    const errorScope = packet.header.sessionId === 0 ? ErrorScope.Connection : ErrorScope.Session;
    this.transport.send(
      errorPacket(packet.header, { errorCode: VIOLATION_CODE, errorScope, isFatal }, error.message),
    );
  }

  /** Notices a peer that is gone without a word, where it is one that can be asked. */
  private watch(delayMs: number): void {
    const check = this.host.scheduler.schedule(() => {
      this.owned.remove(check);
      this.checkLiveness();
    }, timerMs(delayMs));
    this.owned.add(check);
  }

  private checkLiveness(): void {
    const { idleMs, timeoutMs } = this.host.keepAlive;
    const quietMs = this.host.scheduler.now() - this.lastHeard;
    if (quietMs < idleMs) {
      this.watch(idleMs - quietMs);
    } else if (quietMs >= idleMs + timeoutMs && this.wasAsked) {
      this.destroy();
    } else {
      this.wasAsked = this.ask();
      this.watch(timeoutMs);
    }
  }

  /** Asks for a sign of life: below the protocol where the transport can, else with PING. */
  private ask(): boolean {
    if (this.transport.probe !== undefined) {
      this.transport.probe(() => {
        this.lastHeard = this.host.scheduler.now();
      });
      return true;
    }
    if (!this.announced) return false;
    this.requestProof();
    return true;
  }

  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.owned.unsubscribe();
    for (const core of [...this.sessions.values()]) core.connectionLost(this);
    this.sessions.clear();
    this.host.ended(this);
  }
}

function asRuntimeError(error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error;
  if (error instanceof NnrpError) return protocolError(error);
  return new RuntimeError('internal', describeError(error), {
    reach: 'packet',
    origin: 'local',
    cause: error,
  });
}
