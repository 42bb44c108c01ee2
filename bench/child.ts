import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';

/** What a process of a bench holds, in bytes. */
export interface Memory {
  readonly rss: number;
  readonly heap: number;
}

/** A server under measurement, in a process of its own. */
export interface Peer {
  readonly port: number;
  memory(): Promise<Memory>;
  stop(): Promise<void>;
}

/** How many operations a load completed, and how long they took. */
export interface LoadResult {
  readonly operations: number;
  readonly seconds: number;
  /** Microseconds. */
  readonly p50: number;
  /** Microseconds. */
  readonly p99: number;
}

export async function startPeer(file: string, parameters: object): Promise<Peer> {
  const child = start(file, parameters);
  const { port } = (await answerOf(child)) as { readonly port: number };
  return {
    port,
    async memory() {
      child.send('memory');
      return (await answerOf(child)) as Memory;
    },
    async stop() {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}

export async function runLoad(file: string, parameters: object): Promise<LoadResult> {
  const child = start(file, parameters);
  try {
    return (await answerOf(child)) as LoadResult;
  } finally {
    child.kill();
  }
}

function start(file: string, parameters: object): ChildProcess {
  return fork(path.join(__dirname, file), [JSON.stringify(parameters)], {
    execArgv: ['--expose-gc', '-r', 'ts-node/register/transpile-only'],
  });
}

function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => {
      reject(new Error(`${path.basename(child.spawnargs.at(-2) ?? '')} ended with code ${code}`));
    };
    child.once('exit', onExit);
    child.once('message', (answer) => {
      child.off('exit', onExit);
      resolve(answer);
    });
  });
}

/** What a child was started with. */
export function parameters<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T;
}

/** Tells the parent something, and ends with it. */
export function tell(answer: object): void {
  process.send?.(answer);
}

/** Says on which port a peer listens, and answers questions about its memory. */
export function serveAt(port: number): void {
  process.on('message', () => {
    // Twice: what the first collection frees may hold more.
    globalThis.gc?.();
    globalThis.gc?.();
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    tell({ rss, heap: heapUsed + external + arrayBuffers });
  });
  process.on('disconnect', () => process.exit());
  tell({ port });
}
