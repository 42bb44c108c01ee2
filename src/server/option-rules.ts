import type { SubmitHandler } from '../../operators/application/respond-to-submits';
import type { Cluster } from '../cluster/cluster';
import { OBJECT_LIMIT_RULES } from '../objects/object-limits';
import { capabilityTokens } from '../protocol/capability/capability-rules';
import { CancelScope } from '../protocol/operation/operation';
import type { OutboxLimits } from '../protocol/operation/result-outbox';
import {
  bytesOrText,
  callback,
  flag,
  integer,
  integerOrInfinity,
  like,
  limit,
  listOf,
  oneOrListOf,
  milliseconds,
  oneOf,
  required,
  U16_MAX,
  U32_MAX,
  u16,
  u32,
  valueOf,
  wireCount,
  wireMs,
  type Rule,
} from '../protocol/options/rules';
import { optionsOf, partly, takeOptions, takeValue, type Rules } from '../protocol/options/take-options';
import { keepAlive, listenEndpoint, scheduler, transportKind, wallClock } from '../transport/option-rules';
import type { RevisionName } from '../wire/message';
import { CacheObjectKind } from '../wire/messages/cache';
import { CloseReason, InFlightPolicy } from '../wire/messages/session-close';
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from './limits/server-limits';
import type { RetainLimits } from './limits/retained-totals';
import type { Rate } from './limits/token-bucket';
import { MAX_TOKEN_BYTES, MIN_TOKEN_BYTES, type RandomBytes } from './opening/resume-token';
import { MIN_TAGGED_BYTES } from './opening/token-mint';
import type { SessionPolicy } from './opening/policy';
import type { CloseOptions, QueueLimits, ServerOptions, ServerSettings } from './options';
import type { ServerSession } from './session/session';
import type { SessionEnding } from './session/session-terms';
import type { Submit } from './session/session-message';

const rate: Rule<Rate> = optionsOf<Rate>({ burst: required(limit), perSecond: required(limit) });

/** Shorter keys can be guessed. */
const MIN_TOKEN_KEY_BYTES = 16;

const tokenKey: Rule<Uint8Array | string> = {
  ...bytesOrText,
  expected: `a Uint8Array or a string of ${MIN_TOKEN_KEY_BYTES} bytes or more`,
  fits: (value) =>
    bytesOrText.fits(value) && Buffer.from(value as Uint8Array | string).length >= MIN_TOKEN_KEY_BYTES,
};

/** Each is what its default is: a number, or a rate. */
const LIMIT_RULES = Object.fromEntries(
  Object.entries(DEFAULT_SERVER_LIMITS).map(([name, value]) => [
    name,
    typeof value === 'number' ? limit : rate,
  ]),
) as unknown as Rules<ServerLimits>;

const revision = oneOf<RevisionName>('preview3', 'preview4');

const revisions: Rule<readonly RevisionName[]> = {
  ...listOf(revision),
  expected: 'a list, not empty, of "preview3" and "preview4"',
  fits: (value) => listOf(revision).fits(value) && (value as readonly unknown[]).length > 0,
};

