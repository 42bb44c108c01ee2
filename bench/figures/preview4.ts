import type { RevisionName } from '../../src/wire/message';
import { inTurns, type Bench } from '../harness/bench';
import type { ProgramStart } from '../harness/child';
import { sideFigures, type Side, type Work } from '../harness/compare';
import { scaled, type Effort } from '../harness/effort';
import { atMost } from '../harness/figure';
import type { Load, Measured } from '../harness/load';
import { ratios } from '../harness/statistics';
import { runInTurns, type Stand } from '../harness/turns';
import type { StreamParameters } from '../load/parameters';
import type { StreamPeer } from '../peers/stream-parameters';
import { preview4Codec } from './codec';
import { preview4Memory } from './memory';
import { nnrpClient, nnrpServer } from './sides';

/** How much more CPU than preview3 it may take. */
const BOUND = 1.1;

const tcp: Work = { framing: 'tcp', connections: 1, sessions: 1, window: 256, bodyBytes: 64 };
const ws: Work = { ...tcp, framing: 'ws' };

/** What preview4 costs over preview3, which the other figures are of: the same things by the same API. */
export const preview4: readonly Bench[] = [
  served('tcp window 256 64 B', tcp),
  served('tcp window 256 64 B respond', tcp, nnrpServer('tcp', 'respond')),
  served('tcp window 1 64 B', { ...tcp, window: 1 }),
  served('tcp window 64 16 KiB', { ...tcp, window: 64, bodyBytes: 16 * 1024 }),
  served('tcp 8 connections window 64 64 B', { ...tcp, connections: 8, window: 64 }),
  served('tcp 1,000 sessions window 256 64 B', { ...tcp, sessions: 1000 }),
  served('ws window 256 64 B', ws),
  streamed(),
  asked('client, window 256 64 B', tcp),
  asked('client, 100 sessions window 256 64 B', { ...tcp, sessions: 100 }),
  ...preview4Codec,
  ...preview4Memory,
];

interface Compared {
  readonly name: string;
  readonly measured: Measured;
  /** A load of each, in this order. */
  readonly loads: (stand: Stand, revisions: readonly RevisionName[], effort: Effort) => Promise<Load[]>;
  /** Default: as it is. */
  readonly turns?: (effort: Effort) => Effort;
}

/** CPU of an operation in preview4 over that in preview3, in turns. */
function compared({ name, measured, loads, turns = (effort) => effort }: Compared): Bench {
  const family = 'preview4';
  return {
    family,
    name,
    async run(effort, progress) {
      const [newer = [], older = []] = await runInTurns(
        measured,
        async (stand, process) => {
          // Of two loads of one revision the server's first costs it more: of 1,000 sessions up to a third.
          const made = await loads(stand, inTurns(['preview4', 'preview3'], process), effort);
          return inTurns(made, process);
        },
        turns(effort),
        progress,
      );
      const subject = sideFigures({ name: 'preview4', measured }, newer);
      const baseline = sideFigures({ name: 'preview3', measured }, older);
      const costs = [newer, older].map((runs) =>
        runs.map(({ peerCpu, loadCpu }) => (measured === 'peer' ? peerCpu : loadCpu)),
      );
      return [
        {
          family,
          name: `CPU an operation, ${name}`,
          unit: 'µs',
          subject: { ...subject, value: subject.cpu! },
          baseline: { ...baseline, value: baseline.cpu! },
          ratio: ratios(costs[0]!, costs[1]!),
          target: atMost(BOUND),
        },
      ];
    },
  };
}

/** One server has both: processes of the same code differ by more than is asked. */
function served(name: string, work: Work, side: Side = nnrpServer(work.framing)): Bench {
  return compared({
    name,
    measured: 'peer',
    async loads(stand, revisions, { warmMs, runMs }) {
      const peer = await stand.peer(side.peer);
      const loads: Load[] = [];
      for (const [index, revision] of revisions.entries()) {
        const firstSessionId = 1 + index * work.connections * work.sessions;
        const asked = { ...work, revision, firstSessionId, port: peer.port, warmMs, runMs };
        loads.push(await stand.load(side.load(asked), peer));
      }
      return loads;
    },
  });
}

/** The bare echo answers both. */
function asked(name: string, work: Work): Bench {
  return compared({
    name,
    measured: 'load',
    async loads(stand, revisions, { warmMs, runMs }) {
      const loads: Load[] = [];
      for (const revision of revisions) {
        const loadAt = (port: number): ProgramStart =>
          nnrpClient.load({ ...work, revision, port, warmMs, runMs });
        loads.push(await stand.pair(nnrpClient.peer, loadAt));
      }
      return loads;
    },
  });
}

/** An answer of 200 parts in each of 1,000 sessions. */
function streamed(): Bench {
  const parameters: StreamPeer = { everyMs: 0, partBytes: 16 };
  return compared({
    name: '1,000 × 200 parts',
    measured: 'peer',
    async loads(stand, revisions, effort) {
      const parts = scaled(200, effort);
      const asked: Omit<StreamParameters, 'port'> = {
        connections: 10,
        sessions: 100,
        warmParts: parts,
        parts: parts + 1,
      };
      const loads: Load[] = [];
      for (const revision of revisions) {
        const loadAt = (port: number): ProgramStart => ({
          file: 'load/stream',
          parameters: { ...asked, revision, port },
        });
        loads.push(await stand.pair({ file: 'peers/stream-nnrp', parameters }, loadAt));
      }
      return loads;
    },
    // A run is hundreds of thousands of parts, and warms up by parts.
    turns: (effort) => ({ ...effort, processes: 1, turns: effort.rounds, heatMs: 0 }),
  });
}
