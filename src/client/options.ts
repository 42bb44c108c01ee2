import type { SchedulerLike, TimestampProvider } from 'rxjs';
import { TOKEN_DELTA } from '../protocol/content/token-delta';
import type { OpenBlocks } from '../protocol/session/open-blocks';
import { DEFAULT_KEEP_ALIVE, type KeepAlive } from '../transport/liveness/keep-alive';
import type { SessionObjects } from '../objects/shared-object';
import type { ClientInterceptor } from './submissions/client-interceptor';
import { monotonicScheduler, wallClockOf } from '../transport/time/monotonic-scheduler';
import type { TransportKind } from '../transport/transport';
import type { RevisionName } from '../wire/message';
import { Profile } from '../wire/messages/payload-kind';
import { PriorityClass, SessionFlag, SessionOpenMetadata } from '../wire/messages/session-open';

/** How a client connects, and how long it waits. */
export interface ClientOptions {
  /** The kind of transport that may be connected with. Default: that of the endpoint. */
  readonly transport?: TransportKind;
  /** Milliseconds to connect in, Infinity for no limit. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /**
   * Milliseconds that the server may take to answer a SESSION_OPEN, counted from when it is sent, Infinity
   * for no limit. Default 30,000. A connection whose server takes longer is ended, and its other sessions
   * with it, unless they `reconnect`: an answer that came late could be taken for that of the next open.
   */
  readonly openTimeoutMs?: number;
  /**
   * Milliseconds that the server may take to answer a patch, a cache put or a migration, Infinity for no limit.
   * Default 10,000. The request is rejected then; the session goes on.
   */
  readonly answerTimeoutMs?: number;
  /**
   * Milliseconds that closing may take, of the client, and of a session besides the time that its operations
   * get; Infinity for no limit. Default 5,000. What the server has not said by then is not waited for.
   */
  readonly closeTimeoutMs?: number;
  /**
   * When a quiet server is asked for a sign of life, one that can be: this project's by PING, any over
   * WebSocket. One that gives none has lost the connection. Default 15 s quiet, 10 s to answer.
   */
  readonly keepAlive?: Partial<KeepAlive>;
  /** Where the randomness of reconnecting comes from: a number from 0 to 1. Default `Math.random`. */
  readonly random?: () => number;
  /**
   * Runs every timer of the client, and its clock measures every duration. Default: the timers of
   * `asyncScheduler`, and a clock that cannot be set; a test may pass one of virtual time.
   */
  readonly scheduler?: SchedulerLike;
  /**
   * Tells the date, in milliseconds since 1970, where an instant means something outside of this process.
   * Default: `scheduler` where one is given that tells it, else `Date`.
   */
  readonly wallClock?: TimestampProvider;
  /**
   * The revision of the protocol to speak. Default `auto`: says hello in preview4 first, and connects once more to a server
   * that does not answer it within 2 s, to speak preview3 there; once that has opened a session it is remembered of the
   * URL for ten minutes. A session that is resumed keeps its revision.
   */
  readonly revision?: 'auto' | RevisionName;
  /** Gives up connecting: `connect` rejects with the signal's reason. Of no effect once it has connected. */
  readonly signal?: AbortSignal;
  /** What `openSession` has for `auth` where it is given none. */
  readonly auth?: SessionOptions['auth'];
  /**
   * What `openSession` has for `reconnect` where it is given none. A client that has it connects again also where it has
   * no session, for the next `openSession`, and has ended once it is closed.
   */
  readonly reconnect?: ClientReconnectOptions;
  /**
   * What is done around each submit, the first outermost: traces, timings, logs, another try. One that throws costs its
   * operation. Default none.
   */
  readonly interceptors?: readonly ClientInterceptor[];
}

