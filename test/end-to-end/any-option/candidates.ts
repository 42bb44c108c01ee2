import { globalAgent } from 'node:http';
import fc from 'fast-check';
import { asapScheduler, asyncScheduler, of, queueScheduler } from 'rxjs';
import type { ClientOptions, ClientReconnectOptions, SessionOptions } from '../../../src/client/options';
import { sharedObjects } from '../../../src/client/session/shared-objects';
import { DEFAULT_SERVER_LIMITS } from '../../../src/server/limits/server-limits';
import type { ServerOptions } from '../../../src/server/options';
import type { IpcOptions } from '../../../src/transport/ipc/options';
import type { MemoryOptions } from '../../../src/transport/memory';
import type { TcpOptions } from '../../../src/transport/tcp/options';
import type { TlsOptions } from '../../../src/transport/tls/options';
import type { WebSocketOptions } from '../../../src/transport/web-socket/options';

/** For every option, what is worth a try besides anything; an option that is not here does not compile. */
type Candidates<Options> = { readonly [Name in keyof Options]-?: readonly unknown[] };

const NUMBERS = [0, -0, 1, -1, 1.5, NaN, Infinity, -Infinity, 0xffff, 0x10000, 2 ** 32 - 1, 2 ** 32, 1e300];
const KEEP_ALIVE = NUMBERS.flatMap((number) => [
  { idleMs: number },
  { timeoutMs: number },
  { idleMs: undefined },
]);
const FAILURES: readonly unknown[] = [new Error('no'), undefined, null, Symbol('no'), Object.create(null)];
export const CALLBACKS: readonly unknown[] = [
  ...[...NUMBERS, true, false, 'text', new Uint8Array(3), new Uint8Array(24), ...FAILURES].flatMap(
    (value) => [() => value, async () => value, () => of(value)],
  ),
  ...FAILURES.flatMap((failure) => [
    () => {
      throw failure;
    },
    async () => {
      throw failure;
    },
  ]),
];
const PRESSURE = NUMBERS.flatMap((number) => [
  { highWaterMark: number, lowWaterMark: 0 },
  { highWaterMark: number, lowWaterMark: number },
  { highWaterMark: number },
  { lowWaterMark: number },
]);
const PACKETS = NUMBERS.flatMap((number) => [{ maxMetadataBytes: number }, { maxBodyBytes: number }]);
const LIMITS = Object.entries(DEFAULT_SERVER_LIMITS).flatMap(([name, usual]) =>
  NUMBERS.map((number) => ({
    [name]: typeof usual === 'number' ? number : { burst: number, perSecond: number },
  })),
);

/** One that is right in all but one of its two. */
const SCHEDULERS: readonly unknown[] = [
  asyncScheduler,
  asapScheduler,
  queueScheduler,
  ...CALLBACKS.flatMap((callback) => [
    { now: callback, schedule: asyncScheduler.schedule.bind(asyncScheduler) },
    { now: () => Date.now(), schedule: callback },
  ]),
];

/** What those do that take part is another test's. */
const INTERCEPTORS = [
  [],
  [(operation: unknown, next: (operation: unknown) => unknown) => next(operation)],
  [undefined],
  [5],
];

export const SERVER: Candidates<Omit<ServerOptions, 'listen'>> = {
  scheduler: SCHEDULERS,
  storeDown: ['degrade', 'refuse', 'fail', true],
  capabilities: [[], ['object.delta', 'acme.vision'], ['Not A Token'], ['object.delta', 5]],
  transport: ['memory', ['memory'], ['tcp'], []],
  supportedProfiles: [[], [2], [2, 99], [-1], [1.5], [2, 'x']],
  supportedCacheObjects: [[], [1, 2], [0], [99]],
  maxCacheObjects: NUMBERS,
  maxCacheObjectBytes: NUMBERS,
  schemaRegistry: [{ get: () => undefined }, ...CALLBACKS.map((get) => ({ get }))],
  resumeTokenBytes: [15, 16, 17, 1024, 1025, ...NUMBERS],
  maxInFlightOperations: NUMBERS,
  grantedOperationCredit: NUMBERS,
  leaseTtlMs: NUMBERS,
  resumeWindowMs: NUMBERS,
  policy: CALLBACKS,
  resume: ['token', 'off', 'by-id', 'on'],
  revisions: [['preview3'], ['preview4', 'preview3'], [], ['preview5'], 'preview4'],
  outbox: NUMBERS.flatMap((number) => [{ maxResults: number }, { maxBytes: number }]),
  retain: NUMBERS.flatMap((number) => [{ bytes: number }, { ms: number }]),
  randomBytes: CALLBACKS,
  tokenKey: ['', 'short', 'sixteen bytes or more', new Uint8Array(16)],
  cluster: [{}, { join: 1 }, 'redis://127.0.0.1'],
  maxCacheBytes: NUMBERS,
  objects: NUMBERS.flatMap((number) => [{ maxObjects: number }, { maxBytes: number }]),
  cancelScope: NUMBERS,
  interceptors: INTERCEPTORS,
  patchTimeoutMs: NUMBERS,
  migrateGraceMs: NUMBERS,
  idleTimeoutMs: NUMBERS,
  keepAlive: KEEP_ALIVE,
  queue: NUMBERS.flatMap((number) => [{ maxSubmits: number }, { maxBytes: number }]),
  limits: LIMITS,
  wallClock: CALLBACKS.map((now) => ({ now })),
};

/** These may keep a client out, or cut it: nothing else may. */
export const HARMFUL = new Set<string>([
  'policy',
  'supportedProfiles',
  'schemaRegistry',
  'limits',
  'idleTimeoutMs',
  'keepAlive',
  'grantedOperationCredit',
  'transport',
]);

