import {
  asyncScheduler,
  firstValueFrom,
  Subject,
  Subscription,
  timeout,
  TimeoutError,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import { RuntimeError } from '../protocol/runtime-error';
import { encodeSessionExtension } from '../protocol/session/session-extension';
import type { ConnectEndpoint } from '../transport/endpoint';
import { DEFAULT_KEEP_ALIVE } from '../transport/keep-alive';
import type { PeerName, TransportKind } from '../transport/transport';
import type { Message } from '../wire/message';
import type { MessageType } from '../wire/message-type';
import { SessionState } from '../protocol/session/session-lifecycle';
import { timerMs } from '../protocol/timer';
import { SessionMigrateMetadata, TransportId } from '../wire/messages/session-migrate';
import { SessionErrorCode, SessionStatus } from '../wire/messages/session-open';
import { NnrpError } from '../wire/errors';
import { EMPTY } from '../wire/packet';
import { backoffMs } from './reconnect/backoff';
import { ConnectedSession, type ClientSessionHost } from './session/connected-session';
import { MigrationRefusedError, SessionRejectedError } from './errors';
import { ClientLink, linkOver, type LinkHost } from './link/link';
import { acceptedOpen } from './session/open-answer';
import { openBody, sessionOpen, type ClientOptions, type SessionOptions } from './options';
import type { ClientSession } from './session/session';
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
   * server refuses it, with a `RuntimeError` where the connection ends first.
   *
   * @example
   * const session = await client.openSession({ requestedSessionId: 0, reconnect: {} });
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
  const { transport = endpoint.kind } = options;
  if (transport !== endpoint.kind) throw unsupportedTransport(endpoint.kind, transport);
  const client = new RunningClient(options);
  await client.connect(endpoint);
  return client;
}

/** What a session without a link waits for. */
interface WaitingPlace {
  /** Where to connect again; undefined while it moves from one link to another. */
  readonly endpoint: ConnectEndpoint | undefined;
  /** When the server forgets it, in milliseconds of the scheduler. */
  readonly until: number;
}

/** What became of an attempt to take a session up. */
type ResumeOutcome =
  { readonly kind: 'resumed' } | { readonly kind: 'expired' | 'lost'; readonly error: unknown };

class RunningClient implements Client {
  readonly violations$: Observable<RuntimeError>;
  readonly errors$: Observable<Message<typeof MessageType.Error>>;
  readonly ended$: Observable<never>;
  private readonly violations = new Subject<RuntimeError>();
  private readonly errors = new Subject<Message<typeof MessageType.Error>>();
  private readonly ended = new Subject<never>();
  private readonly scheduler: SchedulerLike;
  private readonly links = new Set<ClientLink>();
  /** Sessions without a link. */
  private readonly waiting = new Map<ConnectedSession, WaitingPlace>();
  private readonly timers = new Subscription();
  /** Where new sessions are opened. */
  private main: ClientLink | undefined;
  private peerName: PeerName = '';
  private kind: TransportKind = '';
  private isClosed = false;
  private isFinished = false;
  /** Where an attempt to connect again is under way, or about to be. */
  private readonly reconnecting = new Set<ConnectEndpoint>();
  private readonly sessionHost: ClientSessionHost;
  private readonly linkHost: LinkHost;

  constructor(private readonly options: ClientOptions) {
    this.scheduler = options.scheduler ?? asyncScheduler;
    this.linkHost = {
      scheduler: this.scheduler,
      keepAlive: { ...DEFAULT_KEEP_ALIVE, ...options.keepAlive },
      violated: (error) => {
        this.violations.next(error);
      },
      errored: (message) => {
        this.errors.next(message);
      },
      ended: (link, error) => {
        this.links.delete(link);
        if (this.main === link) this.main = undefined;
        this.finishIfIdle(error);
      },
    };
    this.sessionHost = {
      scheduler: this.scheduler,
      lost: (session, endpoint) => {
        if (this.isClosed) {
          session.end('session-closed', 'closed');
          return;
        }
        this.waiting.set(session, { endpoint, until: this.scheduler.now() + session.resumeWindowMs });
        if (!this.reconnecting.has(endpoint)) this.reconnectLater(endpoint, 0);
      },
      move: (session, from, endpoint) => this.move(session, from, endpoint),
    };
    this.violations$ = this.violations.asObservable();
    this.errors$ = this.errors.asObservable();
    this.ended$ = this.ended.asObservable();
  }

  get peer(): PeerName {
    return this.peerName;
  }

