import { randomInt } from 'node:crypto';
import { firstValueFrom, forkJoin, Subscription, take, type Observable } from 'rxjs';
import { takeValue } from '../protocol/options/take-options';
import { describeError, RuntimeError } from '../protocol/runtime-error';
import type { ListenAddress, ListenEndpoint, ListenOptions, Listener } from '../transport/endpoint';
import { monotonicScheduler } from '../transport/time/monotonic-scheduler';
import { scheduleIn } from '../transport/time/schedule-in';
import { listener, transport as transportRule } from '../transport/option-rules';
import type { Transport, TransportKind } from '../transport/transport';
import { bitmapOf } from '../protocol/capability/bitmap';
import { isAssignedProfile } from '../protocol/capability/profile';
import { CloseReason, InFlightPolicy } from '../wire/messages/session-close';
import { Profile } from '../wire/messages/payload-kind';
import { showAsJson } from '../wire/show-as-json';
import { Connection } from './connection/connection';
import { contained } from './contained';
import { Health, tellUnbound, type ServerHealth, type AnswerProbe } from './health';
import { HeldSubject } from './held-subject';
import { HandshakeGate } from './limits/handshake-gate';
import type { LimitTripped } from './limits/limit-tripped';
import { HeldTotals } from './limits/held-totals';
import { RetainedTotals } from './limits/retained-totals';
import { QueuedTotals } from './limits/queued-totals';
import { DetachedTotals } from './opening/detached-totals';
import { takeCloseOptions, takeServerOptions } from './option-rules';
import { serverSettings, type CloseOptions, type ServerOptions, type ServerSettings } from './options';
import { ServerReports, type Violation } from './reports';
import type { ServerContext } from './server-context';
import { closeSession } from './session/messages/close';
import { isAwaited, leaveBehind, shutDown } from './session/shut-down';
import { ServedSession } from './session/served-session';
import type { ServerSession } from './session/session';
import type { SessionCore } from './session/session-core';
import { UNSERVED_ENDING, type SessionEnding } from './session/session-terms';
import { SubscribersOf } from './subscribers';
import type { ContextOf, SessionPolicy } from './opening/policy';
import { SessionOpener } from './opening/session-opener';
import { CountedIds, SessionRegistry } from './opening/session-registry';
import { ClusterNode } from './relay/cluster-node';
import { serverUsage, type ServerUsage } from './usage';

