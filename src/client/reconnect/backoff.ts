import type { ReconnectOptions } from '../options';

/** The waits between attempts to connect: doubling, bounded, partly random. */
export function backoffMs(attempt: number, options: ReconnectOptions, random: () => number): number {
  const { minDelayMs = 100, maxDelayMs = 10_000, jitter = 0.5 } = options;
  const longest = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(attempt, 30));
  return longest * (1 - jitter * random());
}
