import type { RevisionName } from '../../../src/wire/message';
import type { ServerOptions } from '../../../src/server/options';
import { PERFECT, type NetworkConditions, type Span } from '../network/conditions';
import type { Random } from '../random';

/** A client, which goes to any node. */
export interface ClusterClientScenario {
  readonly name: string;
  readonly revision: RevisionName;
  readonly sessions: number;
  /** Milliseconds between two submits of a session. */
  readonly paceMs: Span;
  /** Parts of an answer, and milliseconds between two of them. */
  readonly parts: Span;
  readonly partMs: Span;
  readonly cancelChance: number;
  /** That a page is loaded again, after each submit. */
  readonly reloadChance: number;
  /** Milliseconds that it hears nothing of its connection before it asks whether that is there. */
  readonly idleMs: number;
}

/** What goes wrong. A node is one of a number from 0: whoever has its place then. */
export type ClusterFault = { readonly atMs: number } & (
  | { readonly kind: 'crash'; readonly node: number; readonly how: 'reset' | 'silence' }
  | { readonly kind: 'pause'; readonly node: number; readonly forMs: number }
  /** Another takes its place, and it leaves in good order. */
  | { readonly kind: 'hand-over'; readonly node: number; readonly graceMs: number }
  | { readonly kind: 'store down'; readonly forMs: number }
  /** One node does not reach the store. */
  | { readonly kind: 'store away'; readonly node: number; readonly forMs: number }
  /** Of the two servers of the store one does not hear of its sessions, or nobody hears from it. */
  | { readonly kind: 'half away'; readonly lost: 'asking' | 'answer'; readonly forMs: number }
  | { readonly kind: 'store empty'; readonly forMs: number }
  /** What was said in the last so many milliseconds is gone. */
  | { readonly kind: 'tail lost'; readonly tailMs: number; readonly forMs: number }
  /** A client reaches no node. */
  | { readonly kind: 'client away'; readonly client: number; readonly forMs: number }
);

/** What a seed has drawn of several nodes. */
export interface ClusterScenario {
  /** Milliseconds for which new work is begun and things break. */
  readonly activeMs: number;
  readonly nodes: number;
  /** Between clients and nodes, and between nodes. */
  readonly conditions: NetworkConditions;
  readonly links: NetworkConditions;
  readonly store: {
    readonly latencyMs: Span;
    /** Of a call, to be lost on its way there or back. */
    readonly lossChance: number;
  };
  /** How applications go on with an answer of a node that is gone. */
  readonly continues: 'not' | 'by count' | 'by text';
  readonly server: Pick<ServerOptions, 'resumeWindowMs' | 'maxInFlightOperations' | 'storeDown' | 'retain'>;
  readonly clients: readonly ClusterClientScenario[];
  readonly faults: readonly ClusterFault[];
}

export function drawClusterScenario(random: Random): ClusterScenario {
  const scenario = drawAny(random);
  const still = random.fork('still');
  return still.chance(0.1) ? outStaying(scenario, still) : scenario;
}

/** A node stands still longer than its lease, clients stay connected to it, and other pages come for their sessions. */
function outStaying(scenario: ClusterScenario, random: Random): ClusterScenario {
  const { activeMs, nodes, conditions, clients, faults } = scenario;
  const pause: ClusterFault = {
    kind: 'pause',
    atMs: random.int(1000, 3000),
    node: random.int(0, nodes - 1),
    forMs: random.int(6000, 9000),
  };
  return {
    ...scenario,
    activeMs: Math.max(activeMs, 13_000),
    conditions: { ...conditions, faults: PERFECT.faults },
    clients: clients.map((client) => ({ ...client, idleMs: 12_000, reloadChance: 0.2 })),
    faults: [...faults, pause],
  };
}

