import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { BuiltIn, Commands, WorkerMessage } from './worker-protocol';

interface Question {
  readonly id: number;
  readonly command: string;
  readonly argument: never;
}

/** What the worker was started with. */
export function parameters<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T;
}

/** Says that the worker is ready, and answers its parent's questions until that one is gone. */
export function work(commands: Commands, ready: unknown): void {
  const all: Commands = { ...builtIn(), ...commands };
  process.on('message', ({ id, command, argument }: Question) => {
    void Promise.resolve()
      .then(() => {
        const run = all[command];
        if (run === undefined) throw new Error(`there is no command ${command}`);
        return run(argument);
      })
      .then(
        (value) => {
          tell({ kind: 'answer', id, value });
        },
        (error: unknown) => {
          tell({ kind: 'failure', id, message: error instanceof Error ? error.message : String(error) });
        },
      );
  });
  process.on('disconnect', () => process.exit());
  // Node opens it with the first socket that it destroys: that handle is not of the worker's doing.
  process.stderr.on('error', () => process.exit());
  tell({ kind: 'ready', value: ready });
}

function tell(message: WorkerMessage): void {
  process.send?.(message);
}

function builtIn(): BuiltIn {
  const SAMPLE_MS = 10;
  let peakRss = 0;
  let sampling: NodeJS.Timeout | undefined;
  const delay = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  return {
    memory: () => {
      // Twice: what the first collection frees may hold more.
      globalThis.gc?.();
      globalThis.gc?.();
      const { rss, heapUsed, external } = process.memoryUsage();
      return { rss, heap: heapUsed + external };
    },
    handles: () => {
      const kinds: Record<string, number> = {};
      for (const kind of process.getActiveResourcesInfo()) kinds[kind] = (kinds[kind] ?? 0) + 1;
      return kinds;
    },
    watch: () => {
      const sample = (): void => {
        peakRss = Math.max(peakRss, process.memoryUsage.rss());
      };
      peakRss = 0;
      sample();
      sampling ??= setInterval(sample, SAMPLE_MS).unref();
      delay.enable();
      delay.reset();
    },
    watched: () => ({
      peakRss,
      // The monitor's figure is the whole time between two of its ticks.
      loopDelayP99: Math.max(0, delay.percentile(99) / 1e6 - SAMPLE_MS),
      loopDelayMax: Math.max(0, delay.max / 1e6 - SAMPLE_MS),
    }),
  };
}