/** How a lost connection is made again. */
export interface ReconnectOptions {
  /** Milliseconds before the first attempt, 0 for at once; each later one waits twice as long. Default 100. */
  readonly minDelayMs?: number;
  /** Milliseconds that a wait grows to, 1 or more. Default 10,000. */
  readonly maxDelayMs?: number;
  /** Which share of a wait is random, from 0 to 1, so that clients do not come back together. Default 0.5. */
  readonly jitter?: number;
  /**
   * Whether a session that the server does not have any more, after a restart say, is opened anew (`reopened` on
   * `state$`). Default true; else it has expired.
   */
  readonly reopen?: boolean;
  /**
   * Milliseconds without a server after which nobody tries to connect any more, Infinity for never. Sessions that are not
   * opened anew are given up at the end of their resume window. Default 120,000.
   */
  readonly giveUpMs?: number;
}

/** How a client connects again. */
export interface ClientReconnectOptions extends ReconnectOptions {
  /** Whether `connect` waits for a server that cannot be reached yet. Default false: it rejects. */
  readonly waitOnFirstConnect?: boolean;
}

/** Makes the objects of a session, which is handed to it as only this library knows it: `sharedObjects()` gives one. */
export type ObjectsOption = (session: never, scheduler: SchedulerLike) => SessionObjects;

/** What a session asks its server for, and what it does when its connection is lost. */
export interface SessionOptions {
  /** 0 lets the server choose. Default 0. */
  readonly requestedSessionId?: number;
  /** Default: token. */
  readonly profileId?: number;
  /** Default: the token delta schema. */
  readonly schemaId?: number;
  /** Default 3, that of the token delta schema. */
  readonly schemaVersion?: number;
  /** Default: balanced. */
  readonly priorityClass?: PriorityClass;
  /** Milliseconds, Infinity for the longest that the wire has. Default 500. */
  readonly defaultDeadlineMs?: number;
  /**
   * Operations that the server is to take at a time, Infinity for as many as the wire has: one that takes fewer refuses.
   * How many may be in flight is what it grants, and not what was asked for. Default 1. No server takes fewer.
   */
  readonly maxInFlightOperations?: number;
  /** Milliseconds, Infinity for the longest that the wire has. Default 30,000. */
  readonly leaseTtlHintMs?: number;
  /** Whether the session should survive its connection. Default: whether `reconnect` is given. */
  readonly allowResume?: boolean;
  /**
   * Connects again by itself when the connection is lost, and takes the session up where it was: submits
   * in flight do not notice. Where the server has it no more, opens another in its place. `{}` for the defaults.
   * Default: a lost connection ends the session.
   */
  readonly reconnect?: ReconnectOptions;
  /**
   * Bytes of results that may wait for `for await` loops, of all operations of the session together. Past them
   * a server that can is asked to hold the operation whose loop is slow, and nothing is read from any other.
   * Default 4 MiB.
   */
  readonly maxBufferedBytes?: number;
  /**
   * Milliseconds after which an operation ends whose loop takes nothing while no more of it may wait; its loop
   * throws an `OperationError`, `slow-consumer`. Default: never where the server holds that operation, 30,000
   * where everything else on the connection has to wait, too.
   */
  readonly slowConsumerMs?: number;
  /**
   * Whether to tell the server, in the session extension block, that this is a client that answers PING
   * and counts results. Without that, what is in flight when a connection is lost ends with `connection-lost`, also
   * where the session is resumed. Default true; the reference's servers ignore it.
   */
  readonly announce?: boolean;
  /**
   * Bytes of resume token to announce; above 0 this is a resume of `requestedSessionId`. Default 0. The
   * reference's servers want the length and no bytes.
   */
  readonly resumeTokenBytes?: number;
  /**
   * What the server's policy judges: bytes, or text, which goes as its UTF-8; or a function that gives it, at once or by
   * a promise. That one is asked at each attempt to open or to resume, once at a time for all sessions of the client;
   * where it fails, or takes longer than 10 s, the attempt has failed, and a session that reconnects is tried again.
   * Default none.
   */
  readonly auth?: Uint8Array | string | (() => Uint8Array | string | PromiseLike<Uint8Array | string>);
  /** What it shares with its server beside operations: `sharedObjects()`. Default nothing. */
  readonly objects?: ObjectsOption;
  /** Default: the requested session id. */
  readonly clientSessionTag?: bigint;
  /**
   * Gives up opening: `openSession` rejects with the signal's reason, and a server that accepts the session all the
   * same hears that it is closed. Of no effect on a session that was opened.
   */
  readonly signal?: AbortSignal;
}

