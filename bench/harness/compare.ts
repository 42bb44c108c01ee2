import type { LoadParameters } from '../load/parameters';
import { inTurns, type Bench } from './bench';
import { Peer, type ProgramStart } from './child';
import type { Effort } from './effort';
import type { SideFigures, Target, Unit } from './figure';
import { heat, runLoad, type Run } from './run-load';
import { ratios, spread } from './statistics';

/** What a load does; where it connects to and how long is added. */
export type Work = Omit<LoadParameters, 'port' | 'warmMs' | 'runMs'>;

/** A server and a load; one of the two is what is measured. */
export interface Side {
  readonly name: string;
  readonly measured: 'peer' | 'load';
  readonly peer: ProgramStart;
  readonly load: (parameters: LoadParameters) => ProgramStart;
}

export interface Comparison {
  readonly family: string;
  readonly name: string;
  readonly subject: Side;
  readonly baseline: Side;
  readonly work: Work;
  /** Of the ratio of rates. */
  readonly target?: Target;
  /** How often the usual number of rounds is run. Default 1. */
  readonly repeated?: number;
}

/** Runs subject and baseline in turn, so that a machine whose speed drifts is fair to both. */
export function comparison({
  family,
  name,
  subject,
  baseline,
  work,
  target,
  repeated = 1,
}: Comparison): Bench {
  return {
    family,
    name,
    async run(effort, progress) {
      const sides = [subject, baseline] as const;
      const peers = await Promise.all(sides.map(({ peer }) => Peer.start(peer)));
      const runs: readonly [Run[], Run[]] = [[], []];
      try {
        const start = (index: number, times: Pick<Effort, 'warmMs' | 'runMs'>): Promise<Run> => {
          const peer = peers[index]!;
          const { warmMs, runMs } = times;
          const side = sides[index]!;
          // Each run of a load is a new process: where that is what is measured, it has to be compiled.
          const warm =
            side.measured === 'load' ? { warmMs: effort.heatMs, warmBy: 'cpu' as const } : { warmMs };
          return runLoad(side.load({ ...work, port: peer.port, runMs, ...warm }), peer);
        };
        for (const index of [0, 1]) {
          await heat(peers[index]!, effort.heatMs, () => start(index, { warmMs: 0, runMs: effort.heatMs }));
        }
        const rounds = effort.rounds * repeated;
        for (let round = 0; round < rounds; round++) {
          for (const index of inTurns([0, 1] as const, round)) {
            runs[index].push(await start(index, effort));
          }
          progress(round + 1, rounds);
        }
      } finally {
        await Promise.all(peers.map((peer) => peer.stop()));
      }
      const [ours, theirs] = runs;
      const unit: Unit = 'op/s';
      return [
        {
          family,
          name,
          unit,
          subject: sideFigures(subject, ours),
          baseline: sideFigures(baseline, theirs),
          ratio: ratios(
            ours.map(({ rate }) => rate),
            theirs.map(({ rate }) => rate),
          ),
          ...(target !== undefined && { target }),
        },
      ];
    },
  };
}

export function sideFigures(
  { name, measured }: Pick<Side, 'name' | 'measured'>,
  runs: readonly Run[],
): SideFigures {
  const median = (of: (run: Run) => number): number => spread(runs.map(of)).median;
  const isPeer = measured === 'peer';
  return {
    name,
    value: spread(runs.map(({ rate }) => rate)),
    p50: median(({ p50 }) => p50),
    p99: median(({ p99 }) => p99),
    cpu: spread(runs.map(({ peerCpu, loadCpu }) => (isPeer ? peerCpu : loadCpu))),
    busy: median(({ peerBusy, loadBusy }) => (isPeer ? peerBusy : loadBusy)),
    otherBusy: median(({ peerBusy, loadBusy }) => (isPeer ? loadBusy : peerBusy)),
  };
}
