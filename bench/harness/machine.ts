import * as os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** Where a bench runs, and who else does. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly platform: string;
  /** The share of all cores that others took just before the start, from 0 to 1. */
  readonly busyBefore: number;
}

const LOOK_MS = 300;

export async function machine(): Promise<Machine> {
  const before = cpuTimes();
  await delay(LOOK_MS);
  const after = cpuTimes();
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    busyBefore: 1 - (after.idle - before.idle) / Math.max(1, after.all - before.all),
  };
}

function cpuTimes(): { idle: number; all: number } {
  let idle = 0;
  let all = 0;
  for (const { times } of os.cpus()) {
    idle += times.idle;
    all += times.idle + times.user + times.nice + times.sys + times.irq;
  }
  return { idle, all };
}
