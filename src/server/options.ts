import type { SchedulerLike } from 'rxjs';
import type { ListenEndpoint } from '../transport/endpoint';
import type { TransportKind } from '../transport/transport';
import { Profile } from '../wire/messages/payload-kind';
import type { CacheObjectKind } from '../wire/messages/cache';
import { standardSchemaRegistry, type SchemaRegistry } from '../protocol/schema-registry';
import { acceptAll, type SessionPolicy } from './policy';

/** How many submits of a session may wait while `maxInFlightOperations` are with the application. */
export interface QueueLimits {
  /** Submits. Default 1,024. */
  readonly maxSubmits: number;
  /** Bytes of their bodies. Default 8 MiB. */
  readonly maxBytes: number;
}

/**
 * Whether sessions survive their connection.
 *
 * - `off`: never; what a client asks for is not granted.
 * - `by-id`: as the reference runtime does, for its clients: whoever names the id of a resumable
 *   session takes it over. Unsafe where clients do not trust each other, since ids can be guessed.
 */
export type ResumeMode = 'off' | 'by-id';

export interface ServerOptions {
  /** Where to listen. */
  readonly listen: ListenEndpoint | readonly ListenEndpoint[];
  /** The kinds of transport that may be listened on. Default: those of `listen`. */
  readonly transport?: TransportKind | readonly TransportKind[];
  /** Profiles that sessions may have. Default: token. */
  readonly supportedProfiles?: readonly number[];
  /** Kinds of object that a session may cache. Default none. */
  readonly supportedCacheObjects?: readonly CacheObjectKind[];
  /** Cached objects of a session. Default 0: no limit. */
  readonly maxCacheObjects?: number;
  /** Bytes of one cached object. Default 0: no limit but that of a packet. */
  readonly maxCacheObjectBytes?: number;
  /** Default: the standard registry, which holds the token delta schema. */
  readonly schemaRegistry?: SchemaRegistry;
  /** Bytes of a resume token. Default 24. */
  readonly resumeTokenBytes?: number;
  /** Operations of one session with the application at a time. Default 4. */
  readonly maxInFlightOperations?: number;
  /** Operations that a client may submit before it hears more. Default 2. */
  readonly grantedOperationCredit?: number;
  /** Milliseconds. Default 30,000. */
  readonly leaseTtlMs?: number;
  /** Milliseconds that a resumable session waits for its client. Default 120,000. */
  readonly resumeWindowMs?: number;
  /** Accepts or refuses a SESSION_OPEN. Default: accepts all. */
  readonly policy?: SessionPolicy;
  /** Default `off`. */
  readonly resume?: ResumeMode;
  readonly queue?: Partial<QueueLimits>;
  /** Runs every timer of the server. Default `asyncScheduler`; a test may pass one of virtual time. */
  readonly scheduler?: SchedulerLike;
}

/** {@link ServerOptions} with every default filled in. */
export type ServerSettings = Required<Omit<ServerOptions, 'listen' | 'transport' | 'queue' | 'scheduler'>> & {
  readonly queue: QueueLimits;
};

export function serverSettings(options: ServerOptions): ServerSettings {
  return {
    supportedProfiles: options.supportedProfiles ?? [Profile.Token],
    supportedCacheObjects: options.supportedCacheObjects ?? [],
    maxCacheObjects: options.maxCacheObjects ?? 0,
    maxCacheObjectBytes: options.maxCacheObjectBytes ?? 0,
    schemaRegistry: options.schemaRegistry ?? standardSchemaRegistry(),
    resumeTokenBytes: options.resumeTokenBytes ?? 24,
    maxInFlightOperations: options.maxInFlightOperations ?? 4,
    grantedOperationCredit: options.grantedOperationCredit ?? 2,
    leaseTtlMs: options.leaseTtlMs ?? 30_000,
    resumeWindowMs: options.resumeWindowMs ?? 120_000,
    policy: options.policy ?? acceptAll,
    resume: options.resume ?? 'off',
    queue: { maxSubmits: 1024, maxBytes: 8 * 1024 * 1024, ...options.queue },
  };
}
