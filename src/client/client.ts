import {
  asyncScheduler,
  firstValueFrom,
  Subject,
  timeout,
  TimeoutError,
  type Observable,
  type SchedulerLike,
  type Subscription,
} from 'rxjs';
import { checkHeaderOnly, checkMetadataLength, foreignSession } from '../protocol/packet-checks';
import { validateFlowRouting } from '../protocol/flow';
import { IdRanges } from '../protocol/id-ranges';
import { checkFlagsDowngradeOnly, checkRecoveryAck } from '../protocol/recovery';
import { describeError, protocolError, RuntimeError, unexpectedMessage } from '../protocol/runtime-error';
import { SessionState } from '../protocol/session-lifecycle';
import type { ConnectEndpoint } from '../transport/endpoint';
import type { PeerName, Transport, TransportKind } from '../transport/transport';
import { breaksRule, NnrpError } from '../wire/errors';
import { decodeMessage, type Message, type MessageOf } from '../wire/message';
import { MessageType, messageTypeName } from '../wire/message-type';
import { ErrorMetadata } from '../wire/messages/error-message';
import { FlowUpdateMetadata } from '../wire/messages/flow-update';
import { SessionOpenAckMetadata, SessionOpenMetadata, SessionStatus } from '../wire/messages/session-open';
import { EMPTY, packet as makePacket, type Packet } from '../wire/packet';
import { Awaited } from './awaited';
import { SessionRejectedError } from './errors';
import { sessionOpen, type ClientOptions, type SessionOptions } from './options';
import { ConnectedSession, type ClientSession } from './session';

