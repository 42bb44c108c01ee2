import { buildSync } from 'esbuild';
import { accessSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { Observable, type Subscriber } from 'rxjs';
import { Worker } from 'node:worker_threads';
import { failure } from '../../../src';
import type { LanguageModel } from '../language-model';
import type { FromWorker, ToWorker } from './worker';

/** Answers that share the thread; each has keys and values of its own, tens of megabytes. */
const MOST_AT_ONCE = 4;
/** Those that wait until one of these is over. */
const MOST_WAITING = 64;

/**
 * A model of a GGUF file, which runs in a thread of its own: a few answers share it, piece by piece, and others wait.
 * Rejects where the file has no such model.
 */
export async function ggufModel(path: string): Promise<LanguageModel> {
  accessSync(path);
  const worker = new Worker(workerCode(), { eval: true, workerData: path });
  await once(worker, 'message');
  // It keeps no process that is done with it.
  worker.unref();
  const asking = new Map<number, Subscriber<string>>();
  const waiting = new Map<number, ToWorker>();
  let lastId = 0;
  let broken: Error | undefined;
  const ask = (message: ToWorker): void => {
    worker.postMessage(message);
  };
  worker.on('message', (said: FromWorker) => {
    if (said.kind === 'ready') return;
    const asker = asking.get(said.id);
    if (said.kind === 'text') asker?.next(said.text);
    else if (said.kind === 'end') asker?.complete();
    else asker?.error(said.kind === 'too-long' ? failure(413, said.why) : cannotRun());
  });
  worker.on('error', (error) => {
    console.error(error.message);
    broken = cannotRun();
    for (const asker of [...asking.values()]) asker.error(broken);
  });
  return (prompt, options) =>
    new Observable((subscriber) => {
      const isFull = waiting.size >= MOST_WAITING;
      if (broken !== undefined || isFull) {
        subscriber.error(broken ?? failure(503, 'too many wait for the model'));
        return undefined;
      }
      const id = ++lastId;
      const question = { kind: 'ask', id, prompt, options } as const;
      const mustWait = asking.size - waiting.size >= MOST_AT_ONCE;
      asking.set(id, subscriber);
      worker.ref();
      if (mustWait) waiting.set(id, question);
      else ask(question);
      return () => {
        asking.delete(id);
        if (asking.size === 0) worker.unref();
        if (waiting.delete(id)) return;
        ask({ kind: 'stop', id });
        const [next] = waiting.values();
        if (next === undefined) return;
        waiting.delete(next.id);
        ask(next);
      };
    });
}

/** What went wrong, a path say, is for whoever runs it. */
function cannotRun(): Error {
  return failure(500, 'the model cannot run');
}

/** A thread reads no TypeScript; that it is made into takes some hundredths of a second. */
function workerCode(): string {
  const entryPoints = [join(__dirname, 'worker.ts')];
  const { outputFiles } = buildSync({
    entryPoints,
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
  });
  return outputFiles[0]!.text;
}