  get transport(): TransportKind {
    return this.kind;
  }

  get usage(): ClientUsage {
    const links = [...this.links];
    const sessions = [...links.flatMap((link) => link.carried), ...this.waiting.keys()];
    const held = sessions.map(({ usage }) => usage);
    return {
      links: links.length,
      sessions: sessions.length,
      operationsInFlight: sum(held, ({ operationsInFlight }) => operationsInFlight),
      operationsWaiting: sum(held, ({ operationsWaiting }) => operationsWaiting),
      acksAwaited:
        sum(held, ({ acksAwaited }) => acksAwaited) + sum(links, ({ opensAwaited }) => opensAwaited),
      queuedBytes: sum(links, ({ transport }) => transport.queuedBytes),
    };
  }

  /** Makes the connection that new sessions are opened on. */
  async connect(endpoint: ConnectEndpoint): Promise<void> {
    this.main = await this.link(endpoint);
  }

  async openSession(options: SessionOptions = {}): Promise<ClientSession> {
    const link = this.main;
    if (link === undefined) throw linkOver(this.peerName);
    const extension = options.announce === false ? EMPTY : encodeSessionExtension({});
    const blocks = { resumeToken: EMPTY, auth: options.auth ?? EMPTY, extension };
    const open = sessionOpen(options, blocks);
    // The server would say the same, unless it has closed that session just now: then what is still on its
    // way for the old one would reach the new one.
    if (link.hasId(open.requestedSessionId) && open.resumeTokenBytes === 0) {
      throw new SessionRejectedError(SessionStatus.Rejected, SessionErrorCode.SessionLimitReached);
    }
    let session: ConnectedSession | undefined;
    await link.open({
      open,
      body: openBody(blocks),
      accept: (answer) => {
        session = new ConnectedSession(this.sessionHost, options, acceptedOpen(open, answer), link);
        link.adopt(session);
      },
    });
    if (session === undefined) throw linkOver(this.peerName);
    return session;
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.timers.unsubscribe();
    for (const session of [...this.waiting.keys()]) session.end('session-closed', 'closed');
    this.waiting.clear();
    for (const link of this.links) link.endSessions();
    await Promise.all([...this.links].map((link) => link.close()));
    this.finish(undefined);
  }

  private async link(endpoint: ConnectEndpoint): Promise<ClientLink> {
    const { connectTimeoutMs = CONNECT_TIMEOUT_MS } = this.options;
    const { scheduler } = this;
    try {
      const transport = await firstValueFrom(
        endpoint.connect().pipe(timeout({ first: connectTimeoutMs, scheduler })),
        { defaultValue: undefined },
      );
      if (transport === undefined) throw linkOver(endpoint.url);
      if (this.isClosed) {
        transport.destroy();
        throw linkOver(endpoint.url);
      }
      this.peerName = transport.peer;
      this.kind = transport.kind;
      const link = new ClientLink(transport, endpoint, this.linkHost);
      if (link.isOver) throw linkOver(transport.peer);
      this.links.add(link);
      return link;
    } catch (error) {
      if (error instanceof TimeoutError) throw connectTimedOut(endpoint.url, connectTimeoutMs);
      throw error;
    }
  }

  /** Of one place only: a session of another may just be taken up there. */
  private expireOverdue(endpoint: ConnectEndpoint): void {
    const now = this.scheduler.now();
    for (const [session, place] of this.waiting) {
      if (place.endpoint === endpoint && now >= place.until) this.expire(session);
    }
  }

  private expire(session: ConnectedSession): void {
    this.waiting.delete(session);
    session.end('connection-lost', 'expired');
  }

  private waitingFor(endpoint: ConnectEndpoint): ConnectedSession[] {
    return [...this.waiting].filter(([, place]) => place.endpoint === endpoint).map(([session]) => session);
  }

  /** When the first of the sessions that were lost there is forgotten. */
  private nextExpiry(endpoint: ConnectEndpoint): number {
    return Math.min(
      ...[...this.waiting.values()].filter((place) => place.endpoint === endpoint).map(({ until }) => until),
    );
  }

