import { GOES_ON, INVARIANTS } from '../invariants';
import type { SimulationReport } from '../report';
import { simulate } from '../simulate';
import { DEFECTS, type Defect } from '.';

/** Seeds that a defect has to show itself in. */
const SEEDS = 600;
/** Seeds after which to say where it shows now: another seed of the defect's makes the suite quicker. */
const MANY_SEEDS = 20;
const TIMEOUT_MS = 180_000;

interface Catch {
  readonly seed: number;
  readonly invariant: number;
}

/** The first violation from a seed on; a defect of determinism takes a second run to see. */
async function firstCatch({ seed, invariants }: Defect): Promise<Catch | undefined> {
  for (let at = seed; at < seed + SEEDS; at++) {
    const report = await simulate(at);
    if (report.violation !== undefined) return { seed: at, invariant: report.violation.invariant };
    if (invariants.includes(13) && (await differs(report))) return { seed: at, invariant: 13 };
  }
  return undefined;
}

async function differs({ seed, traceHash }: SimulationReport): Promise<boolean> {
  return (await simulate(seed)).traceHash !== traceHash;
}

describe('a planted defect', () => {
  it('is one of many, each of its own name', () => {
    expect(new Set(DEFECTS.map(({ name }) => name)).size).toBe(DEFECTS.length);
    expect(DEFECTS.length).toBeGreaterThanOrEqual(15);
    const invariants = new Set(DEFECTS.flatMap((defect) => defect.invariants));
    // 13 and each of the others: what no defect breaks could as well not be checked.
    const checked = INVARIANTS.map(({ number }) => number).filter((number) => number !== GOES_ON.number);
    expect([...invariants].sort((a, b) => a - b)).toEqual(checked);
  });

  it.each(DEFECTS.map((defect) => [defect.name, defect] as const))(
    'is caught where %s',
    async (_, defect) => {
      const undo = defect.plant();
      let caught: Catch | undefined;
      try {
        caught = await firstCatch(defect);
      } finally {
        undo();
      }
      if (caught === undefined) throw new Error(`not caught in ${SEEDS} seeds from ${defect.seed}`);
      expect(defect.invariants).toContain(caught.invariant);
      if (caught.seed - defect.seed > MANY_SEEDS)
        process.stderr.write(`  where ${defect.name}: not before seed ${caught.seed}, from ${defect.seed}\n`);
      // It was the defect, and it is gone.
      expect((await simulate(caught.seed)).violation).toBeUndefined();
    },
    TIMEOUT_MS,
  );
});
