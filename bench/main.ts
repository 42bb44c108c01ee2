import { Command } from 'commander';
import { benches } from './figures';
import { cluster } from './figures/cluster';
import { buildReference, reference } from './figures/reference';
import type { Bench } from './harness/bench';
import { writeCharts } from './harness/chart';
import { EFFORTS, type Effort } from './harness/effort';
import { cpuRatio, verdict, type Figure } from './harness/figure';
import { machine } from './harness/machine';
import { figureLine, headerLine, machineLine } from './harness/report';

interface Options {
  readonly quick?: true;
  readonly moment?: true;
  readonly reference?: true;
  readonly cluster?: true;
  readonly json?: true;
  readonly check?: true;
  readonly list?: true;
  readonly only?: string[];
  readonly chart?: string;
}

async function run(options: Options): Promise<void> {
  const all = [
    ...benches,
    ...(options.cluster === true ? cluster : []),
    ...(options.reference === true ? reference : []),
  ];
  const wanted = all.filter(({ family, name }) => isWanted(`${family}: ${name}`, options.only));
  if (wanted.length === 0) throw new Error(`nothing is called ${options.only?.join(' or ')}; see --list`);
  if (options.list === true) {
    for (const { family, name } of wanted) console.log(`${family}: ${name}`);
    return;
  }
  if (wanted.some((bench) => reference.includes(bench))) buildReference();
  const effort = EFFORTS[options.moment === true ? 'moment' : options.quick === true ? 'quick' : 'full'];
  const figures = await measure(wanted, effort, options);
  const missed = figures.filter((figure) => verdict(figure) === 'missed');
  if (options.json !== true) console.log(summary(figures, missed));
  if (options.check === true && missed.length > 0) process.exitCode = 1;
}

async function measure(
  wanted: readonly Bench[],
  effort: Effort,
  { json, chart }: Options,
): Promise<Figure[]> {
  const startedAt = Date.now();
  const where = await machine();
  if (json === true) console.log(JSON.stringify({ machine: where, effort: effort.name }));
  else console.log(`${machineLine(where)}, ${effortText(effort)}\n\n${headerLine()}`);
  const figures: Figure[] = [];
  for (const [index, bench] of wanted.entries()) {
    const seconds = (): string => `${Math.round((Date.now() - startedAt) / 1000)} s`;
    say(`${index + 1}/${wanted.length} ${bench.family}: ${bench.name}, ${seconds()}`);
    const found = await bench.run(effort, (step, of) => {
      say(
        `${index + 1}/${wanted.length} ${bench.family}: ${bench.name}, round ${step} of ${of}, ${seconds()}`,
      );
    });
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    for (const figure of found) {
      figures.push(figure);
      console.log(json === true ? jsonLine(figure) : figureLine(figure));
    }
  }
  if (chart !== undefined) writeCharts(chart, figures, where, new Date().toISOString().slice(0, 10));
  return figures;
}

/** A figure with what follows from it, its names first. */
function jsonLine({ family, name, ...rest }: Figure): string {
  const figure = { family, name, ...rest };
  return JSON.stringify({ ...figure, cpuRatio: cpuRatio(figure), verdict: verdict(figure) });
}

function effortText({ name, processes, turns, divisor }: Effort): string {
  const counts = divisor === 1 ? '' : `, counts of things divided by ${divisor}: no figures to quote`;
  const runs = processes * turns;
  return `${name} effort: ${runs === 1 ? 'one run each' : `medians of about ${runs} runs`}${counts}`;
}

/** The progress line, where somebody watches it. */
function say(progress: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${progress}\x1b[K`);
}

function summary(figures: readonly Figure[], missed: readonly Figure[]): string {
  const asked = figures.filter(({ target }) => target !== undefined).length;
  const names = missed.map(({ family, name }) => `\n  missed: ${family}: ${name}`).join('');
  return `\n${asked - missed.length} of ${asked} targets met${names}`;
}

function isWanted(name: string, only: readonly string[] | undefined): boolean {
  return only === undefined || only.some((text) => name.includes(text));
}

new Command('npm run bench --')
  .description('Measures nnrp-rx against what the same bytes cost without it.')
  .option('--quick', 'one short run each: an impression, no figure to quote')
  .option('--moment', 'a moment each: whether it runs, no figure at all')
  .option('--reference', 'with the Rust runtime, for which it needs cargo')
  .option('--cluster', 'with nodes of a cluster, for which it needs redis-server')
  .option('--json', 'a JSON line for each figure instead of the table')
  .option('--only <text...>', 'only what has one of these in its name; a family is `memory: `')
  .option('--check', 'fail where a target is missed')
  .option('--chart <folder>', 'draw what a token costs each server, in light and dark')
  .option('--list', 'say what there is')
  .action(run)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
