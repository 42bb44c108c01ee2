import { CacheObjectKind } from '../../src/wire/messages/cache';
import type { ObjectLimits } from '../../src/objects/object-limits';
import type { ServerLimits } from '../../src/server/limits/server-limits';
import type { ServerOptions } from '../../src/server/options';
import { CancelScope } from '../../src/protocol/operation/operation';
import type { KeepAlive } from '../../src/transport/liveness/keep-alive';
import type { ReconnectOptions } from '../../src/client/options';
import type { RevisionName } from '../../src/wire/message';
import { LONGEST_ANSWER_MS } from './actors/answers';
import { within, type NetworkConditions, type Span } from './network/conditions';
import type { Random } from './random';

/** What a client of the simulation is like. */
export interface ClientScenario {
  readonly name: string;
  readonly sessions: number;
  readonly maxInFlight: number;
  /** Undefined for one that gives its sessions up with their connection. */
  readonly reconnect: ReconnectOptions | undefined;
  readonly connectTimeoutMs: number;
  readonly revision: RevisionName;
  readonly keepAlive: KeepAlive;
  /** Milliseconds between two things that a session does. */
  readonly paceMs: Span;
  /** Whether sessions are closed in the end, or only their connection. */
  readonly closesSessions: boolean;
  /** Of a submit, to be pulled. */
  readonly pullChance: number;
  /** Milliseconds that whoever pulls takes for a result. */
  readonly pullMs: Span;
  /** Bytes that may wait for those who pull; undefined for the default. */
  readonly maxBufferedBytes: number | undefined;
  readonly slowConsumerMs: number | undefined;
  /** Of a submit, to be said something of besides. */
  readonly termsChance: number;
  /** Of what it shares with the server, where it does. */
  readonly objects: ObjectLimits | undefined;
}

/** What a seed has drawn: who takes part, within which limits, and what goes wrong. */
export interface Scenario {
  /** Milliseconds for which new work is begun and things break. */
  readonly activeMs: number;
  /** The longest of all timeouts, in milliseconds. */
  readonly longestMs: number;
  readonly conditions: NetworkConditions;
  readonly server: Omit<ServerOptions, 'listen' | 'scheduler' | 'randomBytes' | 'policy'>;
  readonly policy: PolicyScenario;
  /** Milliseconds until the application subscribes to a new session's submits. */
  readonly attentionMs: number;
  /** Milliseconds between two things that the application does to a session of its own accord. */
  readonly meddlingMs: Span;
  /** Whether it answers SESSION_PATCH, and how fast at most; undefined where it does not listen. */
  readonly patchMs: Span | undefined;
  readonly clients: readonly ClientScenario[];
  /** Peers that try tokens of others, or flood. */
  readonly thieves: number;
  readonly flooders: number;
  /** When the server closes before its time, if it does, and with how much grace. */
  readonly earlyClose: { readonly atMs: number; readonly graceMs: number } | undefined;
  /** When the server is put down, how long it says so before, undefined for a crash, and when another runs in its place. */
  readonly restarts: readonly {
    readonly atMs: number;
    readonly graceMs: number | undefined;
    readonly downMs: number;
  }[];
  /** When somebody sets the date, and by how much. */
  readonly clockSteps: readonly { readonly atMs: number; readonly byMs: number }[];
  /** When a process stands still: the server's, or that of a client by its number from 1. */
  readonly pauses: readonly { readonly atMs: number; readonly forMs: number; readonly who: number }[];
}

export interface PolicyScenario {
  /** Milliseconds until it has decided; undefined for at once. */
  readonly policyMs: Span | undefined;
  readonly refuseChance: number;
  /** How often it throws, or says what is no verdict. */
  readonly brokenChance: number;
  /** Whether sessions are their clients', and not whoever's has the token. */
  readonly hasOwners: boolean;
  /** Milliseconds that sessions live by the date; undefined for ever. */
  readonly lifeMs: Span | undefined;
}

/** Milliseconds that a client of preview4 waits for the answer to its hello. */
const HELLO_MS = 2000;
/** Milliseconds that a client looks for a server. */
const MOST_GIVE_UP_MS = 900;
/** Operations of a session. */
const MOST_IN_FLIGHT = 4;
/** Bytes of a client's submit. */
export const LONGEST_BODY = 300;

