import { runLoad, startPeer, type LoadResult } from './child';
import type { LoadParameters } from './load/parameters';

/** A server and the load that suits it. */
export interface Side {
  readonly name: string;
  readonly peer: string;
  readonly parameters: object;
  readonly load: string;
}

export interface Comparison {
  readonly name: string;
  readonly subject: Side;
  readonly baseline: Side;
  readonly work: Omit<LoadParameters, 'port' | 'warmMs' | 'runMs'>;
  /** What the ratio is to reach, where something is asked of it. */
  readonly target?: number;
}

/** Operations a second, microseconds. */
export interface Figures {
  readonly throughput: number;
  readonly p50: number;
  readonly p99: number;
}

export interface Compared {
  readonly name: string;
  readonly subject: Figures;
  readonly baseline: Figures;
  /** Throughput of the subject over the baseline's: the median of the pairs'. */
  readonly ratio: number;
  readonly target?: number;
}

export interface Effort {
  readonly rounds: number;
  readonly warmMs: number;
  readonly runMs: number;
}

/** Runs subject and baseline in turn, so that a machine whose speed drifts is fair to both. */
export async function compare(
  { name, subject, baseline, work, target }: Comparison,
  { rounds, warmMs, runMs }: Effort,
  progress: (done: number, of: number) => void,
): Promise<Compared> {
  const sides = [subject, baseline];
  const peers = await Promise.all(sides.map(({ peer, parameters }) => startPeer(peer, parameters)));
  const figures: [Figures[], Figures[]] = [[], []];
  try {
    for (let round = 0; round < rounds; round++) {
      for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
        const { port } = peers[side]!;
        const result = await runLoad(sides[side]!.load, { ...work, port, warmMs, runMs });
        figures[side]!.push(figuresOf(result));
      }
      progress(round + 1, rounds);
    }
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
  }
  const [ours, theirs] = figures;
  return {
    name,
    subject: medians(ours),
    baseline: medians(theirs),
    ratio: median(ours.map(({ throughput }, round) => throughput / theirs[round]!.throughput)),
    ...(target !== undefined && { target }),
  };
}

function figuresOf({ operations, seconds, p50, p99 }: LoadResult): Figures {
  return { throughput: operations / seconds, p50, p99 };
}

function medians(figures: readonly Figures[]): Figures {
  return {
    throughput: median(figures.map(({ throughput }) => throughput)),
    p50: median(figures.map(({ p50 }) => p50)),
    p99: median(figures.map(({ p99 }) => p99)),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
