import type { SchedulerLike, TimestampProvider } from 'rxjs';
import type { Interceptor } from '../../operators/application/responding/interceptor';
import type { Cluster } from '../cluster/cluster';
import type { ListenEndpoint } from '../transport/endpoint';
import { DEFAULT_KEEP_ALIVE, type KeepAlive } from '../transport/liveness/keep-alive';
import { wallClockOf } from '../transport/time/monotonic-scheduler';
import type { TransportKind } from '../transport/transport';
import { CAPABILITY_TOKENS } from '../wire/preview4/capability-tokens';
import type { RevisionName } from '../wire/message';
import { Profile } from '../wire/messages/payload-kind';
import type { CacheObjectKind } from '../wire/messages/cache';
import type { SchemaDescriptorHeader } from '../wire/messages/schema-descriptor';
import { standardSchemaRegistry } from '../protocol/capability/schema-registry';
import { DEFAULT_OBJECT_LIMITS, type ObjectLimits } from '../objects/object-limits';
import { acceptAll, type SessionPolicy } from './opening/policy';
import { systemRandom } from './opening/resume-token';
import { DEFAULT_RETAIN, type RetainLimits } from './limits/retained-totals';
import type { Submit } from './session/session-message';
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from './limits/server-limits';
import { CancelScope } from '../protocol/operation/operation';
import { MAX_WANTED_OPERATIONS } from '../protocol/session/session-extension';
import type { Result } from '../protocol/operation/result';
import { DEFAULT_OUTBOX_LIMITS, type OutboxLimits } from '../protocol/operation/result-outbox';

/** How many submits of a session may wait while `maxInFlightOperations` are with the application. */
export interface QueueLimits {
  /** Submits. Default 1,024. */
  readonly maxSubmits: number;
  /** Bytes of their bodies. Default 8 MiB. */
  readonly maxBytes: number;
}

/**
 * Whether sessions survive their connection, where their client asks for it (`allow_resume`).
 *
 * - `token`: a client that comes back proves with a secret token that the session is its own. The
 *   session's object lives on: handlers keep running, and their results wait for the client.
 * - `off`: never; what a client asks for is not granted.
 * - `by-id`: as the reference runtime does, for its clients: whoever names the id of a resumable
 *   session takes it over. Unsafe where clients do not trust each other, since ids can be guessed. Whoever lets the
 *   server choose gets the id 1, also where another has it, who loses the session: clients have to name theirs.
 */
export type ResumeMode = 'token' | 'off' | 'by-id';

