/** One that is given in seconds, as tokens have it, shows as a day in 1970. */
export function describeInstant(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? String(epochMs) : date.toISOString();
}
