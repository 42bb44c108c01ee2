import { Subject, type Observable } from 'rxjs';
import { RuntimeError } from '../protocol/runtime-error';
import { idInUse } from '../protocol/session/session-limit';
import type { ConnectEndpoint } from '../transport/endpoint';
import { scheduleIn } from '../transport/time/schedule-in';
import type { PeerName, TransportKind } from '../transport/transport';
import type { Message, RevisionName } from '../wire/message';
import type { MessageType } from '../wire/message-type';
import { SessionErrorCode, SessionStatus } from '../wire/messages/session-open';
import { NnrpError } from '../wire/errors';
import { showAsJson } from '../wire/show-as-json';
import { throwIfAborted, unlessAborted } from './abort';
import { SessionRejectedError } from './errors';
import { linkOver, type ClientLink } from './link/link';
import { ClientLinks } from './link/links';
import { takeClientOptions, takeEndpoint, takeSessionOptions } from './option-rules';
import { clientSettings, type ClientOptions, type ClientSettings, type SessionOptions } from './options';
import { onEach } from '../transport/on-each';
import { Reconnection } from './reconnect/reconnection';
import { SessionMover } from './reconnect/session-mover';
import { ConnectedSession, type SessionOwner } from './session/connected-session';
import { AuthSource } from './session/auth';
import { openRequest } from './session/open';
import type { ClientSession } from './session/session';
import type { ClientUsage } from './usage';

/** A connection to a server. */
export interface Client {
  readonly peer: PeerName;
  readonly transport: TransportKind;
  /** Of the protocol, as the server speaks it where new sessions are opened, or spoke there last. */
  readonly revision: RevisionName;
  /** What the server did that the protocol forbids; each has cost its packet. */
  readonly violations$: Observable<RuntimeError>;
  /** ERRORs of the server that concern no operation. */
  readonly errors$: Observable<Message<typeof MessageType.Error>>;
  /**
   * Completes when the connection has ended, and no session of the client waits for another; errors
   * with a `RuntimeError` where it failed.
   */
  readonly ended$: Observable<never>;
  /** What the client holds now. Counted when it is asked for. */
  readonly usage: ClientUsage;
  /**
   * Opens a session; one connection may carry many. Rejects with a `SessionRejectedError` where the
   * server refuses it, with an `NnrpError` where its answer breaks the protocol (one for another session
   * than was asked for, say), with a `RuntimeError` where the connection ends first, or the answer takes
   * longer than `openTimeoutMs`, which ends the connection; with a `TypeError` or a `RangeError` that names
   * the option where one cannot be what it is.
   *
   * @example
   * const session = await client.openSession({ requestedSessionId: 0, reconnect: {} });
   */
  openSession(options?: SessionOptions): Promise<ClientSession>;
  /**
   * Ends every session and the connection. The server hears of each, also of those that reconnect, if it can be
   * reached within `closeTimeoutMs`; what it has not taken by then is not waited for. To close again is to wait
   * for the same.
   */
  close(): Promise<void>;
}

/**
 * Connects to a server. Rejects with a `RuntimeError`: `io` with host and port where nobody answers,
 * `unsupported-transport` where `options.transport` names another kind. Rejects with a `TypeError` or a
 * `RangeError` that names the option where one cannot be what it is, and with the reason of `options.signal` where
 * that aborts first.
 *
 * @example
 * const client = await connect(tcp({ port: 4433 }));
 * const session = await client.openSession();
 */
export async function connect(to: ConnectEndpoint, given: ClientOptions = {}): Promise<Client> {
  const endpoint = takeEndpoint(to);
  const options = takeClientOptions(given);
  const { transport = endpoint.kind } = options;
  if (transport !== endpoint.kind) throw unsupportedTransport(endpoint.kind, transport);
  const client = new RunningClient(clientSettings(options));
  await client.connect(endpoint, options.signal);
  return client;
}

class RunningClient implements Client, SessionOwner {
  readonly violations$: Observable<RuntimeError>;
  readonly errors$: Observable<Message<typeof MessageType.Error>>;
  readonly ended$: Observable<never>;
  private readonly violations = new Subject<RuntimeError>();
  private readonly errors = new Subject<Message<typeof MessageType.Error>>();
  private readonly ends = new Subject<never>();
  /** Those that are not over. */
  private readonly sessions = new Set<ConnectedSession>();
  private readonly links: ClientLinks;
  private readonly reconnection: Reconnection;
  private readonly mover: SessionMover;
  private readonly auths: AuthSource;
  /** Opens that the server has not answered. */
  private readonly opening = new Set<Promise<void>>();
  private closed: Promise<void> | undefined;
  private isFinished = false;

  constructor(private readonly settings: ClientSettings) {
    this.links = new ClientLinks(settings);
    this.auths = new AuthSource(settings.scheduler);
    this.reconnection = new Reconnection(this.links, this.auths, settings);
    this.mover = new SessionMover(this.links, this.reconnection, settings);
    this.violations$ = this.violations.asObservable();
    this.errors$ = this.errors.asObservable();
    this.ended$ = this.ends.asObservable();
    onEach(this.links.events$, ([link, event]) => {
      if (event.kind === 'violation') this.violations.next(event.error);
      else if (event.kind === 'error') this.errors.next(event.message);
      else this.linkEnded(link, event.error);
    });
  }

  get peer(): PeerName {
    return this.links.peer;
  }

  get transport(): TransportKind {
    return this.links.transport;
  }

  get revision(): RevisionName {
    return this.links.revision;
  }

