/** What a timer takes, about 24 days; beyond it, a timer fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** A delay that a timer takes: fields of the wire and options reach beyond. */
export function timerMs(ms: number): number {
  return Math.min(ms, MAX_TIMER_MS);
}
