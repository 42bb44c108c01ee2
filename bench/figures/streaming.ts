import type { Bench } from '../harness/bench';
import type { ProgramStart } from '../harness/child';
import { sideFigures } from '../harness/compare';
import { scaled } from '../harness/effort';
import type { Figure } from '../harness/figure';
import type { Load, Run } from '../harness/load';
import { ratios, spread } from '../harness/statistics';
import { runInTurns } from '../harness/turns';
import type { StreamParameters } from '../load/parameters';
import type { StreamPeer } from '../peers/stream-parameters';

const CONNECTIONS = 10;
const SESSIONS = 1000;
const PARTS = 200;
/** About the bytes of a token. */
const PART_BYTES = 16;

/** Answers in parts, to a thousand sessions at once. */
export const streaming: readonly Bench[] = [streamed('as fast as they go', 0), streamed('every 10 ms', 10)];

function streamed(how: string, everyMs: number): Bench {
  const parameters: StreamPeer = { everyMs, partBytes: PART_BYTES };
  const sides = ['nnrp-rx respond', 'bare socket'] as const;
  const starts: readonly ProgramStart[] = [
    { file: 'peers/stream-nnrp', parameters },
    { file: 'peers/stream-bare', parameters },
  ];
  const name = `1,000 × 200 parts ${how}`;
  return {
    family: 'streaming',
    name,
    async run(effort, progress) {
      const asked: Omit<StreamParameters, 'port'> = {
        connections: CONNECTIONS,
        // As many in a short run: they are more than a peer may have by default.
        sessions: SESSIONS / CONNECTIONS,
        warmParts: scaled(everyMs === 0 ? PARTS : PARTS / 10, effort),
        parts: scaled(PARTS, effort) + 1,
      };
      const [ours = [], theirs = []] = await runInTurns(
        'peer',
        async (stand) => {
          const loads: Load[] = [];
          for (const start of starts) {
            const loadAt = (port: number): ProgramStart => {
              return { file: 'load/stream', parameters: { ...asked, port } };
            };
            loads.push(await stand.pair(start, loadAt));
          }
          return loads;
        },
        // A run is hundreds of thousands of parts, and warms up by parts.
        { ...effort, processes: 1, turns: effort.rounds, heatMs: 0 },
        progress,
      );
      const subject = sideFigures({ name: sides[0], measured: 'peer' }, ours);
      const baseline = sideFigures({ name: sides[1], measured: 'peer' }, theirs);
      const shared = { family: 'streaming', subject, baseline } as const;
      const rates: Figure = {
        ...shared,
        name,
        unit: 'part/s',
        ratio: ratios(
          ours.map(({ rate }) => rate),
          theirs.map(({ rate }) => rate),
        ),
      };
      if (everyMs === 0) return [rates];
      // At a given pace there is no rate to compare, only how evenly the parts come.
      const gaps = (side: readonly Run[]): number[] => side.map(({ p99 }) => p99);
      return [
        {
          ...shared,
          name: `gap p99, ${name}`,
          unit: 'µs',
          subject: { ...subject, value: spread(gaps(ours)) },
          baseline: { ...baseline, value: spread(gaps(theirs)) },
          ratio: ratios(gaps(ours), gaps(theirs)),
        },
      ];
    },
  };
}
