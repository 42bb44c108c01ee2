import { asyncScheduler, Subject, type Observable, type SchedulerLike } from 'rxjs';
import { RuntimeError } from '../protocol/runtime-error';
import { openBody } from '../protocol/session/open-blocks';
import { idInUse } from '../protocol/session/session-limit';
import { CLIENT_CLAIMS, encodeSessionExtension } from '../protocol/session/session-extension';
import type { ConnectEndpoint } from '../transport/endpoint';
import { DEFAULT_KEEP_ALIVE } from '../transport/keep-alive';
import { monotonicScheduler } from '../transport/time/monotonic-scheduler';
import { scheduleIn } from '../transport/time/schedule-in';
import type { PeerName, TransportKind } from '../transport/transport';
import type { Message } from '../wire/message';
import type { MessageType } from '../wire/message-type';
import { SessionErrorCode, SessionStatus } from '../wire/messages/session-open';
import { NnrpError } from '../wire/errors';
import { EMPTY } from '../wire/packet';
import { SessionRejectedError } from './errors';
import { linkOver } from './link/link';
import { ClientLinks } from './link/links';
import { openRequest } from './link/open-queue';
import { takeClientOptions, takeEndpoint, takeSessionOptions } from './option-rules';
import { authOf, sessionOpen, type ClientOptions, type SessionOptions } from './options';
import { Reconnection, type ReconnectionHost } from './reconnect/reconnection';
import { SessionMover } from './reconnect/session-mover';
import { ConnectedSession, type ClientSessionHost } from './session/connected-session';
import { acceptedOpen } from './session/open-answer';
import type { ClientSession } from './session/session';
import { Timers } from './timers';
import type { ClientUsage } from './usage';

/** A connection to a server. */
export interface Client {
  readonly peer: PeerName;
  readonly transport: TransportKind;
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

const CONNECT_TIMEOUT_MS = 10_000;
const OPEN_TIMEOUT_MS = 30_000;
const ANSWER_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * Connects to a server. Rejects with a `RuntimeError`: `io` with host and port where nobody answers,
 * `unsupported-transport` where `options.transport` names another kind. Rejects with a `TypeError` or a
 * `RangeError` that names the option where one cannot be what it is.
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
  const client = new RunningClient(options);
  await client.connect(endpoint);
  return client;
}

class RunningClient implements Client {
  readonly violations$: Observable<RuntimeError>;
  readonly errors$: Observable<Message<typeof MessageType.Error>>;
  readonly ended$: Observable<never>;
  private readonly violations = new Subject<RuntimeError>();
  private readonly errors = new Subject<Message<typeof MessageType.Error>>();
  private readonly ended = new Subject<never>();
  private readonly timers: Timers;
  private readonly links: ClientLinks;
  private readonly reconnection: Reconnection;
  private readonly sessionHost: ClientSessionHost;
  private readonly scheduler: SchedulerLike;
  private readonly closeTimeoutMs: number;
  /** Opens that the server has not answered. */
  private readonly opening = new Set<Promise<void>>();
  private closed: Promise<void> | undefined;
  private isFinished = false;

  constructor(options: ClientOptions) {
    const { scheduler = monotonicScheduler, random = Math.random } = options;
    const { wallClock = options.scheduler ?? asyncScheduler } = options;
    const timers = new Timers(scheduler);
    const links = new ClientLinks({
      scheduler,
      keepAlive: { ...DEFAULT_KEEP_ALIVE, ...options.keepAlive },
      connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      openTimeoutMs: options.openTimeoutMs ?? OPEN_TIMEOUT_MS,
      violated: (error) => {
        this.violations.next(error);
      },
      errored: (message) => {
        this.errors.next(message);
      },
      ended: (error) => {
        this.finishIfIdle(error);
      },
    });
    const host: ReconnectionHost = {
      scheduler,
      wallClock,
      links,
      timers,
      random,
      idle: () => {
        this.finishIfIdle(undefined);
      },
    };
    const reconnection = new Reconnection(host);
    const mover = new SessionMover(host, reconnection);
    this.timers = timers;
    this.links = links;
    this.reconnection = reconnection;
    this.scheduler = scheduler;
    this.closeTimeoutMs = options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS;
    this.sessionHost = {
      scheduler,
      answerTimeoutMs: options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS,
      closeTimeoutMs: this.closeTimeoutMs,
      lost: (session, link) => {
        reconnection.add(session, link);
      },
      hurry: (session) => {
        reconnection.hurry(session);
      },
      ended: (session) => {
        reconnection.ended(session);
      },
      move: (session, from, endpoint) => mover.move(session, from, endpoint),
    };
    this.violations$ = this.violations.asObservable();
    this.errors$ = this.errors.asObservable();
    this.ended$ = this.ended.asObservable();
  }

