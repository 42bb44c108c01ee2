import { isTerminalState, OperationState } from '../../../src/protocol/operation/operation';
import { OperationRegistry } from '../../../src/protocol/operation/operation-registry';
import { SchedulingFlag } from '../../../src/wire/preview4/control/scheduling';
import vectors from '../../vectors/preview4/operations.json';
import { kindOf } from '../support';
import { snapshot } from './support';
import { play, type Step } from './traces';

interface TraceStep extends Step {
  readonly message_type?: string;
  readonly deadline_unix_ms?: string;
  readonly flags?: number;
  readonly now_unix_ms?: string;
  readonly expired?: boolean | null;
  readonly operations?: Readonly<Record<string, { readonly state: number }>>;
}

const traces = vectors.cases as readonly (readonly TraceStep[])[];

/** What is scheduled of an operation, which the reference's registry keeps and this one does not. */
interface Scheduled {
  readonly expireAt: bigint;
  readonly flags: number;
}

/** The registry, and beside it what the trace schedules: the server's own timers do that. */
class Replay {
  readonly registry = new OperationRegistry();
  private readonly scheduled = new Map<number, Scheduled>();

  play(step: TraceStep): string | null {
    const { registry } = this;
    const operationId = Number(step.operation_id);
    switch (step.do) {
      case 'complete':
        return kindOf(() => {
          if (registry.state(operationId) === OperationState.Accepted)
            registry.transition(operationId, OperationState.Running);
          registry.transition(operationId, OperationState.Completed);
        });
      case 'abort':
        return kindOf(() => registry.transition(operationId, OperationState.Failed));
      case 'schedule':
        return this.schedule(operationId, step);
      case 'expire_if_stale':
        return this.expire(operationId, step);
      default:
        return play(registry, step);
    }
  }

  private schedule(operationId: number, step: TraceStep): string | null {
    const operation = this.registry.get(operationId);
    if (operation === undefined) return 'UnknownOperation';
    if (operation.sessionId !== step.session_id) return 'InvalidOperationRelationship';
    if (isTerminalState(operation.state)) return 'InvalidOperationTransition';
    // That is not for later.
    if (step.message_type === 'Cancel') return 'InvalidProtocolCombination';
    if (step.message_type === 'ExpireAt')
      this.scheduled.set(operationId, { expireAt: BigInt(step.deadline_unix_ms!), flags: step.flags! });
    return null;
  }

  private expire(operationId: number, step: TraceStep): string | null {
    const operation = this.registry.get(operationId);
    if (operation === undefined) return 'UnknownOperation';
    const { expireAt, flags } = this.scheduled.get(operationId) ?? { expireAt: 0n, flags: 0 };
    const isStale = expireAt !== 0n && BigInt(step.now_unix_ms!) >= expireAt;
    const expires =
      isStale && (flags & SchedulingFlag.DiscardStale) !== 0 && !isTerminalState(operation.state);
    expect(expires).toBe(step.expired);
    if (expires) this.registry.transition(operationId, OperationState.Superseded);
    return null;
  }
}

describe('what the reference of preview4 says of 200 traces', () => {
  it.each(traces.map((trace, index) => [index, trace] as const))('trace %i', (_, trace) => {
    const replay = new Replay();
    for (const [index, step] of trace.entries()) {
      if (step.do === 'snapshot') {
        const states = Object.entries(step.operations!).map(([name, { state }]) => [name, state] as const);
        expect(snapshot(replay.registry)).toEqual(Object.fromEntries(states));
      } else {
        expect({ index, error: replay.play(step) }).toEqual({ index, error: step.error });
      }
    }
  });
});
