import { marblesOf } from './marbles';
import type { SimulationOptions, SimulationReport } from './report';

type Simulate = (seed: number, options?: SimulationOptions) => Promise<SimulationReport>;

/** Runs seeds, each of which has to hold every invariant, and gives what they have met. */
export async function metBy(simulate: Simulate, seeds: readonly number[]): Promise<ReadonlySet<string>> {
  const met = new Set<string>();
  for (const seed of seeds) {
    const { violation, events, counts } = await simulate(seed);
    if (violation !== undefined) {
      throw new Error(
        `seed ${seed}, invariant ${violation.invariant}: ${violation.text}\n${marblesOf(events)}`,
      );
    }
    for (const what of counts.keys()) met.add(what);
  }
  return met;
}

/** Runs seeds beside each other, twice, and expects each to go the same way, and another than the others. */
export async function expectTheSame(
  simulate: Simulate,
  seeds: readonly number[],
  options: SimulationOptions = {},
): Promise<Record<'first' | 'again', readonly SimulationReport[]>> {
  const hashes = (reports: readonly SimulationReport[]) => reports.map(({ traceHash }) => traceHash);
  const first = await Promise.all(seeds.map((seed) => simulate(seed)));
  const again = await Promise.all([...seeds].reverse().map((seed) => simulate(seed, options)));
  expect(hashes([...again].reverse())).toEqual(hashes(first));
  expect(new Set(hashes(first)).size).toBe(seeds.length);
  return { first, again };
}