/** What a session that is resumed with a ticket may have beside what it was opened with; see {@link SessionOptions}. */
export type ResumeOptions = Pick<
  SessionOptions,
  'auth' | 'reconnect' | 'maxBufferedBytes' | 'slowConsumerMs' | 'objects' | 'signal'
>;

/** What `connect` fills in. */
export const CLIENT_DEFAULTS = {
  connectTimeoutMs: 10_000,
  openTimeoutMs: 30_000,
  answerTimeoutMs: 10_000,
  closeTimeoutMs: 5_000,
} as const;

/** What `reconnect` fills in. */
export const RECONNECT_DEFAULTS = {
  minDelayMs: 100,
  maxDelayMs: 10_000,
  jitter: 0.5,
  giveUpMs: 120_000,
} as const;

/** What `openSession` fills in; the rest is said at each option. */
export const SESSION_DEFAULTS = {
  requestedSessionId: 0,
  profileId: Profile.Token,
  schemaId: TOKEN_DELTA.schemaId,
  schemaVersion: TOKEN_DELTA.schemaVersion,
  priorityClass: PriorityClass.Balanced,
  defaultDeadlineMs: 500,
  maxInFlightOperations: 1,
  leaseTtlHintMs: 30_000,
  maxBufferedBytes: 4 * 1024 * 1024,
} as const;

/** {@link ClientOptions} with every default filled in. */
export interface ClientSettings extends Required<
  Omit<ClientOptions, 'transport' | 'keepAlive' | 'signal' | 'auth' | 'reconnect'>
> {
  readonly keepAlive: KeepAlive;
  /** How it connects again by itself, where it does. */
  readonly reconnect: ClientReconnectOptions | undefined;
  /** What sessions have that are given none of it. */
  readonly session: Pick<SessionOptions, 'auth' | 'reconnect'>;
}

/** The settings that follow from options that were judged; see `takeClientOptions`. */
export function clientSettings({
  transport: _,
  signal: __,
  keepAlive,
  auth,
  reconnect,
  ...options
}: ClientOptions): ClientSettings {
  return {
    scheduler: monotonicScheduler,
    wallClock: wallClockOf(options.scheduler),
    random: Math.random,
    revision: 'auto',
    interceptors: [],
    ...CLIENT_DEFAULTS,
    ...options,
    keepAlive: { ...DEFAULT_KEEP_ALIVE, ...keepAlive },
    reconnect,
    session: { ...(auth !== undefined && { auth }), ...(reconnect !== undefined && { reconnect }) },
  };
}

/** SESSION_OPEN's metadata with every default filled in. */
export function sessionOpen(options: SessionOptions, blocks: OpenBlocks): SessionOpenMetadata {
  const {
    requestedSessionId,
    allowResume = options.reconnect !== undefined,
    ...wanted
  } = {
    ...SESSION_DEFAULTS,
    ...options,
  };
  return SessionOpenMetadata.of({
    requestedSessionId,
    profileId: wanted.profileId,
    priorityClass: wanted.priorityClass,
    sessionFlags: allowResume ? SessionFlag.AllowResume : 0,
    schemaId: wanted.schemaId,
    schemaVersion: wanted.schemaVersion,
    defaultDeadlineMs: wanted.defaultDeadlineMs,
    maxInFlightOperations: wanted.maxInFlightOperations,
    leaseTtlHintMs: wanted.leaseTtlHintMs,
    resumeTokenBytes: wanted.resumeTokenBytes ?? blocks.resumeToken.length,
    authBytes: blocks.auth.length,
    sessionExtensionBytes: blocks.extension.length,
    clientSessionTag: wanted.clientSessionTag ?? BigInt(requestedSessionId),
  });
}
