import type {
  ClientOptions,
  ClientReconnectOptions,
  ReconnectOptions,
  ResumeOptions,
  SessionOptions,
} from './options';
import {
  bytesOrText,
  callback,
  either,
  flag,
  integer,
  integerOrNone,
  limit,
  listOf,
  milliseconds,
  oneOf,
  oneOrListOf,
  rule,
  secret,
  share,
  u16,
  u32,
  u64,
  U32_MAX,
  valueOf,
  wireCount,
  wireMs,
  type Rule,
} from '../protocol/options/rules';
import type { Capabilities } from '../protocol/capability/capabilities';
import { CAPABILITY_RULES } from '../protocol/capability/capability-rules';
import { ignoreRejection } from '../protocol/ignore-rejection';
import { takeFields } from '../protocol/options/take-fields';
import { optionsOf, takeOptions, takeValue, type Rules } from '../protocol/options/take-options';
import type { CacheReference } from '../protocol/revision/cache-reference';
import type { ConnectEndpoint } from '../transport/endpoint';
import { connectEndpoint, keepAlive, scheduler, transportKind, wallClock } from '../transport/option-rules';
import { FrameSubmitMetadata } from '../wire/messages/frame-submit';
import { CloseReason, InFlightPolicy, type SessionCloseMetadata } from '../wire/messages/session-close';
import { PriorityClass } from '../wire/messages/session-open';
import { MAX_KEPT_BYTES } from '../wire/preview4';
import { CacheReuseScope } from '../wire/preview4/cache';
import { objectsOption } from './session/objects-option';
import type { ClientInterceptor } from './submissions/client-interceptor';
import type { Budget } from '../protocol/operation/budget';
import type { RouteHint } from '../protocol/operation/route-hint';
import { TRACE_RULES } from '../protocol/operation/trace-context';
import type { SubmitRequest } from './submissions/submission';
import type { OperationTerms } from './submissions/operation-terms';

/** One that gives anything but a number from 0 to 1 has `Math.random` in its place. */
const random: Rule<() => number> = {
  ...callback<() => number>(),
  take: (value) => () => numberOf(value as () => unknown) ?? Math.random(),
};

/** Known by what is used of it: one of another realm is as good, or a polyfill's. */
const abortSignal: Rule<AbortSignal> = rule(
  'an AbortSignal',
  (value) =>
    isObject(value) &&
    typeof (value as Partial<AbortSignal>).aborted === 'boolean' &&
    typeof (value as Partial<AbortSignal>).addEventListener === 'function' &&
    typeof (value as Partial<AbortSignal>).removeEventListener === 'function',
);

const auth = secret(
  either(bytesOrText, callback<Extract<SessionOptions['auth'], (...given: never[]) => unknown>>()),
);

const finiteMs = rule<number>(
  '0 ms or more',
  (value) => typeof value === 'number' && value >= 0 && value !== Infinity,
  'number',
);

const instant = integerOrNone(1, Number.MAX_SAFE_INTEGER, ' ms since 1970');

const priorityRule = valueOf(PriorityClass);

const RECONNECT_RULES: Rules<ReconnectOptions> = {
  minDelayMs: finiteMs,
  maxDelayMs: rule<number>(
    '1 ms or more, or Infinity',
    (value) => typeof value === 'number' && value >= 1,
    'number',
  ),
  jitter: share,
  reopen: flag,
  giveUpMs: milliseconds,
};

const reconnect = optionsOf(RECONNECT_RULES);

const CLIENT_RECONNECT_RULES: Rules<ClientReconnectOptions> = {
  ...RECONNECT_RULES,
  waitOnFirstConnect: flag,
};

const CLIENT_RULES: Rules<ClientOptions> = {
  transport: transportKind,
  connectTimeoutMs: milliseconds,
  openTimeoutMs: milliseconds,
  answerTimeoutMs: milliseconds,
  closeTimeoutMs: milliseconds,
  keepAlive,
  revision: oneOf('auto', 'preview3', 'preview4'),
  random,
  scheduler,
  wallClock,
  signal: abortSignal,
  auth,
  reconnect: optionsOf(CLIENT_RECONNECT_RULES),
  interceptors: listOf(callback<ClientInterceptor>()),
};

const SESSION_RULES: Rules<SessionOptions> = {
  requestedSessionId: u32,
  profileId: u16,
  schemaId: u32,
  schemaVersion: u32,
  priorityClass: valueOf(PriorityClass),
  defaultDeadlineMs: wireMs,
  maxInFlightOperations: wireCount,
  leaseTtlHintMs: wireMs,
  allowResume: flag,
  reconnect,
  announce: flag,
  resumeTokenBytes: u32,
  auth,
  clientSessionTag: u64,
  maxBufferedBytes: limit,
  slowConsumerMs: milliseconds,
  objects: objectsOption,
  signal: abortSignal,
};

const { maxBufferedBytes, slowConsumerMs, objects, signal } = SESSION_RULES;
const RESUME_RULES: Rules<ResumeOptions> = {
  auth,
  reconnect,
  maxBufferedBytes,
  slowConsumerMs,
  objects,
  signal,
};

const bound = integerOrNone(1, Number.MAX_SAFE_INTEGER);

const routeHintRule = optionsOf<RouteHint>({
  routeId: u32,
  executorClass: u16,
  affinityClass: u16,
  deadlineAt: instant,
  mustHonor: flag,
  body: {
    ...rule<Uint8Array>(
      `a Uint8Array of at most ${MAX_KEPT_BYTES} bytes`,
      (value) => value instanceof Uint8Array && value.length <= MAX_KEPT_BYTES,
    ),
    take: (value) => Uint8Array.from(value as Uint8Array),
  },
});

