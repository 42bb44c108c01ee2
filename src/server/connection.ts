import { Subscription, type SchedulerLike } from 'rxjs';
import { checkHeaderOnly, checkMetadataLength, foreignSession } from '../protocol/packet-checks';
import { checkRecoveryRequest } from '../protocol/recovery';
import { describeError, protocolError, RuntimeError, unexpectedMessage } from '../protocol/runtime-error';
import type { Transport } from '../transport/transport';
import { NnrpError } from '../wire/errors';
import { MessageType, messageTypeName } from '../wire/message-type';
import { ErrorMetadata, ErrorScope } from '../wire/messages/error-message';
import {
  SessionErrorCode,
  SessionOpenAckMetadata,
  SessionOpenMetadata,
  SessionStatus,
} from '../wire/messages/session-open';
import { TransportProbeAckMetadata, TransportProbeMetadata } from '../wire/messages/transport-probe';
import { packet as makePacket, type Packet } from '../wire/packet';
import { askPolicy, checkOpen, judgeRecovery, openAck, type OpenVerdict } from './judge-open';
import { openBlocks } from './open-blocks';
import type { ServerSettings } from './options';
import { SessionCore } from './session-core';
import type { SessionEntry, SessionRegistry } from './session-registry';

/** What a connection tells the server. */
export interface ConnectionHost {
  readonly settings: ServerSettings;
  readonly registry: SessionRegistry;
  readonly scheduler: SchedulerLike;
  sessionOpened(core: SessionCore): void;
  violated(error: RuntimeError, connection: Connection, packet?: Packet): void;
  failed(error: RuntimeError): void;
  /** The transport is gone and its sessions with it. */
  ended(connection: Connection): void;
}

/**
 * What the protocol leaves open: preview3 assigns no code for a violation, this runtime's ERRORs carry
 * this one.
 */
export const VIOLATION_CODE = 0x20001;

const MAX_DIAGNOSTIC_BYTES = 256;

/**
 * A peer: reads its packets, answers those of connection scope, and hands the others to the sessions
 * that it owns.
 *
 *                       ┌─▶ SESSION_OPEN ─▶ judge ─▶ a session
 *   packets$ ─▶ demux ──┼─▶ connection scope (PING, TRANSPORT_PROBE, CLOSE)
 *               by id   └─▶ session.receive
 *
 * A fault in a well-framed packet costs that packet and is answered with ERROR; a broken frame costs
 * the connection.
 */
export class Connection {
  private readonly sessions = new Map<number, SessionCore>();
  private readonly opening = new Subscription();
  private reading: Subscription | undefined;

  constructor(
    readonly transport: Transport,
    private readonly host: ConnectionHost,
  ) {}

  /** Reads until the transport ends. */
  start(): void {
    this.reading = this.transport.packets$.subscribe({
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
    });
  }

  /** Ends every session and then the transport. */
  async close(): Promise<void> {
    this.leaveSessions();
    await this.transport.close();
    this.end();
  }

  /** Ends everything at once. */
  destroy(): void {
    this.transport.destroy();
    this.end();
  }

  private receive(packet: Packet): void {
    try {
      const { messageType, sessionId } = packet.header;
      const session = this.sessions.get(sessionId);
      if (session !== undefined) session.receive(packet);
      else if (messageType === MessageType.SessionOpen) this.onSessionOpen(packet);
      else if (sessionId === 0) this.onConnectionScope(packet);
      else throw foreignSession(messageType, 'server');
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
      case MessageType.TransportProbe:
        this.onProbe(packet);
        return;
      case MessageType.Close:
        void this.close();
        return;
      default:
        throw unexpectedMessage(`server received unexpected ${messageTypeName(packet.header.messageType)}`);
    }
  }

  private onProbe(packet: Packet): void {
    checkMetadataLength(packet, TransportProbeMetadata.length, 'server');
    const { probeId } = TransportProbeMetadata.decode(packet.metadata);
    const serverRecvTsUs = BigInt(this.host.scheduler.now()) * 1000n;
    const ack = TransportProbeAckMetadata.encode({ probeId, serverRecvTsUs });
    this.transport.send(makePacket({ messageType: MessageType.TransportProbeAck }, ack));
  }