const SERVER_RULES: Rules<ServerOptions> = {
  listen: required(oneOrListOf(listenEndpoint)),
  transport: oneOrListOf(transportKind),
  supportedProfiles: listOf(u16),
  supportedCacheObjects: listOf(valueOf(CacheObjectKind)),
  maxCacheObjects: limit,
  maxCacheObjectBytes: integerOrInfinity(0, U32_MAX, ' bytes'),
  schemaRegistry: like<ServerSettings['schemaRegistry']>('a SchemaRegistry', { get: 'function' }),
  resumeTokenBytes: integer(0, MAX_TOKEN_BYTES),
  maxInFlightOperations: integerOrInfinity(1, U16_MAX),
  grantedOperationCredit: wireCount,
  leaseTtlMs: wireMs,
  resumeWindowMs: wireMs,
  policy: callback<SessionPolicy>(),
  resume: oneOf('token', 'off', 'by-id'),
  revisions,
  outbox: optionsOf(partly<OutboxLimits>({ maxResults: limit, maxBytes: limit })),
  retain: optionsOf(partly<RetainLimits>({ bytes: limit, ms: milliseconds })),
  randomBytes: callback<RandomBytes>(),
  tokenKey,
  cluster: like<Cluster>('a cluster, as redisCluster({ url, link }) is', { join: 'function' }),
  storeDown: oneOf('degrade', 'refuse'),
  maxCacheBytes: limit,
  capabilities: capabilityTokens,
  objects: optionsOf(partly(OBJECT_LIMIT_RULES)),
  cancelScope: valueOf(CancelScope),
  patchTimeoutMs: milliseconds,
  migrateGraceMs: wireMs,
  idleTimeoutMs: milliseconds,
  keepAlive,
  interceptors: listOf(callback<NonNullable<ServerOptions['interceptors']>[number]>()),
  queue: optionsOf(partly<QueueLimits>({ maxSubmits: limit, maxBytes: limit })),
  limits: optionsOf(partly(LIMIT_RULES)),
  scheduler,
  wallClock,
};

/** Throws a `TypeError` or a `RangeError` that names the option, the value and what it may be. */
export function takeServerOptions(options: unknown): ServerOptions {
  const taken = takeOptions('createServer', options, SERVER_RULES);
  const { resume = 'token', resumeTokenBytes = MIN_TOKEN_BYTES } = taken;
  if (resume === 'token' && resumeTokenBytes < MIN_TOKEN_BYTES) {
    throw new RangeError(
      `resumeTokenBytes must be an integer from ${MIN_TOKEN_BYTES} to ${MAX_TOKEN_BYTES} where resume is "token", got ${resumeTokenBytes}`,
    );
  }
  if (taken.cluster !== undefined) checkClustered(taken);
  return taken;
}

/** What the nodes of a cluster must have in common, or cannot have. */
function checkClustered({ resume, tokenKey, resumeTokenBytes = MIN_TAGGED_BYTES }: ServerOptions): void {
  if (resume === 'by-id') {
    throw new RangeError(
      'resume must not be "by-id" with cluster: whoever names an id would have any node\'s session',
    );
  }
  if (tokenKey === undefined) {
    throw new TypeError('tokenKey must be given with cluster, the same for each of its nodes');
  }
  if (resumeTokenBytes < MIN_TAGGED_BYTES) {
    throw new RangeError(
      `resumeTokenBytes must be ${MIN_TAGGED_BYTES} or more with cluster, got ${resumeTokenBytes}: its nodes know their tokens by a tag`,
    );
  }
}

/** As {@link takeServerOptions}, for `server.close`. */
export function takeCloseOptions(options: unknown): CloseOptions {
  return takeOptions<CloseOptions>('server.close', options, { graceMs: wireMs, handOver: flag });
}

const ENDING_RULES: Rules<SessionEnding> = {
  closeReason: valueOf(CloseReason),
  inFlightPolicy: valueOf(InFlightPolicy),
  drainTimeoutMs: wireMs,
  sessionErrorCode: u32,
};

/** As {@link takeServerOptions}, for `session.close`. */
export function takeEnding(ending: unknown): Partial<SessionEnding> {
  return takeOptions('session.close', ending, partly(ENDING_RULES));
}

/** What `session.respond` takes besides its handler. */
export type AnsweringOptions = NonNullable<Parameters<ServerSession['respond']>[1]>;

const RESPOND_RULES: Rules<AnsweringOptions> = {
  late: oneOf('before-start', 'until-end'),
  overBudget: oneOf('end', 'continue'),
  coalesce: flag,
  continueWith: callback<NonNullable<AnsweringOptions['continueWith']>>(),
};

/** As {@link takeServerOptions}, for `session.respond`. */
export function takeRespondOptions(options: unknown): AnsweringOptions {
  return takeOptions('session.respond', options, RESPOND_RULES);
}

/** As {@link takeServerOptions}, for what `session.respond` calls. */
export function takeHandler(handler: unknown): SubmitHandler<Submit> {
  return takeValue(handler, 'the handler of session.respond', callback<SubmitHandler<Submit>>());
}
