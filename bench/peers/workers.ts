import cluster, { type Worker } from 'node:cluster';
import * as path from 'node:path';
import type { Memory, Usage } from '../harness/program';
import { onStop, parameters, tell, usage } from '../harness/program';
import type { TokenRun } from './tokens/model';

/** Servers in processes of their own, which share one port as `node:cluster` has it. */
export interface WorkersPeer {
  readonly workers: number;
  /** A peer of the bench, and what it is started with. */
  readonly file: string;
  readonly parameters: object;
}

const asked = parameters<WorkersPeer>();
cluster.setupPrimary({
  exec: path.join(__dirname, '..', `${asked.file}.js`),
  args: [JSON.stringify(asked.parameters)],
});
const workers = Array.from({ length: asked.workers }, () => cluster.fork());

function next<T>(worker: Worker): Promise<T> {
  return new Promise((resolve) => {
    worker.once('message', resolve);
  });
}

/** What each of them says. */
function ask<T>(question: string): Promise<T[]> {
  const answers = workers.map((worker) => next<T>(worker));
  for (const worker of workers) worker.send(question);
  return Promise.all(answers);
}

function sum<T>(of: (each: T) => number, all: readonly T[]): number {
  return all.reduce((total, each) => total + of(each), 0);
}

async function answer(question: unknown): Promise<void> {
  switch (question) {
    case 'usage': {
      const { cpu, at } = usage();
      tell({ at, cpu: cpu + sum(({ cpu }) => cpu, await ask<Usage>('usage')) } satisfies Usage);
      return;
    }
    case 'memory': {
      const all = await ask<Memory>('memory');
      tell({ rss: sum(({ rss }) => rss, all), heap: sum(({ heap }) => heap, all) } satisfies Memory);
      return;
    }
    case 'run': {
      const before = usage().cpu;
      const runs = await ask<TokenRun>('run');
      // Of this process it is all of the run, what does not count in the others, too.
      const own = usage().cpu - before;
      tell({
        tokens: sum(({ tokens }) => tokens, runs),
        cpu: own + sum(({ cpu }) => cpu, runs),
      } satisfies TokenRun);
    }
  }
}

async function serve(): Promise<void> {
  const [first] = await Promise.all(workers.map((worker) => next<{ readonly port: number }>(worker)));
  process.on('message', (question) => void answer(question));
  onStop(() => {
    for (const worker of workers) worker.process.kill('SIGKILL');
    process.exit();
  });
  tell({ port: first!.port });
}

for (const worker of workers) {
  worker.once('exit', (code) => {
    console.error(`a worker of ${asked.file} ended with code ${code}`);
    process.exit(1);
  });
}
void serve();