  get usage(): ClientUsage {
    const links = this.links.all;
    const held = [...this.sessions].map(({ usage }) => usage);
    return {
      links: links.length,
      sessions: held.length,
      operationsInFlight: sum(held, ({ operationsInFlight }) => operationsInFlight),
      operationsWaiting: sum(held, ({ operationsWaiting }) => operationsWaiting),
      bufferedBytes: sum(held, ({ bufferedBytes }) => bufferedBytes),
      acksAwaited:
        sum(held, ({ acksAwaited }) => acksAwaited) + sum(links, ({ opensAwaited }) => opensAwaited),
      queuedBytes: sum(links, ({ transport }) => transport.queuedBytes),
    };
  }

  /** Makes the connection that new sessions are opened on. */
  async connect(endpoint: ConnectEndpoint, signal: AbortSignal | undefined): Promise<void> {
    this.links.main = await this.links.connect(endpoint, { signal });
  }

  async openSession(given: SessionOptions = {}): Promise<ClientSession> {
    const { signal, ...wanted } = takeSessionOptions(given);
    const options = { ...this.settings.session, ...wanted };
    throwIfAborted(signal);
    const asked = this.auths.of(options.auth);
    const auth = asked instanceof Uint8Array ? asked : await unlessAborted(signal, asked);
    const link = this.links.main;
    if (link === undefined || this.closed !== undefined) throw linkOver(this.peer);
    const { largestPacket } = link.transport;
    let session: ConnectedSession | undefined;
    const request = openRequest(options, { auth }, { largestPacket }, link.speech, (accepted) => {
      const { sessionId } = accepted.ack;
      // A server that chooses may not choose the id of a session that goes on.
      if (link.hasId(sessionId) && request.open.resumeTokenBytes === 0) {
        throw new NnrpError({ kind: 'SessionAlreadyExists', sessionId });
      }
      const opened = new ConnectedSession(this, this.settings, options, accepted, link);
      this.sessions.add(opened);
      link.adopt(opened);
      // The client was closed before the answer came, or the open given up.
      if (this.closed !== undefined || signal?.aborted === true) opened.leave();
      else session = opened;
    });
    const { requestedSessionId, resumeTokenBytes } = request.open;
    // The server would say the same, unless it has closed that session just now: then what is still on its
    // way for the old one would reach the new one.
    if (link.hasId(requestedSessionId) && resumeTokenBytes === 0) {
      const text = `${idInUse(requestedSessionId)} (by this client, on this connection)`;
      throw new SessionRejectedError(SessionStatus.Rejected, SessionErrorCode.SessionLimitReached, text);
    }
    try {
      await unlessAborted(signal, this.awaitOpen(link.open({ ...request, signal })));
      if (session === undefined) throw linkOver(this.peer);
      return session;
    } catch (error) {
      // Given up at the moment in which the server has accepted it.
      session?.leave();
      throw error;
    }
  }

  close(): Promise<void> {
    return (this.closed ??= this.end());
  }

  hurry(session: ConnectedSession): void {
    this.reconnection.hurry(session);
  }

  move(session: ConnectedSession, from: ClientLink, endpoint: ConnectEndpoint): Promise<void> {
    return this.mover.move(session, from, endpoint);
  }

  ended(session: ConnectedSession): void {
    this.sessions.delete(session);
    this.reconnection.ended(session);
    this.finishIfIdle(undefined);
  }

  /** For logs: what it holds besides is endless, and secret in part. */
  toJSON(): Pick<Client, 'peer' | 'transport' | 'usage'> {
    const { peer, transport, usage } = this;
    return { peer, transport, usage };
  }

  private linkEnded(link: ClientLink, error: RuntimeError | undefined): void {
    for (const session of this.sessions) {
      if (session.link === link && session.lose(error) === 'waits') this.reconnection.add(session, link);
    }
    this.links.forget(link);
    this.finishIfIdle(error);
  }

  private async awaitOpen(answer: Promise<void>): Promise<void> {
    this.opening.add(answer);
    try {
      await answer;
    } finally {
      this.opening.delete(answer);
    }
  }

  private async end(): Promise<void> {
    const { scheduler, closeTimeoutMs } = this.settings;
    const limit = scheduleIn(scheduler, closeTimeoutMs, () => {
      this.reconnection.giveUp();
      this.links.destroy();
    });
    for (const session of this.sessions) if (session.link !== undefined) session.leave();
    await this.reconnection.close();
    // A session that is accepted only now is to hear of its end as well.
    await Promise.allSettled(this.opening);
    this.reconnection.stop();
    await this.links.close();
    limit.unsubscribe();
    this.finish(undefined);
  }

  private finishIfIdle(error: RuntimeError | undefined): void {
    if (this.links.size === 0 && this.reconnection.size === 0) this.finish(error);
  }

  private finish(error: RuntimeError | undefined): void {
    if (this.isFinished) return;
    this.isFinished = true;
    this.reconnection.stop();
    this.violations.complete();
    this.errors.complete();
    if (error === undefined) this.ends.complete();
    else this.ends.error(error);
  }
}

showAsJson('Client', RunningClient);

function sum<T>(items: readonly T[], measure: (item: T) => number): number {
  return items.reduce((total, item) => total + measure(item), 0);
}

function unsupportedTransport(actual: TransportKind, expected: TransportKind): RuntimeError {
  return new RuntimeError(
    'unsupported-transport',
    `the client is configured for ${expected} and was given an endpoint of kind ${actual}`,
    { reach: 'connection', origin: 'application' },
  );
}
