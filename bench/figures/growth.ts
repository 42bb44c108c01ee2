import type { Bench } from '../harness/bench';
import type { Side, Work } from '../harness/compare';
import { scaled } from '../harness/effort';
import { atMost, type Figure, type SideFigures, type Target } from '../harness/figure';
import type { Load } from '../harness/load';
import { ratios, spread } from '../harness/statistics';
import { runInTurns } from '../harness/turns';
import { bareEcho, nnrpServer } from './sides';

const tcp: Work = { framing: 'tcp', connections: 1, sessions: 1, window: 256, bodyBytes: 64 };

/** Whether an operation costs more where there is more of everything. */
export const growth: readonly Bench[] = [
  growing({
    name: 'sessions on one connection',
    side: nnrpServer('tcp'),
    counts: [1, 10, 100, 1000],
    work: (sessions) => ({ ...tcp, sessions }),
    target: atMost(1.3),
  }),
  growing({
    name: 'connections, window 16',
    side: nnrpServer('tcp'),
    counts: [1, 10, 100, 1000, 2000],
    work: (connections) => ({ ...tcp, connections, window: 16 }),
  }),
  growing({
    name: 'connections, window 16, of the bare echo',
    side: bareEcho,
    counts: [1, 100, 2000],
    work: (connections) => ({ ...tcp, connections, window: 16 }),
  }),
];

interface Growing {
  readonly name: string;
  readonly side: Side;
  /** The first is what the others are compared with. */
  readonly counts: readonly number[];
  readonly work: (count: number) => Work;
  /** Of the last. */
  readonly target?: Target;
}

/** CPU of an operation at several counts of something, in one server: all are there and work in turns. */
function growing({ name, side, counts, work, target }: Growing): Bench {
  return {
    family: 'growth',
    name,
    async run(effort, progress) {
      const { warmMs, runMs } = effort;
      const runs = await runInTurns(
        side.measured,
        async (stand) => {
          const peer = await stand.peer(side.peer);
          const { port } = peer;
          const loads: Load[] = [];
          let firstSessionId = 1;
          for (const count of counts) {
            const asked = work(count === 1 ? 1 : scaled(count, effort));
            loads.push(await stand.load(side.load({ ...asked, firstSessionId, port, warmMs, runMs }), peer));
            firstSessionId += asked.connections * asked.sessions;
          }
          return loads;
        },
        // What others do to the memory of the machine moves these more than any: the median is of twice as many.
        { ...effort, turns: 2 * effort.turns },
        progress,
      );
      const costs = runs.map((some) => some.map(({ peerCpu }) => peerCpu));
      const sides = counts.map((count, index): SideFigures => ({
        name: `${side.name} at ${count}`,
        value: spread(costs[index]!),
        p50: spread(runs[index]!.map(({ p50 }) => p50)).median,
        p99: spread(runs[index]!.map(({ p99 }) => p99)).median,
        busy: spread(runs[index]!.map(({ peerBusy }) => peerBusy)).median,
        otherBusy: spread(runs[index]!.map(({ loadBusy }) => loadBusy)).median,
      }));
      return counts.slice(1).map((count, offset): Figure => {
        const index = offset + 1;
        return {
          family: 'growth',
          name: `CPU an operation, ${count.toLocaleString('en')} ${name}`,
          unit: 'µs',
          subject: sides[index]!,
          baseline: sides[0]!,
          ratio: ratios(costs[index]!, costs[0]!),
          ...(target !== undefined && index === counts.length - 1 && { target }),
        };
      });
    },
  };
}