/** An NNRP server; `Context` is what its policy accepts sessions with. */
export interface Server<Context = unknown> {
  /**
   * Sessions as they are accepted; each is emitted before its first packet is delivered. Sessions that
   * come before the first subscriber wait for it. Errors where a listener fails, completes when the
   * server is closed.
   */
  readonly sessions$: Observable<ServerSession<Context>>;
  /** What peers did that the protocol forbids; each has cost its packet, or its connection. */
  readonly violations$: Observable<Violation>;
  /** Which peer has met which of the server's limits, and what became of it. */
  readonly limits$: Observable<LimitTripped>;
  /**
   * What the application's own callbacks failed at; each has cost an operation or a session at most. They
   * are handlers, the policy, and subscribers of every stream of the server and of its sessions,
   * behind `pipe`, too: what those throw is told here and not thrown by RxJS where nothing catches it. That
   * cannot be had for a stream of your own which is fed from one of these, a Subject or a `merge`: for
   * those, set `onUnhandledError` of RxJS's `config`. What a subscriber of this stream throws is told to
   * nobody.
   */
  readonly failures$: Observable<RuntimeError>;
  /** How it is now, and after each change: for readiness probes, and logs. Completes when the server is closed. */
  readonly health$: Observable<ServerHealth>;
  /**
   * Answers an HTTP probe with the health as JSON: status 200 where the server opens new sessions, 503 where not.
   *
   * @example
   * http.createServer(server.answerProbe).listen(8080);
   */
  readonly answerProbe: AnswerProbe;
  /** Session ids in use. */
  readonly sessionCount: number;
  readonly connectionCount: number;
  /** What the server holds now. Counted when it is asked for, by a walk over the sessions. */
  readonly usage: ServerUsage;
  /**
   * Resolves with the addresses once every listener is bound; rejects with a `RuntimeError`, and `sessions$` errors: handle both.
   */
  listening(): Promise<readonly ListenAddress[]>;
  /**
   * Refuses new sessions (`retry_later`) at once; lets operations in flight finish, for `graceMs` at most and no
   * longer than there are any; ends what is left, and resolves when every connection is gone: at the latest
   * `limits.closeOvertimeMs` (5 s) after the grace, when those that have not ended are cut. Stops listening at once,
   * or where a client that may come back has something to fetch, when it has. Called again it may only shorten that.
   *
   * With `handOver`, other nodes of the cluster carry its clients meanwhile.
   *
   * @example
   * process.once('SIGTERM', () => void server.close().then(() => process.exit(0)));
   */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Starts a server. It listens at once; subscribe to `sessions$` in the same turn.
 *
 * @example
 * const server = createServer({ listen: [tcp({ port: 4433 }), webSocket({ port: 4480 })] });
 * server.sessions$.subscribe((session) => session.respond((submit) => model.stream(submit.body)));
 *
 * Throws a `RuntimeError`, `unsupported-transport`, where a listener is of a kind that
 * `options.transport` does not name, and a `TypeError` or a `RangeError` that names the option where one
 * cannot be what it is.
 */
export function createServer<Policy extends SessionPolicy = SessionPolicy>(
  options: Omit<ServerOptions, 'policy'> & { readonly policy?: Policy },
): Server<ContextOf<Policy>> {
  // What a session's context is nobody else says.
  return new RunningServer(takeServerOptions(options)) as Server<ContextOf<Policy>>;
}

/** Most answers of tokens take less, and service managers give 30 s and more. */
const DEFAULT_GRACE_MS = 10_000;

/** Bytes of body that every transport takes, unless it is told else; as the reference says of its own. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

class RunningServer implements Server {
  readonly sessions$: Observable<ServerSession>;
  readonly violations$: Observable<Violation>;
  readonly limits$: Observable<LimitTripped>;
  readonly failures$: Observable<RuntimeError>;
  readonly health$: Observable<ServerHealth>;
  readonly answerProbe: Server['answerProbe'];
  private readonly health: Health;
  private readonly sessions = new HeldSubject<ServerSession>();
  private readonly reports = new ServerReports();
  private readonly registry: SessionRegistry<SessionCore>;
  private readonly connections = new Set<Connection>();
  private readonly gate: HandshakeGate;
  private readonly listeners: readonly Listener[];
  private readonly accepting = new Subscription();
  /** Timers of what outlives its session. */
  private readonly lasting = new Subscription();
  /** What cuts short a close that takes too long. */
  private readonly forcing = new Subscription();
  private readonly context: ServerContext;
  private readonly node: ClusterNode | undefined;
  private readonly opener: SessionOpener;
  private listenError: unknown;

