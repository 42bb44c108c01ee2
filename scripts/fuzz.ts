import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { program } from 'commander';
import { buildSync } from 'esbuild';
import { Random } from '../test/simulation/random';
import { Corpus } from '../test/hostile/bytes/corpus';

/**
 * Not among the development dependencies: its native part loads only where the system's C and C++
 * libraries are recent (glibc 2.38, libstdc++ 13), so that `npm ci` would install a hundred packages
 * that many machines cannot use.
 */
const JAZZER = '@jazzer.js/core@4.0.0';

const folder = path.join(__dirname, '..', '.fuzz');
const corpus = path.join(folder, 'corpus');
const target = path.join(folder, 'target.js');

program
  .description('Breeds packets for the branches of the decoder and the records that they reach (Jazzer.js).')
  .option('-s, --seconds <number>', 'how long', '300')
  .option('--jazzer <command>', 'a Jazzer.js that is installed, instead of fetching it')
  .parse();
const { seconds, jazzer } = program.opts<{ seconds: string; jazzer?: string }>();

mkdirSync(corpus, { recursive: true });
new Corpus(new Random(1)).packets.forEach((bytes, index) => {
  writeFileSync(path.join(corpus, `valid-${index}`), bytes);
});
buildSync({
  entryPoints: [path.join(__dirname, '..', 'test', 'hostile', 'jazzer', 'target.ts')],
  outfile: target,
  bundle: true,
  platform: 'node',
  target: 'node20',
  logLevel: 'error',
});

// The corpus is kept: the next run goes on from what this one has found.
const command =
  jazzer === undefined ? ['npm', 'exec', '--yes', `--package=${JAZZER}`, '--', 'jazzer'] : [jazzer];
const [run, ...first] = command as [string, ...string[]];
const libFuzzer = [
  `-max_total_time=${seconds}`,
  '-max_len=4096',
  '-timeout=1',
  `-artifact_prefix=${folder}${path.sep}`,
];
const { status } = spawnSync(run, [...first, target, corpus, '--sync', '--', ...libFuzzer], {
  stdio: 'inherit',
});
if (status !== 0) {
  console.error(
    'The run has ended early: with a finding above, written to .fuzz/crash-*, or because Jazzer.js does not load here (it needs glibc 2.38 and libstdc++ 13, as Ubuntu 24.04 and Debian 13 have).',
  );
}
process.exitCode = status ?? 1;