const FLAGS = [true, false, 0, 1, 'true'];

const RECONNECT: Candidates<ClientReconnectOptions> = {
  minDelayMs: NUMBERS,
  maxDelayMs: NUMBERS,
  jitter: NUMBERS,
  giveUpMs: NUMBERS,
  reopen: FLAGS,
  waitOnFirstConnect: FLAGS,
};

/** Of a session, which has all of them but one, and of its client. */
const { waitOnFirstConnect, ...RECONNECT_SESSION } = RECONNECT;
const RECONNECTS = [{}, ...oneByOne(RECONNECT_SESSION)];

/** Each option with each of its candidates, alone. */
function oneByOne(candidates: object): object[] {
  return each(candidates).flatMap(([name, values]) => values.map((value) => ({ [name]: value })));
}

const AUTHS = ['', 'text', 'ü', new Uint8Array(3), new ArrayBuffer(3), [1, 2], () => 'text'];

/** None that aborts: that is an end by itself. */
const SIGNALS = [new AbortController().signal, {}, null];

export const CLIENT: Candidates<ClientOptions> = {
  scheduler: SCHEDULERS,
  transport: ['memory', 'tcp'],
  connectTimeoutMs: NUMBERS,
  openTimeoutMs: NUMBERS,
  answerTimeoutMs: NUMBERS,
  closeTimeoutMs: NUMBERS,
  revision: ['auto', 'preview3', 'preview4', 'preview5'],
  keepAlive: KEEP_ALIVE,
  random: CALLBACKS,
  wallClock: CALLBACKS.map((now) => ({ now })),
  signal: SIGNALS,
  auth: AUTHS,
  reconnect: [...RECONNECTS, ...oneByOne({ waitOnFirstConnect })],
  interceptors: INTERCEPTORS,
};

export const SESSION: Candidates<SessionOptions> = {
  requestedSessionId: NUMBERS,
  profileId: NUMBERS,
  schemaId: NUMBERS,
  schemaVersion: NUMBERS,
  priorityClass: NUMBERS,
  defaultDeadlineMs: NUMBERS,
  maxInFlightOperations: NUMBERS,
  leaseTtlHintMs: NUMBERS,
  allowResume: [true, false, 0, 1],
  reconnect: RECONNECTS,
  announce: [true, false, 0, 1],
  resumeTokenBytes: NUMBERS,
  auth: AUTHS,
  clientSessionTag: [0n, -1n, 2n ** 64n - 1n, 2n ** 64n],
  maxBufferedBytes: NUMBERS,
  slowConsumerMs: NUMBERS,
  objects: [sharedObjects(), {}, null, 5],
  signal: SIGNALS,
};

const SOCKET = {
  port: NUMBERS,
  host: ['127.0.0.1', '', 'no such host'],
  limits: PACKETS,
  pressure: PRESSURE,
  closeTimeoutMs: NUMBERS,
  trustProxy: [[], ['10.0.0.0/8'], ['10.0.0.0/99'], ['here'], [5]],
};

export const TCP: Candidates<TcpOptions> = { ...SOCKET, backlog: NUMBERS };

export const TLS: Candidates<TlsOptions> = {
  ...TCP,
  cert: ['', 'no certificate'],
  key: ['', 'no key'],
  passphrase: ['', 'open sesame'],
  ca: ['', 'no certificate', [], ['none']],
  clientCertificates: ['none', 'request', 'require', 'maybe'],
  serverName: ['', 'nnrp.example'],
  minVersion: ['TLSv1.2', 'TLSv1.1'],
  handshakeTimeoutMs: NUMBERS,
  alpn: ['prefer', 'require', 'never'],
};

export const WEB_SOCKET: Candidates<WebSocketOptions> = {
  ...SOCKET,
  path: ['', '/', 'nnrp', '/a b?c', '//', '\u0000'],
  subProtocol: ['', 'nnrp', 'not one'],
  origins: [
    'https://app.example',
    [],
    ['https://app.example'],
    ['app.example'],
    ['https://a/'],
    ...CALLBACKS,
  ],
  tls: [{}, { cert: 'none' }, { cert: 5 }],
  maxHeaderBytes: NUMBERS,
  handshakeTimeoutMs: NUMBERS,
  headers: [{}, { Cookie: 'a=b' }, { 'not one': 'a' }, { a: '\n' }, { a: 5 }],
  agent: [globalAgent, {}],
};

export const IPC: Candidates<IpcOptions> = {
  path: ['', 'relative', '\0', 'x'.repeat(200), '/no/such/folder/socket', '\\\\.\\pipe\\nnrp'],
  mode: [0o600, 0o777, ...NUMBERS],
  backlog: NUMBERS,
  limits: PACKETS,
  pressure: PRESSURE,
  closeTimeoutMs: NUMBERS,
};

export const MEMORY: Candidates<MemoryOptions> = { pressure: PRESSURE, scheduler: SCHEDULERS };

/** The names of some options, each with its candidates. */
export function each(candidates: object): [string, readonly unknown[]][] {
  return Object.entries(candidates as Record<string, readonly unknown[]>);
}

/** Any value of any type; more often one that is nearly right. */
export function valuesOf(candidates: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...candidates) },
    { weight: 1, arbitrary: fc.constantFrom(...NUMBERS, ...CALLBACKS) },
    {
      weight: 2,
      arbitrary: fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withNullPrototype: true,
        withTypedArray: true,
        withSparseArray: true,
      }),
    },
  );
}
