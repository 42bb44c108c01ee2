import { Command, InvalidArgumentError, Option } from 'commander';
import { CLUSTER_INVARIANTS } from '../test/simulation/cluster/invariants';
import { simulateCluster } from '../test/simulation/cluster/simulate-cluster';
import { INVARIANTS } from '../test/simulation/invariants';
import { marblesOf } from '../test/simulation/marbles';
import type { SimulationOptions, SimulationReport } from '../test/simulation/report';
import { simulate } from '../test/simulation/simulate';

// Runs the simulation over many seeds, or over one with all that happens in it.
//   npm run simulate -- --seeds 10000
//   npm run simulate -- --seed 1234
//   npm run simulate -- --only cluster --seeds 2000

interface Flags {
  readonly seeds: number;
  readonly from: number;
  readonly seed?: number;
  readonly twice: number;
  readonly counts?: true;
  readonly only?: 'server' | 'cluster';
}

/** Of so many seeds one is of several nodes. */
const CLUSTER_EVERY = 5;

/** One server and all that its clients may do, or a cluster and all that becomes of its nodes. */
function run(seed: number, options: SimulationOptions = {}): Promise<SimulationReport> {
  const { only = seed % CLUSTER_EVERY === 0 ? 'cluster' : 'server' } = program.opts<Flags>();
  return only === 'cluster' ? simulateCluster(seed, options) : simulate(seed, options);
}

function textOf(invariant: number): string {
  const known = [...INVARIANTS, ...CLUSTER_INVARIANTS];
  return known.find(({ number }) => number === invariant)?.text ?? 'unknown';
}

/** How often progress is told, in milliseconds. */
const PROGRESS_MS = 2000;

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('a whole number is needed');
  return value;
}

const program = new Command('simulate')
  .description(
    'Runs server and clients on a network that fails, and checks the invariants after every event.',
  )
  .option('--seeds <count>', 'how many seeds to run', wholeNumber, 500)
  .option('--from <seed>', 'the first of them', wholeNumber, 1)
  .option('--seed <seed>', 'runs this seed alone, and prints its whole trace', wholeNumber)
  .option(
    '--twice <every>',
    'runs every so manieth seed twice, to see that it goes the same way',
    wholeNumber,
    20,
  )
  .addOption(
    new Option(
      '--only <kind>',
      `one server, or several nodes, which is each ${CLUSTER_EVERY}th seed else`,
    ).choices(['server', 'cluster']),
  )
  .option('--counts', 'prints how often the seeds met what');

/** What went wrong, and the last events as marbles. */
function violationOf({ seed, violation, events }: SimulationReport): string {
  if (violation === undefined) return '';
  const { invariant, text } = violation;
  const { only } = program.opts<Flags>();
  return [
    `seed ${seed} violates invariant ${invariant} (${textOf(invariant)}):`,
    `  ${text}`,
    '',
    marblesOf(events.slice(-50)),
    '',
    `npm run simulate --${only === undefined ? '' : ` --only ${only}`} --seed ${seed} prints all of it.`,
  ].join('\n');
}

async function runOne(seed: number): Promise<boolean> {
  const report = await run(seed, { keepEvents: Infinity });
  for (const { time, actor, text } of report.events) {
    console.log(`${String(time).padStart(7)} ms  ${actor.padEnd(10)}  ${text}`);
  }
  if (report.violation !== undefined) console.log(`\n${violationOf(report)}`);
  console.log(`\n${report.eventCount} events in ${report.endedAtMs} ms, trace ${report.traceHash}`);
  return report.violation === undefined;
}

/** A second run of a seed, which must go as the first did. */
async function differsFrom({ seed, traceHash }: SimulationReport): Promise<boolean> {
  const again = await run(seed);
  if (again.traceHash === traceHash) return false;
  console.log(`seed ${seed} violates invariant 13 (${textOf(13)}): ${traceHash}, then ${again.traceHash}`);
  return true;
}

async function runMany({ seeds, from, twice, counts }: Flags): Promise<boolean> {
  const started = Date.now();
  const totals = new Map<string, number>();
  let events = 0;
  let told = started;
  for (let index = 0; index < seeds; index++) {
    const seed = from + index;
    const report = await run(seed);
    events += report.eventCount;
    for (const [what, count] of report.counts) totals.set(what, (totals.get(what) ?? 0) + count);
    if (report.violation !== undefined) {
      console.log(violationOf(report));
      return false;
    }
    if (twice > 0 && index % twice === 0 && (await differsFrom(report))) return false;
    const now = Date.now();
    if (now - told < PROGRESS_MS) continue;
    told = now;
    console.log(`${index + 1} of ${seeds} seeds, ${events} events, ${((now - started) / 1000).toFixed(0)} s`);
  }
  if (counts)
    for (const [what, count] of [...totals].sort()) console.log(`${String(count).padStart(9)}  ${what}`);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${seeds} seeds from ${from}, ${events} events, no violation, ${seconds} s`);
  return true;
}

async function main(): Promise<void> {
  const flags = program.parse().opts<Flags>();
  const isFine = flags.seed === undefined ? await runMany(flags) : await runOne(flags.seed);
  process.exitCode = isFine ? 0 : 1;
}

void main();
