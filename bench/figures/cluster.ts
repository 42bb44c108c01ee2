import { inTurns, type Bench, type Progress } from '../harness/bench';
import type { Peer, ProgramStart } from '../harness/child';
import { sideFigures } from '../harness/compare';
import { scaled, type Effort } from '../harness/effort';
import { atMost, type Figure, type Target } from '../harness/figure';
import type { Load } from '../harness/load';
import { ratios, spread } from '../harness/statistics';
import { runInTurns, Stand } from '../harness/turns';
import type { LoadParameters, TokensParameters } from '../load/parameters';
import type { TokenClient } from '../load/token-clients/reader';
import type { ClusterPeer } from '../peers/cluster';
import type { NnrpPeer } from '../peers/nnrp';
import type { TokenPeer, TokenRun } from '../peers/tokens/model';
import type { NnrpTokens } from '../peers/tokens/nnrp';
import type { WorkersPeer } from '../peers/workers';

/** Milliseconds between two steps of the model: both ends and the node between them have their rest. */
const STEP_MS = 4;

/** What several processes cost more than one. */
export const cluster: readonly Bench[] = [
  relayed('tcp', 2),
  relayed('ws', 3),
  logged('one part a turn and session', { connections: 10, sessions: 20, perStep: 1 }, 1),
  logged('ten parts a turn and session', { connections: 10, sessions: 4, perStep: 10 }, 0.3),
  echoedByTwo(),
  streamedByTwo(),
];

/** Connections, sessions of each, and how many parts each of these has at a step. */
interface Streams {
  readonly connections: number;
  readonly sessions: number;
  readonly perStep: number;
}

/** Servers of a figure: the one that streams, and another whose CPU counts. */
interface Streamed {
  readonly owner: Peer;
  readonly relay?: Peer;
}

/** Microseconds of CPU a part. */
interface Costs {
  readonly owner: number[];
  readonly relay: number[];
}

function relayed(transport: 'tcp' | 'ws', most: number): Bench {
  const streams: Streams = { connections: 20, sessions: 1, perStep: 10 };
  const name = `${transport}, ten parts a turn and session`;
  return {
    family: 'cluster',
    name: `relay, ${name}`,
    async run(effort, progress) {
      const [direct, carried] = await inTurnsOf(effort, progress, async (stand) => {
        const node = { redis: (await stand.redis()).url, log: false };
        const relay = await server(stand, transport, { effort, cluster: node });
        const owners: Peer[] = [];
        for (const port of [undefined, relay.port]) {
          const owner = await server(stand, transport, { effort, cluster: node, streams });
          await read(stand, owner, { transport, streams, effort, relay: port });
          owners.push(owner);
        }
        return [{ owner: owners[0]! }, { owner: owners[1]!, relay }];
      });
      return [
        {
          family: 'cluster',
          name: `relay, ${name}: a part at the relaying node`,
          unit: 'µs',
          subject: { name: 'relay', value: spread(carried.relay) },
          target: atMost(most, 'value'),
        },
        more(`relay, ${name}: a part at the owner`, ['relayed', 'direct'], [carried, direct], 0.2),
      ];
    },
  };
}

function logged(name: string, streams: Streams, most: number): Bench {
  return {
    family: 'cluster',
    name: `log, ${name}`,
    async run(effort, progress) {
      const [without, withLog] = await inTurnsOf(effort, progress, async (stand) => {
        const node = { redis: (await stand.redis()).url, log: true };
        const servers: Streamed[] = [];
        for (const cluster of [undefined, node]) {
          const owner = await server(stand, 'tcp', { effort, cluster, streams });
          await read(stand, owner, { transport: 'tcp', streams, effort });
          servers.push({ owner });
        }
        return [servers[0]!, servers[1]!];
      });
      return [more(`log, ${name}: a part`, ['with log', 'without'], [withLog, without], most)];
    },
  };
}

/** Two servers, whose runs take turns with as many sets of processes as the effort asks for. */
async function inTurnsOf(
  effort: Effort,
  progress: Progress,
  setUp: (stand: Stand) => Promise<readonly [Streamed, Streamed]>,
): Promise<readonly [Costs, Costs]> {
  const costs: readonly [Costs, Costs] = [
    { owner: [], relay: [] },
    { owner: [], relay: [] },
  ];
  const { processes, turns, heatMs } = effort;
  for (let process = 0; process < processes; process++) {
    const stand = new Stand();
    try {
      const both = await setUp(stand);
      for (const { owner, relay } of both) {
        // What does least is warm last.
        for (let heated = 0; heated < heatMs;) {
          const [run, carried] = await Promise.all([owner.run<TokenRun>(), relay?.run<TokenRun>()]);
          heated += Math.max(1, Math.min(run.cpu, carried?.cpu ?? Infinity) / 1000);
        }
      }
      for (let turn = 0; turn < turns; turn++) {
        for (const [index, { owner, relay }] of inTurns([...both.entries()], turn)) {
          const [run, carried] = await Promise.all([owner.run<TokenRun>(), relay?.run<TokenRun>()]);
          const parts = Math.max(1, run.tokens);
          costs[index]!.owner.push(run.cpu / parts);
          if (carried !== undefined) costs[index]!.relay.push(carried.cpu / parts);
        }
        progress(process * turns + turn + 1, processes * turns);
      }
    } finally {
      await stand.end();
    }
  }
  return costs;
}