function drawAny(random: Random): ClusterScenario {
  const activeMs = random.int(6000, 16_000);
  const nodes = random.int(2, 3);
  const clients = Array.from({ length: random.int(1, 3) }, (_, index) =>
    drawClient(random.fork(`client ${index}`), `client ${index + 1}`),
  );
  const faults = random.fork('faults');
  return {
    activeMs,
    nodes,
    conditions: drawConditions(random.fork('conditions'), [300, 4000]),
    links: drawConditions(random.fork('links'), [800, 8000]),
    store: {
      latencyMs: random.pick([
        [0, 1],
        [1, 4],
        [1, 40],
      ]),
      lossChance: random.pick([0, 0, 0.01]),
    },
    continues: random.pick(['not', 'by count', 'by text']),
    server: {
      resumeWindowMs: 60_000,
      maxInFlightOperations: 4,
      storeDown: random.pick(['degrade', 'degrade', 'refuse']),
      ...drawRetain(random.fork('retain')),
    },
    clients,
    faults: [
      ...Array.from({ length: faults.int(1, 5) }, () => drawFault(faults, activeMs, nodes, clients.length)),
      ...drawHalfAway(random.fork('halves'), activeMs),
    ],
  };
}

function drawHalfAway(random: Random, activeMs: number): readonly ClusterFault[] {
  if (random.chance(0.6)) return [];
  const lost = random.pick(['asking', 'answer'] as const);
  return [{ kind: 'half away', atMs: random.int(200, activeMs), lost, forMs: random.int(50, 9000) }];
}

function drawRetain(random: Random): Pick<ServerOptions, 'retain'> {
  if (random.chance(0.3)) return {};
  return { retain: { ms: random.pick([3000, 30_000]), bytes: random.pick([16_384, 1_048_576]) } };
}

function drawClient(random: Random, name: string): ClusterClientScenario {
  return {
    name,
    revision: random.pick<RevisionName>(['preview3', 'preview4']),
    sessions: random.int(1, 2),
    paceMs: random.pick<Span>([
      [10, 200],
      [200, 1500],
    ]),
    parts: random.pick<Span>([
      [1, 5],
      [5, 60],
    ]),
    partMs: random.pick<Span>([
      [0, 3],
      [20, 60],
      [100, 400],
      [3000, 8000],
    ]),
    cancelChance: random.pick([0, 0.1]),
    reloadChance: random.pick([0, 0, 0.1]),
    idleMs: 1000,
  };
}

/** How often each comes, by weight. */
const KINDS: Readonly<Record<Exclude<ClusterFault['kind'], 'half away'>, number>> = {
  crash: 4,
  pause: 3,
  'hand-over': 2,
  'store down': 2,
  'store away': 2,
  'store empty': 1,
  'tail lost': 2,
  'client away': 2,
};

function drawFault(random: Random, activeMs: number, nodes: number, clients: number): ClusterFault {
  const atMs = random.int(200, activeMs);
  const node = random.int(0, nodes - 1);
  // Shorter than a node's lease, or longer.
  const forMs = random.pick([random.int(50, 1500), random.int(1500, 9000)]);
  const kind = random.weighted(KINDS);
  switch (kind) {
    case 'crash':
      return { kind, atMs, node, how: random.pick(['reset', 'silence']) };
    case 'pause':
    case 'store away':
      return { kind, atMs, node, forMs };
    case 'hand-over':
      return { kind, atMs, node, graceMs: random.int(100, 6000) };
    case 'store down':
      return { kind, atMs, forMs };
    case 'store empty':
      return { kind, atMs, forMs: random.int(0, 1000) };
    case 'tail lost':
      return {
        kind,
        atMs,
        tailMs: random.pick([random.int(1, 50), random.int(50, 3000)]),
        forMs: random.int(0, 1000),
      };
    case 'client away':
      return { kind, atMs, client: random.int(0, clients - 1), forMs };
  }
}

function drawConditions(random: Random, lifetimeMs: Span): NetworkConditions {
  const isCalm = random.chance(0.3);
  return {
    ...PERFECT,
    latencyMs: random.pick<Span>([
      [0, 1],
      [1, 5],
      [1, 20],
    ]),
    splitChance: random.pick([0, 0.2]),
    refuseChance: isCalm ? 0 : 0.1,
    ignoreChance: isCalm ? 0 : 0.02,
    lifetimeMs,
    faults: isCalm ? PERFECT.faults : { reset: 3, truncate: 1, silence: 1, stall: 2 },
    noticeMs: [0, 20],
    silenceMs: [200, 3000],
    stallMs: [5, 400],
    lagChance: 0.25,
    resetChance: 0.5,
    closeTimeoutMs: 100,
    pressure: { highWaterMark: 16_384, lowWaterMark: 4096 },
  };
}
