import { buildSync } from 'esbuild';
import { accessSync } from 'node:fs';
import { join } from 'node:path';
import { Observable, type Subscriber } from 'rxjs';
import { Worker } from 'node:worker_threads';
import { failure } from '../../../src';
import type { LanguageModel } from '../language-model';
import type { FromWorker, ToWorker } from './worker';

/** A model of a GGUF file, which runs in a thread of its own: answers share it, piece by piece. */
export function ggufModel(path: string): LanguageModel {
  accessSync(path);
  const asking = new Map<number, Subscriber<string>>();
  let lastId = 0;
  let broken: Error | undefined;
  const worker = new Worker(workerCode(), { eval: true, workerData: path });
  // It keeps no process that is done with it.
  worker.unref();
  const ask = (message: ToWorker): void => {
    worker.postMessage(message);
  };
  worker.on('message', (said: FromWorker) => {
    const asker = asking.get(said.id);
    if (said.kind === 'text') asker?.next(said.text);
    else if (said.kind === 'end') asker?.complete();
    else asker?.error(failure(500, said.why));
  });
  worker.on('error', (error) => {
    broken = failure(500, error.message);
    for (const asker of [...asking.values()]) asker.error(broken);
  });
  return (prompt, options) =>
    new Observable((subscriber) => {
      if (broken !== undefined) {
        subscriber.error(broken);
        return undefined;
      }
      const id = ++lastId;
      asking.set(id, subscriber);
      worker.ref();
      ask({ kind: 'ask', id, prompt, options });
      return () => {
        asking.delete(id);
        ask({ kind: 'stop', id });
        if (asking.size === 0) worker.unref();
      };
    });
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