  get peer(): PeerName {
    return this.links.peer;
  }

  get transport(): TransportKind {
    return this.links.transport;
  }

  get usage(): ClientUsage {
    const links = this.links.all;
    const sessions = [...links.flatMap((link) => link.carried), ...this.reconnection.sessions];
    const held = sessions.map(({ usage }) => usage);
    return {
      links: links.length,
      sessions: sessions.length,
      operationsInFlight: sum(held, ({ operationsInFlight }) => operationsInFlight),
      operationsWaiting: sum(held, ({ operationsWaiting }) => operationsWaiting),
      bufferedBytes: sum(held, ({ bufferedBytes }) => bufferedBytes),
      acksAwaited:
        sum(held, ({ acksAwaited }) => acksAwaited) + sum(links, ({ opensAwaited }) => opensAwaited),
      queuedBytes: sum(links, ({ transport }) => transport.queuedBytes),
    };
  }

  /** Makes the connection that new sessions are opened on. */
  async connect(endpoint: ConnectEndpoint): Promise<void> {
    this.links.main = await this.links.connect(endpoint);
  }

  async openSession(given: SessionOptions = {}): Promise<ClientSession> {
    const options = takeSessionOptions(given);
    const link = this.links.main;
    if (link === undefined || this.closed !== undefined) throw linkOver(this.peer);
    const extension =
      options.announce === false
        ? EMPTY
        : encodeSessionExtension({ ...CLIENT_CLAIMS, largestPacket: link.transport.largestPacket });
    const blocks = { resumeToken: EMPTY, auth: authOf(options), extension };
    const open = sessionOpen(options, blocks);
    // The server would say the same, unless it has closed that session just now: then what is still on its
    // way for the old one would reach the new one.
    if (link.hasId(open.requestedSessionId) && open.resumeTokenBytes === 0) {
      const text = `${idInUse(open.requestedSessionId)} (by this client, on this connection)`;
      throw new SessionRejectedError(SessionStatus.Rejected, SessionErrorCode.SessionLimitReached, text);
    }
    let session: ConnectedSession | undefined;
    const request = openRequest(open, openBody(blocks), (answer) => {
      const accepted = acceptedOpen(open, answer);
      const { sessionId } = accepted.ack;
      // A server that chooses may not choose the id of a session that goes on.
      if (link.hasId(sessionId) && open.resumeTokenBytes === 0) {
        throw new NnrpError({ kind: 'SessionAlreadyExists', sessionId });
      }
      const opened = new ConnectedSession(this.sessionHost, options, accepted, link);
      link.adopt(opened);
      // The client was closed before the answer came.
      if (this.closed !== undefined) opened.leave();
      else session = opened;
    });
    await this.awaitOpen(link.open(request));
    if (session === undefined) throw linkOver(this.peer);
    return session;
  }

  close(): Promise<void> {
    return (this.closed ??= this.end());
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
    const limit = scheduleIn(this.scheduler, this.closeTimeoutMs, () => {
      this.reconnection.giveUp();
      this.links.destroy();
    });
    this.links.endSessions();
    await this.reconnection.close();
    // A session that is accepted only now is to hear of its end as well.
    await Promise.allSettled(this.opening);
    this.timers.unsubscribe();
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
    this.timers.unsubscribe();
    this.violations.complete();
    this.errors.complete();
    if (error === undefined) this.ended.complete();
    else this.ended.error(error);
  }
}

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
