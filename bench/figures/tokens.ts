import { inTurns, type Bench, type Progress } from '../harness/bench';
import type { Peer, ProgramStart } from '../harness/child';
import { scaled, type Effort } from '../harness/effort';
import { atLeast, atMost, type Figure } from '../harness/figure';
import { ratios, spread } from '../harness/statistics';
import { Stand } from '../harness/turns';
import type { TokensParameters } from '../load/parameters';
import type { TokenPeer, TokenRun } from '../peers/tokens/model';
import {
  BARE,
  BARE_TLS,
  BYTES,
  cpuFigure,
  GENERATED,
  GRPC,
  SOCKET_IO,
  SSE,
  STRINGS,
  STRINGS_PREVIEW4,
  STRINGS_TLS,
  STRINGS_WS,
  streamerStart,
  WS,
  type Pair,
  type Runs,
  type Streamer,
} from './streamers';

interface Setting {
  readonly name: string;
  readonly connections: number;
  readonly answers: number;
  readonly pairs: readonly Pair[];
  readonly memory?: Pair;
}

/** One token for each answer at every step of the model: as batches go, and as browsers are. */
export const tokens: readonly Bench[] = [
  streamed({
    name: '200 answers over 20 connections',
    connections: 20,
    answers: 200,
    pairs: [
      { subject: BYTES, baseline: BARE, target: atLeast(0.95) },
      { subject: STRINGS, baseline: BARE, target: atLeast(0.7) },
      { subject: STRINGS, baseline: WS, target: atLeast(3) },
      { subject: STRINGS, baseline: GRPC, target: atLeast(3) },
      { subject: STRINGS, baseline: SSE, target: atLeast(6) },
      { subject: STRINGS, baseline: SOCKET_IO },
      { subject: STRINGS_WS, baseline: WS, target: atLeast(2) },
      { subject: STRINGS_TLS, baseline: BARE_TLS },
      { subject: GENERATED, baseline: WS },
      { subject: STRINGS_PREVIEW4, baseline: STRINGS, target: atLeast(1 / 1.1) },
    ],
  }),
  streamed({
    name: '1,000 answers over 1,000 connections',
    connections: 1000,
    answers: 1000,
    pairs: [
      { subject: STRINGS, baseline: BARE, target: atLeast(0.8) },
      { subject: STRINGS, baseline: WS, target: atLeast(0.85) },
      { subject: STRINGS, baseline: GRPC },
      { subject: STRINGS, baseline: SSE, target: atLeast(1.25) },
      { subject: STRINGS, baseline: SOCKET_IO },
      { subject: STRINGS_WS, baseline: WS, target: atLeast(0.8) },
      { subject: STRINGS_TLS, baseline: BARE_TLS },
      { subject: GENERATED, baseline: WS },
      { subject: STRINGS_PREVIEW4, baseline: STRINGS, target: atLeast(1 / 1.1) },
    ],
    memory: { subject: STRINGS, baseline: SSE, target: atMost(1.05) },
  }),
];

function streamed(setting: Setting): Bench {
  const { name, pairs, memory } = setting;
  return {
    family: 'tokens',
    name,
    async run(effort, progress) {
      const all = await measured(setting, effort, progress);
      const figures = pairs.map((pair) => cpuFigure(name, pair, all));
      return memory === undefined ? figures : [...figures, memoryFigure(name, memory, all)];
    },
  };
}

async function measured(setting: Setting, effort: Effort, progress: Progress): Promise<Runs> {
  const streamers = [...new Set(setting.pairs.flatMap(({ subject, baseline }) => [subject, baseline]))];
  const all: Runs = new Map(streamers.map((streamer) => [streamer, { runs: [], rss: [] }]));
  const { processes, turns } = effort;
  for (let process = 0; process < processes; process++) {
    const stand = new Stand();
    try {
      const peers: (readonly [Streamer, Peer])[] = [];
      for (const streamer of streamers)
        peers.push([streamer, await started(stand, streamer, setting, effort)]);
      for (const [, peer] of peers) await heated(peer, effort);
      for (let turn = 0; turn < turns; turn++) {
        for (const [streamer, peer] of inTurns(peers, turn)) {
          all.get(streamer)?.runs.push(await peer.run<TokenRun>());
        }
        progress(process * turns + turn + 1, processes * turns);
      }
      for (const [streamer, peer] of peers) all.get(streamer)?.rss.push((await peer.memory()).rss);
    } finally {
      await stand.end();
    }
  }
  return all;
}

async function started(stand: Stand, streamer: Streamer, setting: Setting, effort: Effort): Promise<Peer> {
  const { protocol } = streamer;
  const { warmMs, runMs } = effort;
  const answers = scaled(setting.answers, effort);
  // A response of HTTP/1.1 has its connection for itself.
  const connections = protocol === 'sse' ? answers : Math.min(answers, setting.connections);
  const perConnection = Math.max(1, Math.floor(answers / connections));
  const asked: TokenPeer = { answers: connections * perConnection, warmMs, runMs };
  const peer = await stand.peer(streamerStart(streamer, asked));
  const load: Omit<TokensParameters, 'port'> = { protocol, connections, answers: perConnection };
  const start: ProgramStart = { file: 'load/tokens', parameters: { ...load, port: peer.port } };
  await stand.load(start, peer);
  return peer;
}

async function heated(peer: Peer, { heatMs }: Effort): Promise<void> {
  for (let heated = 0; heated < heatMs;) heated += Math.max(1, (await peer.run<TokenRun>()).cpu / 1000);
}

function memoryFigure(name: string, { subject, baseline, target }: Pair, all: Runs): Figure {
  const held = (streamer: Streamer): number[] => all.get(streamer)?.rss ?? [];
  return {
    family: 'tokens',
    name: `${name}: RSS of ${subject.name} over ${baseline.name}`,
    unit: 'bytes',
    subject: { name: subject.name, value: spread(held(subject)) },
    baseline: { name: baseline.name, value: spread(held(baseline)) },
    ratio: ratios(held(subject), held(baseline)),
    target,
  };
}
