import type { LoadResult } from '../load/latency';
import { Child, type Peer, type ProgramStart } from './child';

/** What a run of a load against a server shows. */
export interface Run {
  /** Operations a second. */
  readonly rate: number;
  /** Microseconds. */
  readonly p50: number;
  /** Microseconds. */
  readonly p99: number;
  /** CPU microseconds of the server for an operation. */
  readonly peerCpu: number;
  /** CPU microseconds of the load for an operation. */
  readonly loadCpu: number;
  /** Shares of one core. */
  readonly peerBusy: number;
  readonly loadBusy: number;
}

/** How often a server is loaded before it counts as warm, however little of a core it got. */
const MAX_HEATS = 5;

/**
 * Loads a server until it has worked for about as many milliseconds of CPU: on a machine that is busy with
 * others, it is not compiled after a given time.
 */
export async function heat(peer: Peer, ms: number, load: () => Promise<unknown>): Promise<void> {
  const { cpu } = await peer.usage();
  for (let time = 0; time < MAX_HEATS; time++) {
    if ((await peer.usage()).cpu - cpu >= ms * 800) return;
    await load();
  }
}

/**
 * Runs a load to its end. It says when it is warm, then what it found; `still` is called before its
 * connections end.
 */
export async function runLoad(start: ProgramStart, peer: Peer, still?: () => Promise<void>): Promise<Run> {
  const load = new Child(start);
  try {
    await load.next();
    const before = await peer.usage();
    const { operations, seconds, p50, p99, cpu } = await load.next<LoadResult>();
    const after = await peer.usage();
    await still?.();
    const rate = operations / seconds;
    // Rates, since the two processes' windows are not the same to the microsecond.
    const peerBusy = (after.cpu - before.cpu) / Math.max(1, after.at - before.at);
    const loadBusy = cpu / (seconds * 1e6);
    return {
      rate,
      p50,
      p99,
      peerBusy,
      loadBusy,
      peerCpu: (peerBusy * 1e6) / rate,
      loadCpu: (loadBusy * 1e6) / rate,
    };
  } finally {
    await load.stop();
  }
}
