import { setImmediate as turn } from 'node:timers/promises';

/** What a process of the bench has used, and when: two of them make a rate. */
export interface Usage {
  /** Microseconds of all of its threads, in user and in system. */
  readonly cpu: number;
  /** Microseconds of a clock of its own. */
  readonly at: number;
}

/** What a process of the bench holds after a collection, in bytes. */
export interface Memory {
  readonly rss: number;
  /** With what is outside of it: array buffers and the like. */
  readonly heap: number;
}

/** What a program was started with. */
export function parameters<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T;
}

/** Tells the parent something. */
export function tell(message: object): void {
  process.send?.(message);
}

/** Runs `run` each time that the parent asks for it. */
export function onRun(run: () => void): void {
  process.on('message', (message) => {
    if (message === 'run') run();
  });
}

/** Runs `stop` once the parent asks for the end; without a parent there is no use in going on. */
export function onStop(stop: () => void): void {
  process.on('message', (message) => {
    if (message === 'stop') stop();
  });
  process.on('disconnect', () => process.exit());
}

/** Says on which port a server listens, and answers questions about what it uses. */
export function serveAt(port: number): void {
  process.on('message', (question) => {
    if (question === 'usage') tell(usage());
    if (question === 'memory') void memory().then(tell);
  });
  onStop(() => process.exit());
  tell({ port });
}

export function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, at: Number(process.hrtime.bigint() / 1000n) };
}

async function memory(): Promise<Memory> {
  // More than once: what a collection frees may hold more, and finalizers have their turns between.
  for (let time = 0; time < 3; time++) {
    globalThis.gc?.();
    await turn();
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}
