import { inTurns, type Bench } from '../harness/bench';
import type { Child, Peer } from '../harness/child';
import { scaled, type Effort } from '../harness/effort';
import { atLeast, type Target } from '../harness/figure';
import { Stand } from '../harness/turns';
import type { TokenClient } from '../load/token-clients/reader';
import type { TokenRun } from '../peers/tokens/model';
import {
  cpuFigure,
  SSE,
  STRINGS,
  STRINGS_WS,
  streamerStart,
  WS,
  type Pair,
  type Runs,
  type Streamer,
} from './streamers';

/** A client, and the server that streams to it. */
interface Reader extends Streamer {
  readonly client: string;
  readonly reconnects?: true;
  /** Default preview3. */
  readonly revision?: 'preview4';
}

const NNRP: Reader = { ...STRINGS, name: 'nnrp-rx client', client: 'load/token-clients/nnrp' };
const NNRP_WS: Reader = { ...STRINGS_WS, name: 'nnrp-rx client ws', client: 'load/token-clients/nnrp' };
const NNRP_RECONNECT: Reader = { ...NNRP, name: 'nnrp-rx client, reconnect: {}', reconnects: true };
const NNRP_PREVIEW4: Reader = { ...NNRP, name: 'nnrp-rx client, preview4', revision: 'preview4' };
const WS_JSON: Reader = { ...WS, name: 'ws + JSON.parse', client: 'load/token-clients/ws' };
const OPENAI: Reader = { ...SSE, name: 'openai', client: 'load/token-clients/openai' };

const PAIRS: readonly { readonly subject: Reader; readonly baseline: Reader; readonly target: Target }[] = [
  { subject: NNRP, baseline: WS_JSON, target: atLeast(2) },
  { subject: NNRP_WS, baseline: WS_JSON, target: atLeast(1.5) },
  { subject: NNRP, baseline: OPENAI, target: atLeast(10) },
  { subject: NNRP_RECONNECT, baseline: NNRP, target: atLeast(0.8) },
  { subject: NNRP_PREVIEW4, baseline: NNRP, target: atLeast(0.9) },
];

/** What such a client costs its server: a raw load asks in preview3, and resumes nothing. */
const SERVER_PAIRS: readonly Pair[] = [
  { subject: NNRP_RECONNECT, baseline: NNRP, target: atLeast(0.8) },
  { subject: NNRP_PREVIEW4, baseline: NNRP, target: atLeast(0.9) },
];

const NAME = 'a client with the text in hand, 20 connections';
const SERVER_NAME = 'a server of such clients';
const CONNECTIONS = 20;
const ANSWERS = 200;

/** What a token costs the one who reads it. */
export const tokenClients: readonly Bench[] = [
  {
    family: 'tokens',
    name: NAME,
    async run(effort, progress) {
      const readers = [...new Set(PAIRS.flatMap(({ subject, baseline }) => [subject, baseline]))];
      const all: Runs = new Map(readers.map((reader) => [reader, { runs: [], rss: [] }]));
      const servers: Runs = new Map(readers.map((reader) => [reader, { runs: [], rss: [] }]));
      const { processes, turns } = effort;
      for (let process = 0; process < processes; process++) {
        const stand = new Stand();
        try {
          const started: (readonly [Reader, Peer, Child])[] = [];
          for (const reader of readers) started.push([reader, ...(await start(stand, reader, effort))]);
          for (const [, peer, client] of started) await heated(peer, client, effort);
          for (let turn = 0; turn < turns; turn++) {
            for (const [reader, peer, client] of inTurns(started, turn)) {
              const [served, read] = await run(peer, client);
              all.get(reader)?.runs.push(read);
              servers.get(reader)?.runs.push(served);
            }
            progress(process * turns + turn + 1, processes * turns);
          }
        } finally {
          await stand.end();
        }
      }
      return [
        ...PAIRS.map((pair) => cpuFigure(NAME, pair, all)),
        ...SERVER_PAIRS.map((pair) => cpuFigure(SERVER_NAME, pair, servers)),
      ];
    },
  },
];

async function start(stand: Stand, reader: Reader, effort: Effort): Promise<readonly [Peer, Child]> {
  const { warmMs, runMs } = effort;
  const answers = scaled(ANSWERS, effort);
  const connections = reader === OPENAI ? answers : Math.min(answers, CONNECTIONS);
  const perConnection = Math.max(1, Math.floor(answers / connections));
  const asked = { warmMs, runMs, answers: connections * perConnection };
  const peer = await stand.peer(streamerStart(reader, { ...asked, runMs: runMs + warmMs, warmMs: 0 }));
  const parameters: TokenClient = {
    port: peer.port,
    protocol: reader.protocol,
    connections,
    answers: perConnection,
    warmMs,
    runMs,
    reconnects: reader.reconnects === true,
    revision: reader.revision ?? 'preview3',
  };
  return [peer, await stand.child({ file: reader.client, parameters })];
}

/** What the server did, and its client meanwhile. */
function run(peer: Peer, client: Child): Promise<[TokenRun, TokenRun]> {
  return Promise.all([peer.run<TokenRun>(), client.run<TokenRun>()]);
}

async function heated(peer: Peer, client: Child, { heatMs }: Effort): Promise<void> {
  for (let heated = 0; heated < heatMs;) heated += Math.max(1, (await run(peer, client))[1].cpu / 1000);
}