  private onSessionOpen(packet: Packet): void {
    const { settings } = this.host;
    checkMetadataLength(packet, SessionOpenMetadata.length, 'server');
    const open = SessionOpenMetadata.decode(packet.metadata);
    if (!this.isRecoveryAllowed(open, packet)) return;
    const { auth, extension } = openBlocks(open, packet.body);
    const errorCode = checkOpen(open, settings);
    if (errorCode !== SessionErrorCode.None) {
      this.answerOpen(open, { status: SessionStatus.Rejected, errorCode });
      return;
    }
    const { peer, kind } = this.transport;
    const code$ = askPolicy({ open, auth, extension, peer, transport: kind }, settings.policy);
    this.opening.add(
      code$.subscribe({
        next: (code) => {
          this.answerPolicy(open, code);
        },
        error: (error: unknown) => {
          this.host.failed(policyFailed(open, error));
          this.answerPolicy(open, SessionErrorCode.AuthFailed);
        },
      }),
    );
  }

  private answerPolicy(open: SessionOpenMetadata, errorCode: number): void {
    const verdict: OpenVerdict =
      errorCode === SessionErrorCode.None
        ? judgeRecovery(open, this.host.settings, this.host.registry)
        : { status: SessionStatus.Rejected, errorCode };
    this.answerOpen(open, verdict);
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

  private answerOpen(open: SessionOpenMetadata, verdict: OpenVerdict): void {
    const ack = openAck(open, verdict, this.host.settings);
    const core = verdict.status === SessionStatus.Rejected ? undefined : this.install(open, ack);
    this.transport.send(
      makePacket(
        { messageType: MessageType.SessionOpenAck, sessionId: ack.sessionId },
        SessionOpenAckMetadata.encode(ack),
      ),
    );
    if (core !== undefined) this.host.sessionOpened(core);
  }

  private install(open: SessionOpenMetadata, ack: SessionOpenAckMetadata): SessionCore {
    const { registry, settings, scheduler } = this.host;
    // Whoever had the id before is superseded: by-id resume is all that gets here with one in use.
    registry.get(ack.sessionId)?.core?.detach('disconnected');
    const core = new SessionCore(
      {
        transport: this.transport,
        scheduler,
        queue: settings.queue,
        failed: (error) => {
          this.host.failed(error);
        },
        ended: (end) => {
          this.sessions.delete(ack.sessionId);
          if (end === 'disconnected' && entry.isResumable)
            registry.park(entry, ack.resumeWindowMs, scheduler);
          else registry.delete(entry);
        },
      },
      open,
      ack,
    );
    const entry: SessionEntry = { sessionId: ack.sessionId, isResumable: ack.resumeTokenBytes > 0, core };
    registry.set(entry);
    this.sessions.set(ack.sessionId, core);
    return core;
  }

  private refuse(packet: Packet, error: RuntimeError): void {
    this.host.violated(error, this, packet);
    const { sessionId, frameId, viewId } = packet.header;
    const diagnostic = new TextEncoder().encode(error.message).subarray(0, MAX_DIAGNOSTIC_BYTES);
    const metadata = ErrorMetadata.of({
      errorCode: VIOLATION_CODE,
      errorScope: sessionId === 0 ? ErrorScope.Connection : ErrorScope.Session,
      relatedSessionId: sessionId,
      relatedFrameId: frameId,
      relatedViewId: viewId,
      diagnosticBytes: diagnostic.length,
    });
    this.transport.send(
      makePacket(
        { messageType: MessageType.Error, sessionId, frameId },
        ErrorMetadata.encode(metadata),
        diagnostic,
      ),
    );
  }

  private leaveSessions(): void {
    this.opening.unsubscribe();
    for (const core of [...this.sessions.values()]) core.detach('disconnected');
  }

  private end(): void {
    this.leaveSessions();
    this.reading?.unsubscribe();
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

function policyFailed(open: SessionOpenMetadata, cause: unknown): RuntimeError {
  const message = `the policy failed for a SESSION_OPEN of session ${open.requestedSessionId}: ${describeError(cause)}`;
  return new RuntimeError('internal', message, { reach: 'session', origin: 'application', cause });
}