/** A connection to a server. */
export interface Client {
  readonly peer: PeerName;
  readonly transport: TransportKind;
  /** What the server did that the protocol forbids; each has cost its packet. */
  readonly violations$: Observable<RuntimeError>;
  /** ERRORs of the server that concern no operation. */
  readonly errors$: Observable<Message<typeof MessageType.Error>>;
  /** Completes when the connection has ended cleanly, errors with a `RuntimeError` where it failed. */
  readonly ended$: Observable<never>;
  /**
   * Opens a session; one connection may carry many. Rejects with a `SessionRejectedError` where the
   * server refuses it, with a `RuntimeError` where the connection ends first.
   *
   * @example
   * const session = await client.openSession({ requestedSessionId: 0 });
   */
  openSession(options?: SessionOptions): Promise<ClientSession>;
  /** Ends every session and the connection. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Connects to a server. Rejects with a `RuntimeError`: `io` with host and port where nobody answers,
 * `unsupported-transport` where `options.transport` names another kind.
 *
 * @example
 * const client = await connect(tcp({ port: 4433 }));
 * const session = await client.openSession();
 */
export async function connect(endpoint: ConnectEndpoint, options: ClientOptions = {}): Promise<Client> {
  const { transport: kind = endpoint.kind, scheduler = asyncScheduler } = options;
  if (kind !== endpoint.kind) throw unsupportedTransport(endpoint.kind, kind);
  const { connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
  try {
    const transport = await firstValueFrom(
      endpoint.connect().pipe(timeout({ first: connectTimeoutMs, scheduler })),
      { defaultValue: undefined },
    );
    if (transport === undefined) throw connectionOver(endpoint.url);
    return new ClientConnection(transport, scheduler);
  } catch (error) {
    if (error instanceof TimeoutError) throw connectTimedOut(endpoint.url, connectTimeoutMs);
    throw error;
  }
}

class ClientConnection implements Client {
  readonly violations$: Observable<RuntimeError>;
  readonly errors$: Observable<Message<typeof MessageType.Error>>;
  readonly ended$: Observable<never>;
  private readonly sessions = new Map<number, ConnectedSession>();
  /** What still comes for these is late, not foreign; bounded, since ids gather in ranges. */
  private readonly closedIds = new IdRanges({ maxRanges: 1024 });
  private readonly opens = new Awaited<SessionOpenMetadata, ClientSession>();
  private readonly unsentOpens: { open: SessionOpenMetadata; body: Uint8Array }[] = [];
  private readonly violations = new Subject<RuntimeError>();
  private readonly errors = new Subject<Message<typeof MessageType.Error>>();
  private readonly ended = new Subject<never>();
  private readonly reading: Subscription;
  private isOver = false;

  constructor(
    private readonly connection: Transport,
    private readonly scheduler: SchedulerLike,
  ) {
    this.violations$ = this.violations.asObservable();
    this.errors$ = this.errors.asObservable();
    this.ended$ = this.ended.asObservable();
    this.reading = connection.packets$.subscribe({
      next: (packet) => {
        this.receive(packet);
      },
      error: (error: unknown) => {
        this.end(asRuntimeError(error));
      },
      complete: () => {
        this.end();
      },
    });
  }

  get peer(): PeerName {
    return this.connection.peer;
  }

  get transport(): TransportKind {
    return this.connection.kind;
  }

  openSession(options: SessionOptions = {}): Promise<ClientSession> {
    if (this.isOver) return Promise.reject(connectionOver(this.peer));
    const open = sessionOpen(options);
    const opened = this.opens.add(open);
    this.unsentOpens.push({ open, body: options.auth ?? EMPTY });
    // An ack does not say which open it answers, so there is one under way at a time.
    if (this.opens.size === 1) this.sendNextOpen();
    return opened;
  }

  async close(): Promise<void> {
    if (this.isOver) return;
    this.leaveSessions('session-closed');
    await this.connection.close();
    this.end();
  }

  private receive(packet: Packet): void {
    try {
      const { messageType, sessionId } = packet.header;
      const session = this.sessions.get(sessionId);
      if (session !== undefined && messageType !== MessageType.SessionOpenAck) session.receive(packet);
      else if (sessionId === 0 || messageType === MessageType.SessionOpenAck) this.onConnectionScope(packet);
      // A session that has just ended may still be written to: that is no fault of the server.
      else if (!this.closedIds.has(sessionId)) throw foreignSession(messageType, 'client');
    } catch (error) {
      this.violations.next(asRuntimeError(error));
    }
  }

  private onConnectionScope(packet: Packet): void {
    switch (packet.header.messageType) {
      case MessageType.SessionOpenAck:
        this.onOpenAck(packet);
        return;
      case MessageType.FlowUpdate:
        checkMetadataLength(packet, FlowUpdateMetadata.length, 'client');
        this.onConnectionFlow(decodeMessage(packet) as MessageOf<typeof MessageType.FlowUpdate>);
        return;
      case MessageType.Error:
        checkMetadataLength(packet, ErrorMetadata.length, 'client');
        this.errors.next(decodeMessage(packet) as MessageOf<typeof MessageType.Error>);
        return;
      case MessageType.Ping:
        checkHeaderOnly(packet, 'client');
        this.connection.send(makePacket({ messageType: MessageType.Pong, frameId: packet.header.frameId }));
        return;
      case MessageType.Close:
        void this.close();
        return;
      default:
        throw unexpectedMessage(`client received unexpected ${messageTypeName(packet.header.messageType)}`);
    }
  }

  private onConnectionFlow(update: MessageOf<typeof MessageType.FlowUpdate>): void {
    validateFlowRouting(update.header, update.metadata);
    for (const session of this.sessions.values()) session.takeFlow(update);
  }

  private onOpenAck(packet: Packet): void {
    checkMetadataLength(packet, SessionOpenAckMetadata.length, 'client');
    const ack = SessionOpenAckMetadata.decode(packet.metadata);
    const isAsked = this.opens.settle((open) => this.install(open, ack));
    if (!isAsked) throw unexpectedMessage('client received SESSION_OPEN_ACK that it did not ask for');
    this.sendNextOpen();
  }

  /** The session of an ack; throws where the ack refuses it, or does not fit what was asked. */
  private install(open: SessionOpenMetadata, ack: SessionOpenAckMetadata): ClientSession {
    const { sessionStatus, sessionId } = ack;
    checkRecoveryAck(open, ack);
    checkFlagsDowngradeOnly(open, ack);
    if (sessionStatus === SessionStatus.Rejected || sessionStatus === SessionStatus.RetryLater) {
      throw new SessionRejectedError(sessionStatus, ack.sessionErrorCode);
    }
    if (sessionId === 0) breaksRule('successful SESSION_OPEN_ACK requires a non-zero session_id');
    if (this.sessions.has(sessionId)) throw new NnrpError({ kind: 'SessionAlreadyExists', sessionId });
    const state = sessionStatus === SessionStatus.Resumed ? SessionState.Resumed : SessionState.Open;
    const { connection: transport, scheduler } = this;
    const session = new ConnectedSession(
      {
        transport,
        scheduler,
        ended: () => {
          this.sessions.delete(sessionId);
          this.closedIds.add(sessionId);
        },
      },
      ack,
      state,
    );
    this.sessions.set(sessionId, session);
    return session;
  }

  private sendNextOpen(): void {
    const next = this.unsentOpens.shift();
    if (next === undefined) return;
    const metadata = SessionOpenMetadata.encode(next.open);
    this.connection.send(makePacket({ messageType: MessageType.SessionOpen }, metadata, next.body));
  }

  private leaveSessions(reason: 'session-closed' | 'connection-lost'): void {
    for (const session of [...this.sessions.values()]) session.end(reason);
  }

  private end(error?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.leaveSessions('connection-lost');
    this.opens.rejectAll(error ?? connectionOver(this.peer));
    this.reading.unsubscribe();
    this.violations.complete();
    this.errors.complete();
    if (error === undefined) this.ended.complete();
    else this.ended.error(error);
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

function connectionOver(peer: PeerName): RuntimeError {
  return new RuntimeError('io', `the connection to ${peer} has ended; connect again`, {
    reach: 'connection',
    origin: 'local',
  });
}

function connectTimedOut(url: string, ms: number): RuntimeError {
  return new RuntimeError('io', `cannot connect to ${url}: no answer within ${ms} ms`, {
    reach: 'connection',
    origin: 'local',
  });
}

function unsupportedTransport(actual: TransportKind, expected: TransportKind): RuntimeError {
  return new RuntimeError(
    'unsupported-transport',
    `the client is configured for ${expected} and was given an endpoint of kind ${actual}`,
    { reach: 'connection', origin: 'application' },
  );
}