/** A server that streams, or one that carries and has nothing to do itself. */
async function server(
  stand: Stand,
  transport: 'tcp' | 'ws',
  { effort, cluster, streams }: { effort: Effort; cluster: ClusterPeer | undefined; streams?: Streams },
): Promise<Peer> {
  const { warmMs, runMs } = effort;
  const asked: TokenPeer & NnrpTokens = {
    answers: streams === undefined ? 0 : scaled(streams.connections, effort) * streams.sessions,
    perStep: streams?.perStep ?? 1,
    stepMs: streams === undefined ? 10 * runMs : STEP_MS,
    warmMs,
    // A step is long.
    runMs: 3 * runMs,
    transport,
    parts: 'strings',
    ...(cluster && { cluster }),
  };
  return stand.peer({ file: 'peers/tokens/nnrp', parameters: asked });
}

/** Whoever reads the streams of a server: at the server, or by way of another node. */
async function read(
  stand: Stand,
  owner: Peer,
  asked: { transport: 'tcp' | 'ws'; streams: Streams; effort: Effort; relay?: number | undefined },
): Promise<void> {
  const { transport, streams, effort, relay } = asked;
  const parameters: TokenClient = {
    port: owner.port,
    protocol: transport === 'tcp' ? 'nnrp' : 'nnrp-ws',
    connections: scaled(streams.connections, effort),
    sessions: streams.sessions,
    answers: 1,
    warmMs: effort.warmMs,
    runMs: effort.runMs,
    reconnects: true,
    revision: 'preview3',
    ...(relay !== undefined && { relay }),
  };
  await stand.child({ file: 'load/token-clients/nnrp', parameters });
}

/** What a part costs more at one owner than at another. */
function more(
  name: string,
  [subject, baseline]: readonly [string, string],
  [ours, theirs]: readonly [Costs, Costs],
  most: number,
): Figure {
  return {
    family: 'cluster',
    name,
    unit: 'µs',
    subject: { name: subject, value: spread(ours.owner) },
    baseline: { name: baseline, value: spread(theirs.owner) },
    difference: spread(ours.owner.map((cost, index) => cost - theirs.owner[index]!)),
    target: atMost(most, 'difference'),
  };
}

const CONNECTIONS = 20;
const TWO = ['two processes', 'one'] as const;
const AS_MUCH: Target = atMost(1.15);

/** Two nodes that share a port, and a server by itself, started with the same. */
async function oneAndTwo(stand: Stand, file: string, parameters: object): Promise<readonly [Peer, Peer]> {
  const node: ClusterPeer = { redis: (await stand.redis()).url, log: false };
  const two: WorkersPeer = { workers: 2, file, parameters: { ...parameters, cluster: node } };
  return [
    await stand.peer({ file: 'peers/workers', parameters: two }),
    await stand.peer({ file, parameters }),
  ];
}

function echoedByTwo(): Bench {
  const name = 'CPU of an echo, two processes behind one port';
  return {
    family: 'cluster',
    name,
    async run(effort, progress) {
      const { warmMs, runMs } = effort;
      const [two = [], one = []] = await runInTurns(
        'peer',
        async (stand) => {
          const parameters: NnrpPeer = { transport: 'tcp', api: 'respond' };
          const loads: Load[] = [];
          for (const peer of await oneAndTwo(stand, 'peers/nnrp', parameters)) {
            const load: LoadParameters = {
              port: peer.port,
              framing: 'tcp',
              connections: CONNECTIONS,
              sessions: 1,
              window: 16,
              bodyBytes: 64,
              warmMs,
              runMs,
            };
            loads.push(await stand.load({ file: 'load/wire', parameters: load }, peer));
          }
          return loads;
        },
        effort,
        progress,
      );
      const costs = [two, one].map((runs) => runs.map(({ peerCpu }) => peerCpu));
      return [
        {
          family: 'cluster',
          name,
          unit: 'µs',
          subject: { ...sideFigures({ name: TWO[0], measured: 'peer' }, two), value: spread(costs[0]!) },
          baseline: { ...sideFigures({ name: TWO[1], measured: 'peer' }, one), value: spread(costs[1]!) },
          ratio: ratios(costs[0]!, costs[1]!),
          target: AS_MUCH,
        },
      ];
    },
  };
}

function streamedByTwo(): Bench {
  const name = 'CPU of a token, two processes behind one port';
  return {
    family: 'cluster',
    name,
    async run(effort, progress) {
      const answers = scaled(200 / CONNECTIONS, effort);
      const { warmMs, runMs, heatMs, processes, turns } = effort;
      const costs: readonly [number[], number[]] = [[], []];
      for (let process = 0; process < processes; process++) {
        const stand = new Stand();
        try {
          // Each streams what it has: of two nobody knows who has which answers.
          const asked: TokenPeer & NnrpTokens = {
            answers: 0,
            warmMs,
            runMs,
            transport: 'tcp',
            parts: 'strings',
          };
          const peers = await oneAndTwo(stand, 'peers/tokens/nnrp', asked);
          for (const peer of peers) {
            const load: TokensParameters = {
              port: peer.port,
              protocol: 'nnrp',
              connections: CONNECTIONS,
              answers,
            };
            const start: ProgramStart = { file: 'load/tokens', parameters: load };
            await stand.load(start, peer);
            for (let heated = 0; heated < heatMs;) {
              heated += Math.max(1, (await peer.run<TokenRun>()).cpu / 1000);
            }
          }
          for (let turn = 0; turn < turns; turn++) {
            for (const [index, peer] of inTurns([...peers.entries()], turn)) {
              const { cpu, tokens } = await peer.run<TokenRun>();
              costs[index]!.push(cpu / Math.max(1, tokens));
            }
            progress(process * turns + turn + 1, processes * turns);
          }
        } finally {
          await stand.end();
        }
      }
      const [two, one] = costs;
      return [
        {
          family: 'cluster',
          name,
          unit: 'µs',
          subject: { name: TWO[0], value: spread(two) },
          baseline: { name: TWO[1], value: spread(one) },
          ratio: ratios(two, one),
          target: AS_MUCH,
        },
      ];
    },
  };
}