  /** Connects again to where sessions were lost, after a wait that grows with the attempts. */
  private reconnectLater(endpoint: ConnectEndpoint, attempt: number): void {
    this.expireOverdue(endpoint);
    const [first] = this.waitingFor(endpoint);
    if (this.isClosed || first === undefined) {
      this.reconnecting.delete(endpoint);
      this.finishIfIdle(undefined);
      return;
    }
    this.reconnecting.add(endpoint);
    const { random = Math.random } = this.options;
    const wait = backoffMs(attempt, first.reconnectOptions, random);
    // Not past the end of a resume window: whoever waits hears then that the session is lost.
    this.later(Math.min(wait, this.nextExpiry(endpoint) - this.scheduler.now()), () =>
      this.reconnect(endpoint, attempt),
    );
  }

  private async reconnect(endpoint: ConnectEndpoint, attempt: number): Promise<void> {
    try {
      // A server that could not take the sessions yet may have left the connection open.
      const link = this.main?.endpoint === endpoint ? this.main : await this.link(endpoint);
      this.main ??= link;
      await Promise.all(this.waitingFor(endpoint).map((session) => this.resume(session, link)));
      await this.leaveUnused(link);
    } catch {
      // Nobody answers yet: the next attempt, or the end of the resume window, says so.
    }
    this.reconnectLater(endpoint, attempt + 1);
  }

  /** Takes a session up on a link. One that the server refuses has expired; one that it cannot take now waits. */
  private async resume(session: ConnectedSession, link: ClientLink): Promise<ResumeOutcome> {
    try {
      await link.open(
        session.resumeRequest((accepted) => {
          this.waiting.delete(session);
          session.attach(link, accepted);
        }),
      );
      return { kind: 'resumed' };
    } catch (error) {
      const isRefused = error instanceof SessionRejectedError && error.status === SessionStatus.Rejected;
      if (!isRefused && !(error instanceof NnrpError)) return { kind: 'lost', error };
      this.expire(session);
      return { kind: 'expired', error };
    }
  }

  /** Moves a session to another transport (protocol section 5). */
  private async move(session: ConnectedSession, from: ClientLink, endpoint: ConnectEndpoint): Promise<void> {
    const ack = await session.migrate(
      SessionMigrateMetadata.of({
        oldTransportId: transportIdOf(from.transport.kind),
        newTransportId: transportIdOf(endpoint.kind),
        lastResultFrameId: BigInt(session.lastResultFrameId),
        clientMigrateTsUs: BigInt(this.scheduler.now()) * 1000n,
      }),
    );
    if (ack.acceptCode !== 0) throw new MigrationRefusedError(session.sessionId, ack.acceptCode);
    const link = await this.link(endpoint);
    if (!from.carries(session) || !session.isResumable) {
      await this.leaveUnused(link);
      throw linkOver(from.transport.peer);
    }
    // From here on nothing of the old link counts: what it still brings comes again on the new one.
    const answerPings = from.withholdPongs();
    session.detach();
    this.waiting.set(session, { endpoint: undefined, until: Infinity });
    const outcome = await this.resume(session, link);
    if (outcome.kind === 'resumed') {
      if (this.main === from) this.main = link;
      this.later(ack.graceWindowMs, () => this.leaveUnused(from));
    } else {
      if (outcome.kind === 'lost') await this.stay(session, from);
      // The server may still have it where it was.
      if (session.state === SessionState.Closed) from.send(session.farewell());
    }
    answerPings();
    if (outcome.kind === 'resumed') return;
    await this.leaveUnused(link);
    throw outcome.error;
  }

  /** A session that could not be moved goes on where it was, or waits like any other. */
  private async stay(session: ConnectedSession, link: ClientLink): Promise<void> {
    const { kind } = await this.resume(session, link);
    if (kind !== 'lost') return;
    this.waiting.delete(session);
    session.lose(link.endpoint);
    this.finishIfIdle(undefined);
  }

  /** Ends a connection that no session is on, unless it is where new ones are opened. */
  private async leaveUnused(link: ClientLink): Promise<void> {
    if (link.sessionCount === 0 && link !== this.main) await link.close();
  }

  private later(ms: number, work: () => Promise<void>): void {
    const timer = this.scheduler.schedule(() => {
      this.timers.remove(timer);
      void work();
    }, timerMs(ms));
    this.timers.add(timer);
  }

  private finishIfIdle(error: RuntimeError | undefined): void {
    if (this.links.size === 0 && this.waiting.size === 0) this.finish(error);
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

/**
 * How SESSION_MIGRATE names a transport. Preview3 has names for TCP and QUIC only: whatever is not TCP
 * goes by the other one.
 */
function transportIdOf(kind: TransportKind): TransportId {
  return kind === 'tcp' ? TransportId.Tcp : TransportId.Quic;
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
