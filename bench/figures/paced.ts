import { inTurns, type Bench } from '../harness/bench';
import type { Child, ProgramStart } from '../harness/child';
import { scaled, type Effort } from '../harness/effort';
import { atMost, type Figure } from '../harness/figure';
import { ratios, spread } from '../harness/statistics';
import { Stand } from '../harness/turns';
import type { PacedParameters, PacedRun } from '../load/parameters';
import { BARE, SSE, STRINGS, STRINGS_WS, streamerStart, type Pair, type Streamer } from './streamers';

const ANSWERS = 1000;
/** Forty tokens a second. */
const PACE_MS = 25;
const NAME = `1,000 answers every ${PACE_MS} ms over 1,000 connections`;

const PAIRS: readonly Pair[] = [
  { subject: STRINGS, baseline: SSE, target: atMost(1.05) },
  { subject: STRINGS_WS, baseline: SSE, target: atMost(1.05) },
  { subject: STRINGS, baseline: BARE },
];

/** What a reader sees: how evenly tokens come, and how long a newcomer waits for the first. */
export const paced: Bench = {
  family: 'tokens',
  name: NAME,
  async run(effort, progress) {
    const runs = new Map<Streamer, PacedRun[]>();
    for (let process = 0; process < effort.processes; process++) {
      const stand = new Stand();
      try {
        const loads: (readonly [Streamer, Child])[] = [];
        for (const streamer of [STRINGS, STRINGS_WS, BARE, SSE])
          loads.push([streamer, await started(stand, streamer, effort)]);
        // The first run of each is to get warm.
        for (let turn = 0; turn <= effort.rounds; turn++) {
          for (const [streamer, load] of inTurns(loads, turn)) {
            load.say('run');
            const run = await load.next<PacedRun>();
            if (turn > 0 || effort.rounds === 1) runs.set(streamer, [...(runs.get(streamer) ?? []), run]);
          }
          progress(process * (effort.rounds + 1) + turn + 1, effort.processes * (effort.rounds + 1));
        }
      } finally {
        await stand.end();
      }
    }
    return PAIRS.flatMap((pair) => [
      figure('gap p99', pair, runs, ({ gap }) => gap.p99),
      figure('first token p50', pair, runs, ({ first }) => first.p50),
      figure('first token p99', pair, runs, ({ first }) => first.p99),
    ]);
  },
};

async function started(stand: Stand, streamer: Streamer, effort: Effort): Promise<Child> {
  const answers = scaled(ANSWERS, effort);
  const { warmMs, runMs } = effort;
  const peer = await stand.peer(streamerStart(streamer, { answers, warmMs, runMs, paceMs: PACE_MS }));
  const parameters: PacedParameters = {
    port: peer.port,
    protocol: streamer.protocol,
    connections: answers,
    answers: 1,
    runMs: 10 * runMs,
  };
  const start: ProgramStart = { file: 'load/paced', parameters };
  return stand.child(start);
}

function figure(
  what: string,
  { subject, baseline, target }: Pair,
  runs: ReadonlyMap<Streamer, readonly PacedRun[]>,
  of: (run: PacedRun) => number,
): Figure {
  const values = (streamer: Streamer): number[] => (runs.get(streamer) ?? []).map(of);
  return {
    family: 'tokens',
    name: `${NAME}: ${what} of ${subject.name} over ${baseline.name}`,
    unit: 'µs',
    subject: { name: subject.name, value: spread(values(subject)) },
    baseline: { name: baseline.name, value: spread(values(baseline)) },
    ratio: ratios(values(subject), values(baseline)),
    target,
  };
}
