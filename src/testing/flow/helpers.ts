import type { Observable } from 'rxjs';
import type { RunHelpers } from 'rxjs/testing';
import type { SubmitHandler } from '../../../operators/application/respond-to-submits';
import type { Client } from '../../client/client';
import type { ClientOptions, SessionOptions } from '../../client/options';
import type { ClientSession } from '../../client/session/session';
import type { ServerOptions } from '../../server/options';
import type { Server } from '../../server/server';
import type { ServerSession } from '../../server/session/session';
import type { Submit } from '../../server/session/session-message';
import type { TransportKind } from '../../transport/transport';
import type { CapturedFlow } from '../capture/captured-flow';
import type { FlowScheduler } from '../time/flow-scheduler';
import type { ClientPeer } from './client-peer';
import type { FlowEndpoint } from './flow-endpoint';
import type { ObservableExpectation } from './observed';
import type { Quiescible } from './quiescence';
import type { ExpectOptions, Packets } from './scripted-peer';
import type { ServerPeer } from './server-peer';

/** A server of a flow: the options of any server, and what to do with its sessions. */
export interface FlowServerOptions extends Partial<ServerOptions> {
  /** Answers every submit of every session, as `session.respond` does. */
  readonly respond?: SubmitHandler<Submit>;
  /** Called with every session as it is opened. */
  readonly onSession?: (session: ServerSession) => void;
}

/** Which place of a flow a peer or a client meets its other end at, and how failures call it. */
export interface PeerOptions {
  /** Default: the flow's `endpoint`. */
  readonly endpoint?: FlowEndpoint;
  /** Default `the client peer`, `the server peer`. */
  readonly name?: string;
}

export interface ReplayOptions extends ExpectOptions, PeerOptions {
  /** Which side of the captured connection to play. */
  readonly as: 'client' | 'server';
}

/** What a flow's function works with. Every string counts frames, milliseconds, from the flow's start. */
export interface FlowHelpers {
  /** The flow's time, for what takes a scheduler. Timers that take none run on it too. */
  readonly scheduler: FlowScheduler;
  /** Where servers listen and clients connect. */
  readonly endpoint: FlowEndpoint;
  /** Another place to listen and connect, for sessions that move. */
  newEndpoint(kind?: TransportKind): FlowEndpoint;
  /**
   * Starts a server on `endpoint`, with tokens that a script knows (`resumeToken(1)`, `resumeToken(2)`)
   * and without keep-alive, where `options` say nothing else.
   *
   * @example
   * serve({ respond: () => cold('--a-b|', { a: 'Call', b: ' me' }), maxInFlightOperations: 1 });
   */
  serve(options?: FlowServerOptions): Server;
  /** A session of a server of this flow. Throws where none of that id was opened. */
  session(sessionId: number): ServerSession;
  /**
   * Connects a client to `endpoint`; it speaks preview3 unasked, waits before reconnecting without chance (`random` is 0),
   * and is without keep-alive, where `options` say nothing else.
   */
  client(options?: ClientOptions & Pick<PeerOptions, 'endpoint'>): Promise<Client>;
  /** Connects a client, as `client` does, and opens a session on it. */
  openSession(options?: SessionOptions & Pick<PeerOptions, 'endpoint'>): Promise<ClientSession>;
  /** A client by script, to test a server with. */
  clientPeer(packets?: Packets, options?: PeerOptions): ClientPeer;
  /** A server by script, to test a client with. */
  serverPeer(packets?: Packets, options?: PeerOptions): ServerPeer;
  /** Plays one side of a captured connection again, and expects what the other side sent then. */
  replay(captured: CapturedFlow, options: ReplayOptions): ClientPeer | ServerPeer;
  /**
   * Does things at frames, aligned with what peers send.
   *
   * @example
   * act('---p--r', { p: () => session(42).pause(), r: () => session(42).unpause() });
   */
  act(marbles: string, actions: Readonly<Record<string, () => void>>): void;
  /** As `TestScheduler.run` has it. */
  readonly cold: RunHelpers['cold'];
  /** As `TestScheduler.run` has it; its frames count from where it is made. */
  readonly hot: RunHelpers['hot'];
  /** As `TestScheduler.run` has it: `time('---|')` is 3. */
  readonly time: RunHelpers['time'];
  /** Subscribes to a stream, now or when `window` says (`'--^---!'`), and says what it must emit. */
  expectObservable(source$: Observable<unknown>, window?: string): ObservableExpectation;
  /** Says when a `cold` or `hot` stream must have been subscribed to: `'--^---!'`, one string each. */
  expectSubscriptions(subscriptions: readonly SubscriptionTimes[]): SubscriptionExpectation;
  /**
   * Fails the flow where something is left at its end: timers, stopped credit, subscriptions to `cold`
   * and `hot`, and whatever its servers, clients and connections, or `things`, still hold. Idle sessions
   * and connections may stay.
   */
  expectQuiescent(...things: readonly Quiescible[]): void;
}

/** From when to when somebody was subscribed, in frames; Infinity for never. */
export interface SubscriptionTimes {
  readonly subscribedFrame: number;
  readonly unsubscribedFrame: number;
}

/** What is expected of when a stream is subscribed to. */
export interface SubscriptionExpectation {
  /** When it is subscribed to, and unsubscribed from: `^--!`, one string a subscription. */
  toBe(windows: string | readonly string[]): void;
}
