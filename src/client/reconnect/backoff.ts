import { RECONNECT_DEFAULTS, type ReconnectOptions } from '../options';

/** Milliseconds that every wait but the first takes, whatever chance has it. */
const LEAST_MS = 1;

/** The waits between attempts to connect: doubling, bounded, partly random. */
export function backoffMs(attempt: number, options: ReconnectOptions, random: () => number): number {
  const { minDelayMs, maxDelayMs, jitter } = { ...RECONNECT_DEFAULTS, ...options };
  const first = attempt === 0 ? minDelayMs : Math.max(minDelayMs, LEAST_MS);
  const longest = Math.min(maxDelayMs, first * 2 ** Math.min(attempt, 30));
  const wait = longest * (1 - jitter * random());
  return attempt === 0 ? wait : Math.max(wait, LEAST_MS);
}
