import type { Observable } from 'rxjs';
import { TestScheduler, type RunHelpers } from 'rxjs/testing';
import { describeError } from '../../protocol/runtime-error';
import { connect, type Client } from '../../client/client';
import type { ClientOptions } from '../../client/options';
import { createServer, type Server } from '../../server/server';
import type { ServerSession } from '../../server/session/session';
import { clientSends } from '../capture/captured-flow';
import { deepEqual } from '../matching/deep-equal';
import { MEASURED } from '../matching/measured';
import { readTimeline } from '../marbles/timeline';
import { scriptedTokens } from '../packets/session-open';
import { FlowScheduler } from '../time/flow-scheduler';
import { ClientPeer } from './client-peer';
import { FlowEndpoint } from './flow-endpoint';
import { FlowError } from './flow-error';
import type {
  FlowHelpers,
  FlowServerOptions,
  PeerOptions,
  ReplayOptions,
  SubscriptionExpectation,
  SubscriptionTimes,
} from './helpers';
import { ObservedStream } from './observed';
import { leftovers, notQuiescent, type Quiescible } from './quiescence';
import type { Packets, PeerStage, ScriptedPeer } from './scripted-peer';
import { ServerPeer } from './server-peer';

/** Everything that takes part in a flow, when it does what, and whether it went as it should. */
export class Stage implements PeerStage {
  readonly scheduler = new FlowScheduler();
  private readonly endpoints: FlowEndpoint[] = [];
  private readonly peers: ScriptedPeer[] = [];
  private readonly servers: Server[] = [];
  private readonly clients: Client[] = [];
  private readonly streams: Quiescible[] = [];
  private readonly sessions = new Map<number, ServerSession>();
  private readonly checks: (() => string | undefined)[] = [];
  private readonly reports: string[] = [];
  private duration = 0;

  /** Frames that the longest string takes. */
  get length(): number {
    return this.duration;
  }

  at(frame: number, action: () => void): void {
    const delay = frame - this.scheduler.frame;
    if (delay < 0) throw new FlowError(`frame ${frame} is over, it is frame ${this.scheduler.frame} already`);
    this.scheduler.schedule(action, delay);
  }

  lasts(duration: number): void {
    this.duration = Math.max(this.duration, duration);
  }

  /** What did not go as it should, and what servers and clients reported meanwhile. */
  problems(): readonly string[] {
    const found = [...this.peers.map((peer) => peer.verify()), ...this.checks.map((check) => check())];
    return found.filter((problem) => problem !== undefined);
  }

  /** What servers and clients said was wrong, which may be why. */
  get notes(): readonly string[] {
    return this.reports;
  }

  helpers(): FlowHelpers {
    const endpoint = this.newEndpoint();
    const tracked = <S extends Quiescible>(stream: S): S => {
      this.streams.push(stream);
      return stream;
    };
    const cold: RunHelpers['cold'] = (marbles, values, error) =>
      tracked(this.scheduler.inRunMode((run) => run.cold(marbles, values, error)));
    const hot: RunHelpers['hot'] = (marbles, values, error) => {
      const stream = tracked(this.scheduler.inRunMode((run) => run.hot(marbles, values, error)));
      stream.setup();
      return stream;
    };
    return {
      scheduler: this.scheduler,
      endpoint,
      newEndpoint: (kind) => this.newEndpoint(kind),
      serve: (options) => this.serve(endpoint, options),
      session: (sessionId) => this.session(sessionId),
      client: ({ endpoint: other = endpoint, ...options } = {}) => this.client(other, options),
      openSession: async ({ endpoint: other = endpoint, ...options } = {}) => {
        const client = await this.client(other);
        return client.openSession(options);
      },
      clientPeer: (packets, options) => this.clientPeer(endpoint, packets, options),
      serverPeer: (packets, options) => this.serverPeer(endpoint, packets, options),
      replay: (captured, options) => {
        const { as, timing = 'order', ignoring = [], ...place } = options;
        return this.replay(endpoint, captured, {
          as,
          timing,
          ignoring: [...MEASURED, ...ignoring],
          ...place,
        });
      },
      act: (marbles, actions) => this.act(marbles, actions),
      cold,
      hot,
      time: (marbles) => this.scheduler.inRunMode((run) => run.time(marbles)),
      expectObservable: (source$, window) => this.expectObservable(source$, window),
      expectSubscriptions: (subscriptions) => this.expectSubscriptions(subscriptions),
      expectQuiescent: (...things) => {
        this.checks.push(() => this.unrest(things));
      },
    };
  }

  private newEndpoint(kind?: FlowEndpoint['kind']): FlowEndpoint {
    const endpoint = new FlowEndpoint(this.scheduler, kind);
    this.endpoints.push(endpoint);
    return endpoint;
  }

  private serve(endpoint: FlowEndpoint, { respond, onSession, ...options }: FlowServerOptions = {}): Server {
    const server = createServer({
      listen: endpoint,
      scheduler: this.scheduler,
      randomBytes: scriptedTokens(),
      keepAlive: { idleMs: 0 },
      ...options,
    });
    this.servers.push(server);
    this.heed(
      server.violations$,
      ({ error, peer }) => `the server refused a packet of ${peer}: ${error.message}`,
    );
    this.heed(server.failures$, ({ message }) => `the server reported a failure: ${message}`);
    server.sessions$.subscribe({
      next: (session) => {
        this.sessions.set(session.sessionId, session);
        if (respond !== undefined) session.respond(respond);
        onSession?.(session);
      },
      error: (error: unknown) => {
        this.report(`the server cannot listen: ${describeError(error)}`);
      },
    });
    return server;
  }

