import type { CancelScope, OperationState } from '../../../src/protocol/operation/operation';
import type { OperationRegistry } from '../../../src/protocol/operation/operation-registry';
import { kindOf } from '../support';
import { register } from './support';

/** A step of a trace that the reference has played, with the kind of its error. */
export interface Step {
  readonly do: string;
  readonly error?: string | null;
  readonly session_id?: number;
  readonly operation_id?: string;
  readonly parent_operation_id?: string | null;
  readonly operation_group_id?: string | null;
  readonly to?: number;
  readonly scope?: number;
  readonly cancelled?: readonly string[] | null;
}

/** Plays a step that both revisions have; the kind of its error, null for none. */
export function play(registry: OperationRegistry, step: Step): string | null {
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

function id(text: string | null | undefined): number | undefined {
  return text === null || text === undefined ? undefined : Number(text);
}
