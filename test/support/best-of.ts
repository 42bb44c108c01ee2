/**
 * Tries an attack up to `attempts` times and returns the attempt with the least harm; stops at the first
 * that `isGood`. What the machine does besides comes and goes, the harm of the attack itself does not. Every
 * attempt is one whole measurement: never the best figures of several.
 */
export async function bestOf<T>(
  attempts: number,
  attempt: () => Promise<T>,
  { harm, isGood }: { readonly harm: (measured: T) => number; readonly isGood: (measured: T) => boolean },
): Promise<T> {
  let best = await attempt();
  for (let more = attempts - 1; more > 0 && !isGood(best); more--) {
    const next = await attempt();
    if (isGood(next) || harm(next) < harm(best)) best = next;
  }
  return best;
}
