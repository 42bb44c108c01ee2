import { OperationRegistry } from '../../../src/protocol/operation/operation-registry';
import vectors from '../../vectors/operations.json';
import { snapshot } from './support';
import { play, type Step } from './traces';

interface TraceStep extends Step {
  readonly states?: Readonly<Record<string, number>>;
}

const traces = vectors.cases as readonly (readonly TraceStep[])[];

describe('what the reference says of 150 traces', () => {
  it('has all of them, with every kind of step and of error', () => {
    expect(traces).toHaveLength(150);
    const steps = traces.flat();
    expect(new Set(steps.map((step) => step.do))).toEqual(
      new Set(['register', 'transition', 'cancel', 'snapshot']),
    );
    expect(new Set(steps.map(({ error }) => error).filter((error) => typeof error === 'string')).size).toBe(
      4,
    );
  });

  it.each(traces.map((trace, index) => [index, trace] as const))('trace %i', (_, trace) => {
    const registry = new OperationRegistry();
    for (const [index, step] of trace.entries()) {
      if (step.do === 'snapshot') {
        expect(snapshot(registry)).toEqual(step.states);
      } else {
        expect({ index, error: play(registry, step) }).toEqual({ index, error: step.error });
      }
    }
    expect(trace.at(-1)!.do).toBe('snapshot');
  });
});
