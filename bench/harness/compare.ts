import type { LoadParameters } from '../load/parameters';
import type { Bench } from './bench';
import type { ProgramStart } from './child';
import type { SideFigures, Target } from './figure';
import type { Load, Measured, Run } from './load';
import { ratios, spread } from './statistics';
import { runInTurns } from './turns';

/** What a load does; where it connects to and how long is added. */
export type Work = Omit<LoadParameters, 'port' | 'warmMs' | 'runMs'>;

/** A server and a load; one of the two is what is measured. */
export interface Side {
  readonly name: string;
  readonly measured: Measured;
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
}

/** How many operations a second the subject does, and the baseline. */
export function comparison({ family, name, subject, baseline, work, target }: Comparison): Bench {
  return {
    family,
    name,
    async run(effort, progress) {
      const { warmMs, runMs } = effort;
      const [ours = [], theirs = []] = await runInTurns(
        subject.measured,
        async (stand) => {
          const loads: Load[] = [];
          for (const { peer, load } of [subject, baseline]) {
            loads.push(await stand.pair(peer, (port) => load({ ...work, port, warmMs, runMs })));
          }
          return loads;
        },
        effort,
        progress,
      );
      return [
        {
          family,
          name,
          unit: 'op/s',
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