/** What a server is made with. */
export interface ServerOptions {
  /** Where to listen. */
  readonly listen: ListenEndpoint | readonly ListenEndpoint[];
  /** The kinds of transport that may be listened on. Default: those of `listen`. */
  readonly transport?: TransportKind | readonly TransportKind[];
  /** Profiles that sessions may have. Default: token. */
  readonly supportedProfiles?: readonly number[];
  /** Kinds of object that a session may cache. Default none. */
  readonly supportedCacheObjects?: readonly CacheObjectKind[];
  /** Cached objects of a session; 0 is no limit. Default 4,096. */
  readonly maxCacheObjects?: number;
  /** Bytes of one cached object. Default 0: no limit but that of a packet. */
  readonly maxCacheObjectBytes?: number;
  /** Tells which schemas sessions may have. Default: `TOKEN_DELTA_SCHEMA` alone. */
  readonly schemaRegistry?: {
    /** The schema of an id and a version; undefined refuses the session. */
    get(schemaId: number, schemaVersion: number): SchemaDescriptorHeader | undefined;
  };
  /** Bytes of a resume token, 1,024 at most, and 16 at least where `resume` is `token`. Default 24. */
  readonly resumeTokenBytes?: number;
  /** Operations of one session with the application at a time, Infinity for as many as the wire has. Default 4. */
  readonly maxInFlightOperations?: number;
  /** Operations that a client may have in flight, until it hears otherwise. Default `maxInFlightOperations`. */
  readonly grantedOperationCredit?: number;
  /** Milliseconds, Infinity for the longest that the wire has. Default 30,000. */
  readonly leaseTtlMs?: number;
  /**
   * Milliseconds that a resumable session waits for its client, Infinity for the longest that the wire has
   * (49 days); with 0 none is resumable. Default 120,000.
   */
  readonly resumeWindowMs?: number;
  /** Accepts or refuses a SESSION_OPEN. Default: accepts all. */
  readonly policy?: SessionPolicy;
  /** Default `token`. */
  readonly resume?: ResumeMode;
  /**
   * The revisions of the protocol that connections may speak; which one does, its first packets show. Default: both.
   */
  readonly revisions?: readonly RevisionName[];
  /** What is kept for a client that is away. Default 8 MiB a session, however many results that is. */
  readonly outbox?: Partial<OutboxLimits>;
  /**
   * Keeps answers from their first result on, for clients that come with a ticket of the session (`session.ticket$`),
   * from another page load perhaps: those that run, and each for `ms` once it has ended. `{}` for the defaults.
   * Default: nothing is kept, and such a client gets what comes after the results that its ticket counts.
   */
  readonly retain?: Partial<RetainLimits>;
  /**
   * Where tokens come from. Default: the system's random source. A server that is given one repeats itself:
   * the ids that it chooses begin at 1 and not at a random place, and tokens have a tag only with `tokenKey`.
   */
  readonly randomBytes?: (length: number) => Uint8Array;
  /**
   * The secret by which the server knows the tokens that it has made, 16 bytes at least: each ends in a tag
   * of 8 bytes, where `resumeTokenBytes` leaves 16 beside it. What lacks the tag is no guess at a token, and
   * costs nobody anything. Default: random, of this server alone.
   */
  readonly tokenKey?: Uint8Array | string;
  /**
   * The nodes that this server is one of, which all have the same `tokenKey`: a client may come back to any of them.
   * Not with `resume` `by-id`. Default: it is alone.
   */
  readonly cluster?: Cluster;
  /**
   * What becomes of new sessions while the store of the `cluster` does not answer: `degrade` opens them, found by no other
   * node until it does again, and never where this node has no ids left that are its own; `refuse` has their clients
   * retry (`retry_later`), also as long as it has none. Sessions that there are go on either way. Default `degrade`.
   */
  readonly storeDown?: 'degrade' | 'refuse';
  /** Bytes of all cached objects of a session. Default 64 MiB. */
  readonly maxCacheBytes?: number;
  /**
   * What clients are told that this server can do, of what they offer (CAPABILITY_NEGOTIATION): tokens that the protocol
   * registers, and the application's own. Default: all that the protocol registers, `CAPABILITY_TOKENS` of `nnrp-rx/wire`.
   */
  readonly capabilities?: readonly string[];
  /** How much each end of a session may share (`session.objects`). Default: 64 objects, 1 MiB. */
  readonly objects?: Partial<ObjectLimits>;
  /** What a FRAME_CANCEL reaches besides the operation that it names. Default: nothing. */
  readonly cancelScope?: CancelScope;
  /**
   * Milliseconds after which a patch or a migration that the application has not answered is rejected.
   * Default 5,000.
   */
  readonly patchTimeoutMs?: number;
  /** Milliseconds that the old connection of a session that migrated is kept. Default 1,000. */
  readonly migrateGraceMs?: number;
  /** Milliseconds without a packet or an operation after which a session is closed. Default 0: never. */
  readonly idleTimeoutMs?: number;
  /** When quiet peers are pinged, those that can take it. Default 15 s quiet, 10 s to answer. */
  readonly keepAlive?: Partial<KeepAlive>;
  /** How many submits of a session may wait. Default: 1,024 of them, 8 MiB. */
  readonly queue?: Partial<QueueLimits>;
  /**
   * What is done around each operation that `session.respond` answers, the first outermost: logs, traces, budgets. One
   * that throws a `failure` has its client told that; what else it throws is a failure of the server's. Default none.
   */
  readonly interceptors?: readonly Interceptor<Submit, Result>[];
  /** What peers that are slow, broken, greedy or malicious are held to; see `DEFAULT_SERVER_LIMITS`. */
  readonly limits?: Partial<ServerLimits>;
  /**
   * Runs every timer of the server, and its clock measures every duration. Default: the timers of
   * `asyncScheduler`, and a clock that cannot be set; a test may pass one of virtual time.
   */
  readonly scheduler?: SchedulerLike;
  /**
   * Tells the date, in milliseconds since 1970, where an instant means something outside of this process.
   * Default: `scheduler` where one is given that tells it, else `Date`.
   */
  readonly wallClock?: TimestampProvider;
}

/** How a server ends: what is still under way gets time, or none. */
export interface CloseOptions {
  /**
   * Milliseconds that operations in flight get to finish, and clients that are away to fetch what they lack, Infinity
   * for as long as they take. Default 10,000; 0 ends them at once. A server with none in flight waits a second for
   * clients that have not said yet that they have everything. One that may lack results then counts as away.
   */
  readonly graceMs?: number;
  /**
   * Whether the other nodes of its `cluster` carry its clients while operations finish: it stops listening at once, and
   * ends the connections of clients that come back by themselves for what they have in flight. One that is in no
   * cluster closes as without. Default false.
   */
  readonly handOver?: boolean;
}