  constructor(options: ServerOptions) {
    const { reports } = this;
    this.sessions$ = contained(this.sessions.values$, new SubscribersOfSessions(this, reports));
    this.violations$ = contained(reports.violations, new SubscribersOf('violations$', reports.failures));
    this.limits$ = contained(reports.limits, new SubscribersOf('limits$', reports.failures));
    // Who hears of failures and fails at that has nobody to tell.
    this.failures$ = contained(reports.failures, { failed: () => undefined });
    const settings = serverSettings(options);
    const { limits } = settings;
    this.health = new Health(settings.storeDown);
    this.health$ = contained(this.health.health$, new SubscribersOf('health$', reports.failures));
    this.answerProbe = this.health.answer;
    const scheduler = options.scheduler ?? monotonicScheduler;
    this.node = clusterNode(options, settings, { scheduler, reports });
    const firstId = options.randomBytes === undefined ? randomInt(1, 2 ** 32) : 1;
    this.registry = new SessionRegistry(this.node?.ids ?? new CountedIds(firstId));
    this.gate = new HandshakeGate(limits, scheduler, reports);
    this.context = {
      settings,
      scheduler,
      reports,
      registry: this.registry,
      capabilities: {
        // The unspecified profile has no bit: a hello cannot ask for it. Nobody can have an unassigned one.
        profileBitmap: bitmapOf(
          settings.supportedProfiles.filter((id) => id !== Profile.Unspecified && isAssignedProfile(id)),
        ),
        cacheObjectBitmap: bitmapOf(settings.supportedCacheObjects),
        maxConcurrentFrames: settings.maxInFlightOperations,
        // Bodies are the application's: whatever they are coded in, this server carries.
        codecBitmap: 0xffffffff,
        compressionBitmap: 0xffffffff,
        dtypeBitmap: 0xffffffff,
        layoutBitmap: 0xffffffff,
        maxBodyBytes: MAX_BODY_BYTES,
        tokenTtlMs: settings.resumeWindowMs,
      },
      detached: new DetachedTotals(limits),
      queued: new QueuedTotals(limits.maxQueuedBytes),
      held: new HeldTotals(limits),
      retained: settings.retain && new RetainedTotals(settings.retain, scheduler),
      node: this.node,
      lasting: this.lasting,
    };
    this.opener = new SessionOpener(this.context, this.registry, this.sessions);
    this.node?.listen(this.context, this.opener);
    this.listeners = listenersOf(options, {
      gate: this.gate,
      refused: (error, peer) => {
        reports.violations.next({ error, peer, header: undefined });
      },
    });
    for (const listener of this.listeners) this.accept(listener);
    this.watchHealth();
  }

  get sessionCount(): number {
    return this.registry.size;
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  get usage(): ServerUsage {
    const { registry, connections, context } = this;
    return serverUsage({ registry, connections, retained: context.retained });
  }

  /** For logs: what it holds besides is endless, and secret in part. */
  toJSON(): { readonly usage: ServerUsage } {
    return { usage: this.usage };
  }

  listening(): Promise<readonly ListenAddress[]> {
    return firstValueFrom(forkJoin(this.listeners.map(({ address$ }) => address$.pipe(take(1)))), {
      defaultValue: [],
    });
  }

  async close(options: CloseOptions = {}): Promise<void> {
    const { graceMs = DEFAULT_GRACE_MS, handOver = false } = takeCloseOptions(options);
    this.opener.close();
    this.health.became('draining');
    if (handOver && this.node !== undefined) this.handOver();
    const ending = {
      closeReason: CloseReason.ServerShutdown,
      inFlightPolicy: graceMs === 0 ? InFlightPolicy.Abort : InFlightPolicy.Drain,
      drainTimeoutMs: graceMs,
      sessionErrorCode: 0,
    };
    await Promise.race([this.closeAll(ending), this.cutAll(graceMs)]);
    this.forcing.unsubscribe();
    this.accepting.unsubscribe();
    this.node?.close();
    this.lasting.unsubscribe();
    this.registry.clear();
    this.health.became('closed');
    this.sessions.complete();
    this.reports.complete();
  }

  /** The other nodes have the clients from now on, those that have something in flight at once. */
  private handOver(): void {
    this.accepting.unsubscribe();
    for (const connection of [...this.connections]) connection.handOver();
  }

  private watchHealth(): void {
    const { health, node } = this;
    if (node !== undefined) this.lasting.add(health.follow(node));
    this.listening().then(
      () => health.became('serving'),
      () => health.became('failed'),
    );
  }

  private async closeAll(ending: SessionEnding): Promise<void> {
    const closing = this.registry.cores().map((core) => ({ core, over: shutDown(core, ending) }));
    const awaited = closing.filter(({ core }) => isAwaited(core));
    // Nobody needs to come but clients that something waits for.
    if (awaited.length === 0) this.accepting.unsubscribe();
    await Promise.all(awaited.map(({ over }) => over));
    this.accepting.unsubscribe();
    await Promise.all(closing.map(({ over }) => over));
    for (const core of this.registry.cores()) leaveBehind(core);
    const ended = [...this.connections].map((connection) => connection.close());
    await Promise.all([...ended, this.node?.leave()]);
  }

  /** Resolves once the time for a good end is over, and what has not ended is cut. */
  private cutAll(graceMs: number): Promise<void> {
    const { settings, scheduler } = this.context;
    const allowed = graceMs + settings.limits.closeOvertimeMs;
    const since = scheduler.now();
    return new Promise((resolve) => {
      const cut = (): void => {
        const observed = scheduler.now() - since;
        for (const connection of [...this.connections]) {
          const { peer } = connection.transport;
          const consequence = 'connection-closed';
          this.reports.limits.next({
            limit: 'closeOvertimeMs',
            peer,
            sessionId: undefined,
            allowed,
            observed,
            consequence,
          });
          connection.destroy();
        }
        for (const core of this.registry.cores()) core.end('closed', 'closed');
        resolve();
      };
      this.forcing.add(scheduleIn(scheduler, allowed, cut));
    });
  }

  /** Closes a session that nobody takes submits of. */
  closeUnserved({ sessionId }: ServerSession): void {
    const core = this.registry.get(sessionId)?.core;
    if (core === undefined || core.streams.isWatched('submits')) return;
    void closeSession(core, UNSERVED_ENDING);
  }

  /** Whether an error says that a listener has failed. */
  isOwn(error: unknown): boolean {
    return error === this.listenError;
  }

  private accept(listener: Listener): void {
    this.accepting.add(
      listener.subscribe({
        next: (transport) => {
          this.acceptFrom(listener, transport);
        },
        error: (error: unknown) => {
          // Nobody would see the sessions of the listeners that are left.
          this.accepting.unsubscribe();
          this.health.became('failed');
          this.listenError = error;
          this.sessions.error(error);
        },
      }),
    );
    this.accepting.add(tellUnbound(listener, this.context));
  }

  /** A listener can be anybody's: what it gives is judged, and costs that connection. */
  private acceptFrom({ kind }: Listener, given: unknown): void {
    try {
      this.serve(takeValue(given, 'what a listener accepts', transportRule));
    } catch (cause) {
      const message = `the listener of kind ${kind} failed: ${describeError(cause)}`;
      this.reports.failures.next(
        new RuntimeError('internal', message, { reach: 'connection', origin: 'application', cause }),
      );
    }
  }

  private serve(transport: Transport): void {
    const ticket = this.gate.ticketOf(transport);
    if (!this.gate.holds(ticket)) return;
    new Connection(transport, this.context, this.opener, this.connections, ticket).start();
  }
}

showAsJson('Server', RunningServer);

/** A session whose subscriber has thrown is closed, unless it is being served all the same. */
class SubscribersOfSessions extends SubscribersOf {
  constructor(
    private readonly server: RunningServer,
    { failures }: ServerReports,
  ) {
    super('sessions$', failures, 'session');
  }