const TERMS_RULES: Rules<OperationTerms> = {
  deadlineAt: instant,
  priority: priorityRule,
  budget: optionsOf<Partial<Budget>>({
    tokens: integerOrNone(1, U32_MAX),
    bandwidthBytes: bound,
    computeUnits: bound,
    memoryBytes: bound,
  }),
  trace: optionsOf(TRACE_RULES),
  routeHint: routeHintRule,
  executionHint: routeHintRule,
  degraded: optionsOf(CAPABILITY_RULES),
};

const SUBMIT_RULES: Rules<SubmitRequest> = {
  // As it is: bytes may have been given away.
  body: { ...bytesOrText, take: (value) => value as Uint8Array | string },
  metadata: {
    ...rule<SubmitRequest['metadata']>('an object with fields of FRAME_SUBMIT', isObject),
    take: (value, name) => takeFields(name, value, FrameSubmitMetadata),
  },
  signal: abortSignal,
  traceId: u64,
  ...TERMS_RULES,
};

const cacheKey = either<number, bigint>(integer(0, Number.MAX_SAFE_INTEGER), u64);

const CACHE_REFERENCE_RULES: Rules<CacheReference> = {
  cacheNamespace: u32,
  cacheKeyHi: cacheKey,
  cacheKeyLo: cacheKey,
  profileId: u16,
  reuseScope: valueOf(CacheReuseScope),
  producerTraceId: u64,
  expirationHintMs: wireMs,
  hasFallback: flag,
};

const CLOSE_RULES: Rules<Partial<SessionCloseMetadata>> = {
  closeReason: valueOf(CloseReason),
  inFlightPolicy: valueOf(InFlightPolicy),
  drainTimeoutMs: wireMs,
  lastOperationId: u64,
  sessionErrorCode: u32,
  sessionCloseTag: u32,
};

const endpoints: Rule<ConnectEndpoint | readonly ConnectEndpoint[]> = {
  ...oneOrListOf(connectEndpoint),
  fits: (value) => oneOrListOf(connectEndpoint).fits(value) && !(Array.isArray(value) && value.length === 0),
};

/** These throw a `TypeError` or a `RangeError` that names the option, the value and what it may be. */
export function takeEndpoint(endpoint: unknown): ConnectEndpoint {
  return takeValue(endpoint, 'the endpoint', connectEndpoint);
}

/** At least one. */
export function takeEndpoints(given: unknown): readonly ConnectEndpoint[] {
  const taken = takeValue(given, 'the endpoint', endpoints);
  return Array.isArray(taken) ? (taken as readonly ConnectEndpoint[]) : [taken as ConnectEndpoint];
}

export function takeClientOptions(options: unknown): ClientOptions {
  return takeOptions('connect', options, CLIENT_RULES);
}

export function takeSessionOptions(options: unknown): SessionOptions {
  return takeOptions('openSession', options, SESSION_RULES);
}

export function takeResumeOptions(options: unknown): ResumeOptions {
  return takeOptions('resumeSession', options, RESUME_RULES);
}

/** As it is where it is right, which costs a submit nothing: what is misspelt would be an empty submit. */
export function takeSubmitRequest(request: SubmitRequest): SubmitRequest {
  return isSubmitRequest(request) ? request : takeOptions('session.submit', request, SUBMIT_RULES);
}

export function takeOffer(offer: unknown): Capabilities {
  return takeOptions('session.negotiate', offer, CAPABILITY_RULES);
}

export function takeCacheReference(reference: unknown): CacheReference {
  return takeOptions('session.cacheReference', reference, CACHE_REFERENCE_RULES);
}

export function takeTerms(terms: unknown): OperationTerms {
  return takeOptions('update', terms, TERMS_RULES);
}

function isSubmitRequest(request: unknown): boolean {
  if (!isObject(request)) return false;
  for (const name in request) if (!Object.hasOwn(SUBMIT_RULES, name)) return false;
  const { budget, trace, routeHint, executionHint, degraded } = request as SubmitRequest;
  const { body, metadata, signal, traceId, deadlineAt, priority } = request as SubmitRequest;
  return (
    budget === undefined &&
    trace === undefined &&
    routeHint === undefined &&
    executionHint === undefined &&
    degraded === undefined &&
    (body === undefined || typeof body === 'string' || body instanceof Uint8Array) &&
    (metadata === undefined || areFields(metadata)) &&
    (signal === undefined || abortSignal.fits(signal)) &&
    (traceId === undefined || u64.fits(traceId)) &&
    (deadlineAt === undefined || instant.fits(deadlineAt)) &&
    (priority === undefined || priorityRule.fits(priority))
  );
}

function areFields(metadata: unknown): boolean {
  if (!isObject(metadata)) return false;
  for (const name in metadata) if (!Object.hasOwn(FrameSubmitMetadata.definition.fields, name)) return false;
  return true;
}

export function takeCloseFields(fields: unknown): Partial<SessionCloseMetadata> {
  return takeOptions('session.close', fields, CLOSE_RULES);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function numberOf(source: () => unknown): number | undefined {
  try {
    const number = source();
    if (typeof number === 'number' && number >= 0 && number <= 1) return number;
    ignoreRejection(number);
  } catch {
    // As if it had given nothing.
  }
  return undefined;
}