export function drawScenario(random: Random): Scenario {
  const activeMs = random.int(200, 700);
  const resumeWindowMs = random.pick([20, 80, 400, 1000, 1000]);
  const keepAlive = drawKeepAlive(random);
  const conditions = drawConditions(random.fork('conditions'));
  const idleTimeoutMs = random.chance(0.1) ? random.int(100, 400) : 0;
  const patchTimeoutMs = random.int(20, 150);
  const maxInFlightOperations = random.int(1, MOST_IN_FLIGHT);
  const clients = Array.from({ length: random.int(1, 4) }, (_, index) =>
    drawClient(random.fork(`client ${index}`), `client ${index + 1}`, maxInFlightOperations),
  );
  const longestMs = Math.max(
    1000,
    resumeWindowMs,
    keepAlive.idleMs + keepAlive.timeoutMs,
    idleTimeoutMs,
    patchTimeoutMs,
    conditions.closeTimeoutMs,
    conditions.silenceMs[1],
    LONGEST_ANSWER_MS,
    ...clients.map(({ connectTimeoutMs }) => connectTimeoutMs),
    HELLO_MS + MOST_GIVE_UP_MS,
    ...clients.map((client) => client.keepAlive.idleMs + client.keepAlive.timeoutMs),
  );
  const earlyClose = random.chance(0.15)
    ? { atMs: random.int(50, activeMs), graceMs: random.pick([0, random.int(1, 100), random.int(50, 300)]) }
    : undefined;
  return {
    activeMs,
    longestMs,
    conditions,
    server: {
      maxInFlightOperations,
      grantedOperationCredit: random.int(1, MOST_IN_FLIGHT),
      resumeTokenBytes: 16,
      resumeWindowMs,
      resume: random.chance(0.95) ? 'token' : 'off',
      outbox: random.pick([
        { maxResults: random.int(2, 4), maxBytes: 65536 },
        { maxResults: 64, maxBytes: random.int(1000, 8000) },
        { maxResults: 256, maxBytes: 65536 },
        { maxResults: 256, maxBytes: 65536 },
      ]),
      // A cancelled handler keeps its slot until it is over: what a client may have in flight must find room.
      queue: {
        maxSubmits: MOST_IN_FLIGHT + random.int(1, 4),
        maxBytes: MOST_IN_FLIGHT * LONGEST_BODY + random.pick([64, 256, 4096]),
      },
      keepAlive,
      idleTimeoutMs,
      patchTimeoutMs,
      migrateGraceMs: random.int(0, 60),
      limits: drawLimits(random.fork('limits')),
      supportedCacheObjects: Object.values(CacheObjectKind),
      maxCacheObjects: random.int(1, 4),
      maxCacheBytes: random.pick([64, 4096]),
      objects: drawObjectLimits(random.fork('objects')),
      leaseTtlMs: random.int(50, 1000),
      cancelScope: random.chance(0.1) ? CancelScope.Subtree : CancelScope.Operation,
    },
    policy: drawPolicy(random.fork('policy')),
    attentionMs: random.chance(0.2) ? random.int(1, 60) : 0,
    meddlingMs: random.pick([
      [30, 200],
      [1000, 2000],
    ]),
    patchMs: random.pick([undefined, [0, 5], [0, 2 * patchTimeoutMs]]),
    clients,
    thieves: random.chance(0.3) ? 1 : 0,
    flooders: random.chance(0.3) ? 1 : 0,
    earlyClose,
    restarts: earlyClose === undefined ? drawRestarts(random.fork('restarts'), activeMs) : [],
    clockSteps: drawClockSteps(random.fork('clock'), activeMs),
    pauses: drawPauses(random.fork('pauses'), activeMs, clients.length),
  };
}

function drawPolicy(random: Random): PolicyScenario {
  return {
    policyMs: random.chance(0.3)
      ? random.pick<Span>([
          [0, 20],
          [0, 80],
        ])
      : undefined,
    refuseChance: random.pick([0, 0, 0.05, 0.2]),
    brokenChance: random.pick([0, 0, 0.05]),
    hasOwners: random.chance(0.5),
    lifeMs: random.pick([undefined, undefined, [50, 400]]),
  };
}

/** From a moment of NTP's to a machine that comes from another year. */
const STEPS_MS = [20, 500, 60_000, 3_600_000, 400 * 24 * 3_600_000];

function drawClockSteps(random: Random, activeMs: number): Scenario['clockSteps'] {
  const count = random.pick([0, 0, 1, 3]);
  return Array.from({ length: count }, () => ({
    atMs: random.int(0, activeMs),
    byMs: random.pick(STEPS_MS) * random.pick([-1, 1]),
  }));
}

function drawRestarts(random: Random, activeMs: number): Scenario['restarts'] {
  const count = random.pick([0, 0, 1, 2]);
  return Array.from({ length: count }, (_, index) => ({
    // One is over, or is not begun, when the next is due.
    atMs: random.int(50, Math.floor(activeMs / 2)) + Math.floor((index * activeMs) / 2),
    graceMs: random.pick([undefined, undefined, random.int(0, 60)]),
    downMs: random.int(0, 60),
  }));
}