/** {@link ServerOptions} with every default filled in. */
export type ServerSettings = Required<
  Omit<
    ServerOptions,
    | 'listen'
    | 'transport'
    | 'queue'
    | 'limits'
    | 'outbox'
    | 'keepAlive'
    | 'scheduler'
    | 'tokenKey'
    | 'cluster'
    | 'retain'
  >
> & {
  readonly queue: QueueLimits;
  readonly limits: ServerLimits;
  readonly outbox: OutboxLimits;
  readonly objects: ObjectLimits;
  readonly keepAlive: KeepAlive;
  /** Undefined where nothing is kept. */
  readonly retain: RetainLimits | undefined;
  /** Undefined for tokens without a tag. */
  readonly tokenKey: Uint8Array | undefined;
};

/** The settings that follow from options that were judged; see `takeServerOptions`. */
export function serverSettings(options: ServerOptions): ServerSettings {
  const { maxInFlightOperations = 4 } = options;
  return {
    supportedProfiles: options.supportedProfiles ?? [Profile.Token],
    supportedCacheObjects: options.supportedCacheObjects ?? [],
    maxCacheObjects: options.maxCacheObjects ?? 4096,
    maxCacheObjectBytes: options.maxCacheObjectBytes ?? 0,
    schemaRegistry: options.schemaRegistry ?? standardSchemaRegistry(),
    resumeTokenBytes: options.resumeTokenBytes ?? 24,
    maxInFlightOperations,
    grantedOperationCredit: options.grantedOperationCredit ?? maxInFlightOperations,
    leaseTtlMs: options.leaseTtlMs ?? 30_000,
    resumeWindowMs: options.resumeWindowMs ?? 120_000,
    policy: options.policy ?? acceptAll,
    resume: options.resume ?? 'token',
    storeDown: options.storeDown ?? 'degrade',
    revisions: options.revisions ?? ['preview3', 'preview4'],
    outbox: { ...DEFAULT_OUTBOX_LIMITS, ...options.outbox },
    retain: options.retain && { ...DEFAULT_RETAIN, ...options.retain },
    randomBytes: options.randomBytes ?? systemRandom,
    tokenKey: tokenKey(options),
    maxCacheBytes: options.maxCacheBytes ?? 64 * 1024 * 1024,
    capabilities: options.capabilities ?? CAPABILITY_TOKENS,
    objects: { ...DEFAULT_OBJECT_LIMITS, ...options.objects },
    cancelScope: options.cancelScope ?? CancelScope.Operation,
    interceptors: options.interceptors ?? [],
    patchTimeoutMs: options.patchTimeoutMs ?? 5000,
    migrateGraceMs: options.migrateGraceMs ?? 1000,
    idleTimeoutMs: options.idleTimeoutMs ?? 0,
    keepAlive: { ...DEFAULT_KEEP_ALIVE, ...options.keepAlive },
    queue: { maxSubmits: 1024, maxBytes: 8 * 1024 * 1024, ...options.queue },
    limits: serverLimits(options),
    wallClock: options.wallClock ?? wallClockOf(options.scheduler),
  };
}

/** A client that comes back names the operations that it waits for, in its first packet, and asks for all of its sessions. */
function serverLimits({ limits, maxInFlightOperations = 0 }: ServerOptions): ServerLimits {
  const named = 4 * Math.min(maxInFlightOperations, MAX_WANTED_OPERATIONS);
  const maxOpeningBytesIn = Math.max(DEFAULT_SERVER_LIMITS.maxOpeningBytesIn, 1024 + named);
  const { maxSessionsPerConnection, maxDetachedSessions, opens } = { ...DEFAULT_SERVER_LIMITS, ...limits };
  // Without a limit for one connection, it is for those of all that wait.
  const burst = Math.max(opens.burst, 3 * Math.min(maxSessionsPerConnection, maxDetachedSessions));
  return { ...DEFAULT_SERVER_LIMITS, maxOpeningBytesIn, opens: { ...opens, burst }, ...limits };
}

function tokenKey({ tokenKey: given, randomBytes }: ServerOptions): Uint8Array | undefined {
  if (given === undefined) return randomBytes === undefined ? systemRandom(32) : undefined;
  return Buffer.from(given);
}
