import { CLUSTER_DEFECTS } from './defects';
import { CLUSTER_INVARIANTS } from './invariants';
import { simulateCluster } from './simulate-cluster';

/** Seeds that a defect has to show itself in. */
const SEEDS = 200;
const TIMEOUT_MS = 120_000;

describe('a planted defect of several nodes', () => {
  it('is one of several, each of its own name, and there is one for each invariant', () => {
    expect(new Set(CLUSTER_DEFECTS.map(({ name }) => name)).size).toBe(CLUSTER_DEFECTS.length);
    const known = CLUSTER_INVARIANTS.map(({ number }) => number);
    const caught = new Set(CLUSTER_DEFECTS.flatMap(({ invariants }) => invariants));
    expect([...caught].sort((one, other) => one - other)).toEqual(known);
  });

  it.each(CLUSTER_DEFECTS.map((defect) => [defect.name, defect] as const))(
    'is caught where %s',
    async (_, { seed, invariants, plant }) => {
      const undo = plant();
      let caught: { readonly seed: number; readonly invariant: number } | undefined;
      try {
        for (let at = seed; at < seed + SEEDS && caught === undefined; at++) {
          const { violation } = await simulateCluster(at);
          if (violation !== undefined) caught = { seed: at, invariant: violation.invariant };
        }
      } finally {
        undo();
      }
      if (caught === undefined) throw new Error(`not caught in ${SEEDS} seeds from ${seed}`);
      expect(invariants).toContain(caught.invariant);
      // It was the defect, and it is gone.
      expect((await simulateCluster(caught.seed)).violation).toBeUndefined();
    },
    TIMEOUT_MS,
  );
});
