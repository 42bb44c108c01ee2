import { parameters, tell, usage, type Usage } from '../harness/program';
import { codecCase, PACKETS, type CodecCase, type CodecSide } from './cases';

export interface CodecParameters {
  readonly which: CodecCase;
  readonly side: CodecSide;
  /** Milliseconds of CPU. */
  readonly warmMs: number;
  /** Milliseconds of CPU. */
  readonly runMs: number;
}

/** What a case costs. */
export interface CodecResult {
  readonly packetsPerSecond: number;
  /** That a packet leaves for the collector. */
  readonly bytesPerPacket: number;
}

/** Calls between two looks at the clock. */
const CALLS = 20;
/** Calls whose allocations are counted: fewer than what makes the collector run. */
const COUNTED_CALLS = 200;

const { which, side, warmMs, runMs } = parameters<CodecParameters>();
const handle = codecCase(which, side);

/** Packets a second of CPU, the collector's included: others on the machine are not in it. */
function run(forMs: number): number {
  const startedAt = usage();
  let calls = 0;
  let now: Usage;
  do {
    for (let call = 0; call < CALLS; call++) handle();
    calls += CALLS;
    now = usage();
  } while (now.cpu - startedAt.cpu < forMs * 1000);
  return (calls * PACKETS * 1e6) / Math.max(1, now.cpu - startedAt.cpu);
}

function allocated(): number {
  globalThis.gc?.();
  const before = process.memoryUsage();
  for (let call = 0; call < COUNTED_CALLS; call++) handle();
  const after = process.memoryUsage();
  const bytes = after.heapUsed + after.external - before.heapUsed - before.external;
  // The first look itself allocates, so that nothing may come out as less.
  return Math.max(0, bytes / (COUNTED_CALLS * PACKETS));
}

run(warmMs);
const packetsPerSecond = run(runMs);
const result: CodecResult = { packetsPerSecond, bytesPerPacket: allocated() };
tell(result);
