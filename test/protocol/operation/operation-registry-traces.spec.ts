import { type CancelScope, type OperationState } from '../../../src/protocol/operation/operation';
import { OperationRegistry } from '../../../src/protocol/operation/operation-registry';
import vectors from '../../vectors/operations.json';
import { kindOf } from '../support';
import { register, snapshot } from './support';

interface Step {
  readonly do: string;
  readonly error?: string | null;
  readonly session_id?: number;
  readonly operation_id?: string;
  readonly parent_operation_id?: string | null;
  readonly operation_group_id?: string | null;
  readonly to?: number;
  readonly scope?: number;
  readonly cancelled?: readonly string[] | null;
  readonly states?: Readonly<Record<string, number>>;
}

const traces = vectors.cases as readonly (readonly Step[])[];

function id(text: string | null | undefined): number | undefined {
  return text === null || text === undefined ? undefined : Number(text);
}

function play(registry: OperationRegistry, step: Step): string | null {
  const sessionId = step.session_id!;
  const operationId = Number(step.operation_id);
  switch (step.do) {
    case 'register': {
      const parentId = id(step.parent_operation_id);
      const groupId = id(step.operation_group_id);
      return kindOf(() => register(registry, { sessionId, operationId, parentId, groupId }));
    }
    case 'transition':
      return kindOf(() => registry.transition(operationId, step.to as OperationState));
    case 'cancel':
      return kindOf(() => {
        const ids = registry.cancel({ sessionId, operationId, scope: step.scope as CancelScope });
        expect(ids).toEqual(step.cancelled!.map(Number));
      });
    default:
      throw new Error(`a trace has a step that is unknown here: ${step.do}`);
  }
}

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