  override failed(cause: unknown, session?: unknown): void {
    super.failed(cause);
    if (session instanceof ServedSession) this.server.closeUnserved(session);
  }

  isOwn(error: unknown): boolean {
    return this.server.isOwn(error);
  }
}

function clusterNode(
  { cluster }: ServerOptions,
  settings: ServerSettings,
  server: Pick<ServerContext, 'scheduler' | 'reports'>,
): ClusterNode | undefined {
  const { tokenKey } = settings;
  if (cluster === undefined || tokenKey === undefined) return undefined;
  return new ClusterNode(cluster, { ...server, settings }, tokenKey);
}

function listenersOf({ listen, transport }: ServerOptions, options: ListenOptions): readonly Listener[] {
  const endpoints = Array.isArray(listen)
    ? (listen as readonly ListenEndpoint[])
    : [listen as ListenEndpoint];
  const kinds = typeof transport === 'string' ? [transport] : transport;
  for (const { kind } of endpoints) {
    if (kinds !== undefined && !kinds.includes(kind)) throw unsupportedTransport(kind, kinds);
  }
  return endpoints.map((endpoint) =>
    takeValue(endpoint.listen(options), 'listen() of an endpoint', listener),
  );
}

function unsupportedTransport(kind: TransportKind, kinds: readonly TransportKind[]): RuntimeError {
  return new RuntimeError(
    'unsupported-transport',
    `the server is configured for ${kinds.join(', ')} and was given a listener of kind ${kind}`,
    { reach: 'server', origin: 'application' },
  );
}