  private async client(endpoint: FlowEndpoint, options: ClientOptions = {}): Promise<Client> {
    const defaults = {
      scheduler: this.scheduler,
      random: () => 0,
      keepAlive: { idleMs: 0 },
      // A server by script answers what its script says, and nothing before.
      revision: 'preview3',
    } as const;
    const client = await connect(endpoint, { ...defaults, ...options });
    this.clients.push(client);
    this.heed(client.violations$, ({ message }) => `the client refused a packet: ${message}`);
    return client;
  }

  private session(sessionId: number): ServerSession {
    const session = this.sessions.get(sessionId);
    if (session !== undefined) return session;
    throw new FlowError(
      `at frame ${this.scheduler.frame} no server of the flow has had a session ${sessionId}`,
    );
  }

  private clientPeer(endpoint: FlowEndpoint, packets: Packets = {}, options: PeerOptions = {}): ClientPeer {
    const { name = 'the client peer' } = options;
    const peer = new ClientPeer(name, this, packets, options.endpoint ?? endpoint);
    this.peers.push(peer);
    return peer;
  }

  private serverPeer(endpoint: FlowEndpoint, packets: Packets = {}, options: PeerOptions = {}): ServerPeer {
    const { name = 'the server peer' } = options;
    const peer = new ServerPeer(name, this, packets, options.endpoint ?? endpoint);
    this.peers.push(peer);
    return peer;
  }

  private replay(
    endpoint: FlowEndpoint,
    captured: Parameters<FlowHelpers['replay']>[0],
    options: ReplayOptions,
  ): ClientPeer | ServerPeer {
    const isOwnSide = (options.as === 'client') === clientSends(captured);
    const [played, awaited] = isOwnSide
      ? [captured.sent, captured.received]
      : [captured.received, captured.sent];
    const peer =
      options.as === 'client'
        ? this.clientPeer(endpoint, captured.packets, options)
        : this.serverPeer(endpoint, captured.packets, options);
    return peer.sends(played).expects(awaited, {}, options);
  }

  private act(marbles: string, actions: Readonly<Record<string, () => void>>): void {
    const { marks, duration } = readTimeline(marbles, this.scheduler);
    this.lasts(duration);
    for (const mark of marks) {
      const action = mark.kind === 'letter' ? actions[mark.letter] : undefined;
      if (action === undefined) throw new FlowError(`"${marbles}" has a mark that names no action`);
      this.at(mark.frame, action);
    }
  }

  private expectObservable(source$: Observable<unknown>, window?: string): ObservedStream {
    const stream = new ObservedStream(source$, this, window);
    this.checks.push(() => stream.verify());
    return stream;
  }

  private expectSubscriptions(subscriptions: readonly SubscriptionTimes[]): SubscriptionExpectation {
    return {
      toBe: (windows) => {
        const expected = [windows].flat().map((window) => {
          const times = this.scheduler.inRunMode(() =>
            TestScheduler.parseMarblesAsSubscriptions(window, true),
          );
          return { subscribed: times.subscribedFrame, unsubscribed: times.unsubscribedFrame };
        });
        this.checks.push(() => {
          const actual = subscriptions.map((times) => ({
            subscribed: times.subscribedFrame,
            unsubscribed: times.unsubscribedFrame,
          }));
          if (deepEqual(expected, actual)) return undefined;
          const told = (all: typeof actual): string =>
            all.map(({ subscribed, unsubscribed }) => `from ${subscribed} to ${unsubscribed}`).join(', ');
          return [
            'a stream of the test was not subscribed to when it should',
            '',
            `  expected  ${told(expected) || 'never'}`,
            `  actual    ${told(actual) || 'never'}`,
          ].join('\n');
        });
      },
    };
  }

  private unrest(things: readonly Quiescible[]): string | undefined {
    const connections = this.endpoints.flatMap((endpoint) => endpoint.connections);
    const left = [
      ...[...this.servers, ...this.clients, ...this.streams, ...things].flatMap(leftovers),
      ...connections.flatMap(({ client, server }) => [client, server]).flatMap(leftovers),
      ...connections
        .filter(({ client }) => !client.isOver)
        .flatMap(({ credit }) => credit.stopped())
        .map((who) => `${who} is still stopped`),
      ...this.scheduler.pending.map(
        ({ due, origin }) =>
          `a timer is due at frame ${due}${origin === undefined ? '' : `, set at ${origin}`}`,
      ),
    ];
    return left.length === 0 ? undefined : notQuiescent(left);
  }

  /** Reports what a server or a client complains of; such streams do not fail. */
  private heed<T>(complaints$: Observable<T>, tell: (complaint: T) => string): void {
    complaints$.subscribe({
      next: (complaint) => {
        this.report(tell(complaint));
      },
      error: (error: unknown) => {
        this.report(describeError(error));
      },
    });
  }

  private report(text: string): void {
    this.reports.push(`at frame ${this.scheduler.frame} ${text}`);
  }
}