function drawPauses(random: Random, activeMs: number, clients: number): Scenario['pauses'] {
  const count = random.pick([0, 0, 1, 2, 4]);
  return Array.from({ length: count }, () => {
    const atMs = random.int(0, activeMs - 1);
    return { atMs, forMs: random.int(1, Math.min(400, activeMs - atMs)), who: random.int(0, clients) };
  });
}

function drawKeepAlive(random: Random): KeepAlive {
  return random.pick([
    { idleMs: 0, timeoutMs: 10 },
    { idleMs: random.int(40, 200), timeoutMs: random.int(40, 100) },
  ]);
}

/** A run has a second for what is spread over minutes elsewhere: what is sane at that pace is no flood. */
function drawLimits(random: Random): Partial<ServerLimits> {
  const unlimited = { burst: Infinity, perSecond: 0 };
  return {
    cancels: unlimited,
    patches: unlimited,
    migrations: unlimited,
    opens: unlimited,
    cachePuts: unlimited,
    controls: unlimited,
    objects: unlimited,
    // The thieves have the address of everybody else.
    addressTokenFailures: unlimited,
    violations: { burst: random.int(2, 10), perSecond: 1 },
    maxHeldBytes: random.pick([4000, random.int(150, 1000)]),
    maxTotalHeldBytes: random.pick([20_000, random.int(300, 1500)]),
    unsettledMs: random.int(20, 80),
    maxUnsettledMs: random.int(100, 300),
  };
}

function drawClient(random: Random, name: string, serverMaxInFlight: number): ClientScenario {
  return {
    name,
    sessions: random.int(1, 2),
    maxInFlight: random.int(1, serverMaxInFlight),
    reconnect: random.chance(0.8)
      ? {
          minDelayMs: random.int(0, 10),
          maxDelayMs: random.int(10, 60),
          jitter: random.pick([0, 0.5, 1]),
          reopen: random.fork('reopen').chance(0.6),
          giveUpMs: random.fork('giving up').int(200, MOST_GIVE_UP_MS),
        }
      : undefined,
    connectTimeoutMs: random.int(20, 100),
    revision: random.fork('revision').pick<RevisionName>(['preview3', 'preview4']),
    keepAlive: drawKeepAlive(random),
    paceMs: random.pick([
      [0, 10],
      [5, 40],
      [20, 100],
      [150, 400],
    ]),
    closesSessions: random.chance(0.7),
    pullChance: random.pick([0, 0.3, 0.8]),
    pullMs: random.pick<Span>([
      [0, 5],
      [5, 60],
      [100, 300],
    ]),
    maxBufferedBytes: random.pick([undefined, random.int(100, 300), random.int(300, 1000)]),
    slowConsumerMs: random.pick([undefined, undefined, random.int(20, 200)]),
    termsChance: random.fork('terms').pick([0, 0.3, 0.8]),
    objects: random.fork('sharing').chance(0.6) ? drawObjectLimits(random.fork('objects')) : undefined,
  };
}

function drawObjectLimits(random: Random): ObjectLimits {
  return { maxObjects: random.pick([2, 5]), maxBytes: random.pick([64, 1000]) };
}

function drawConditions(random: Random): NetworkConditions {
  const isCalm = random.chance(0.15);
  return {
    latencyMs: random.pick([
      [0, 1],
      [1, 5],
      [1, 15],
    ]),
    splitChance: random.pick([0, 0.1, 0.5]),
    refuseChance: isCalm ? 0 : random.pick([0, 0.2]),
    ignoreChance: isCalm ? 0 : random.pick([0, 0.1]),
    lifetimeMs: random.pick([
      [5, 60],
      [20, 200],
      [100, 600],
    ]),
    faults: isCalm
      ? { reset: 0, truncate: 0, silence: 0, stall: 1 }
      : { reset: 3, truncate: 2, silence: 1, stall: 2 },
    lastPacketChance: isCalm ? 0 : random.pick([0, 0.02, 0.1]),
    noticeMs: random.pick([
      [0, 5],
      [0, 60],
    ]),
    silenceMs: [100, within(random, [150, 500])],
    stallMs: [5, within(random, [10, 150])],
    lagChance: 0.25,
    resetChance: 0.5,
    closeTimeoutMs: random.int(20, 100),
    pressure: { highWaterMark: random.int(100, 1000), lowWaterMark: random.int(0, 100) },
    // What is said in an open fits into the least.
    largestPacket: random.pick<Span | undefined>([undefined, undefined, [300, 400], [300, 1600]]),
  };
}
