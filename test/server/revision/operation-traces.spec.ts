import { CancelScope, isTerminalState, OperationState } from '../../../src/protocol/operation/operation';
import { endServed } from '../../support/served';
import vectors from '../../vectors/preview4/operations.json';
import { ServedTrace } from './served-trace';

afterEach(endServed);

/** A step that the reference's registry has played, with the kind of its error. */
interface Step {
  readonly do: string;
  readonly error?: string | null;
  readonly session_id?: number;
  readonly operation_id?: string;
  readonly to?: number;
  readonly scope?: number;
  readonly message_type?: string;
  readonly deadline_unix_ms?: string;
  readonly flags?: number;
  readonly expired?: boolean | null;
  readonly operations?: Readonly<Record<string, { readonly state: number }>>;
}

const traces = vectors.cases as readonly (readonly Step[])[];

const State = OperationState;
/** Of a step that neither a client nor an application can take. */
const NOBODY = Symbol('nobody');

/** What a client hears of an operation that ends so. */
const END: Readonly<Partial<Record<OperationState, readonly string[]>>> = {
  [State.Superseded]: ['RESULT_DROP_REASON Superseded', 'RESULT_DROP_REASON DeadlineExpired'],
  [State.Cancelled]: ['RESULT_DROP_REASON PeerCancelled'],
  // The application's drop, or the client's ABORT.
  [State.Failed]: ['RESULT_DROP', 'RESULT_DROP_REASON PeerCancelled'],
  [State.Completed]: ['RESULT_PUSH'],
};

/** Operations that the registry has as accepted; a server that has room starts them at once. */
type NotStarted = Set<number>;

/** Plays a step at the server by whoever would take it; the kind of the fault that was found, if any. */
function play(served: ServedTrace, step: Step, notStarted: NotStarted): unknown {
  const id = Number(step.operation_id);
  const by = step.session_id!;
  switch (step.do) {
    case 'register':
      // Names are a session's own: one that is taken is taken where it is.
      return served.submit(served.sessionOf(id) ?? by, id);
    case 'transition':
      if (notStarted.has(id) && (step.error !== null || step.to === State.Running)) return NOBODY;
      return step.to === State.Accepted ? NOBODY : served.move(id, step.to as OperationState);
    case 'complete':
      return served.move(id, State.Completed);
    case 'abort':
      return served.abort(served.sessionOf(id) ?? 42, id);
    case 'cancel':
      return cancel(served, by, id, step.scope as CancelScope);
    case 'schedule':
      return schedule(served, step);
    case 'expire_if_stale':
      return step.expired === true ? served.expire(id) : NOBODY;
    default:
      throw new Error(`a trace has a step that is unknown here: ${step.do}`);
  }
}

function cancel(served: ServedTrace, by: number, id: number, scope: CancelScope): unknown {
  if (scope === CancelScope.Operation) return served.cancel(by, id);
  // Of a session the client names no operation.
  if (scope === CancelScope.Session && served.sessionOf(id) === by) return served.cancelAll(by);
  return served.cancelFrom(by, id, scope);
}

function schedule(served: ServedTrace, step: Step): unknown {
  const { message_type: messageType, deadline_unix_ms: deadline, flags } = step;
  // No message of that name has this record.
  if (messageType === 'Cancel') return NOBODY;
  const fields = { deadlineUnixMs: BigInt(deadline!), flags: flags! };
  return served.schedule(step.session_id!, Number(step.operation_id), messageType as 'Deadline', fields);
}

/** The kind of the fault that a server finds: the registry's, but for what a server knows less, or other, of. */
function expected(served: ServedTrace, step: Step): string | null | undefined {
  const id = Number(step.operation_id);
  const owner = served.sessionOf(id);
  switch (step.do) {
    case 'schedule':
      // Of whatever operation, it is advice; only an instant of none is broken.
      return step.message_type !== 'PriorityUpdate' && step.deadline_unix_ms === '0'
        ? 'InvalidProtocolCombination'
        : null;
    case 'cancel':
      // No session knows of another's operations.
      if (owner !== undefined && owner !== step.session_id) return 'UnknownOperation';
      return served.hasEnded(id) ? null : step.error;
    case 'abort':
      // It has crossed with the operation's end.
      return served.hasEnded(id) ? null : step.error;
    case 'transition':
    case 'complete':
      // What has ended is forgotten, but for its id.
      return served.hasEnded(id) ? 'UnknownOperation' : step.error;
    default:
      return step.error;
  }
}

describe('what the reference of preview4 says of 200 traces, of a server', () => {
  it('has all of them', () => {
    expect(traces).toHaveLength(200);
    expect(traces.flat()).toHaveLength(3527);
  });

  it.each(traces.map((trace, index) => [index, trace] as const))('trace %i', async (_, trace) => {
    const served = await ServedTrace.begin();
    const notStarted: NotStarted = new Set();
    for (const [index, step] of trace.slice(0, -1).entries()) {
      const wanted = expected(served, step);
      const fault = await play(served, step, notStarted);
      if (fault !== NOBODY) expect({ index, fault }).toEqual({ index, fault: wanted });
      const id = Number(step.operation_id);
      if (step.error === null && step.do === 'register') notStarted.add(id);
      if (step.error === null && step.do === 'transition') notStarted.delete(id);
    }
    await served.hearAll();
    for (const [name, { state }] of Object.entries(trace.at(-1)!.operations!)) {
      const ends = served.endsOf(Number(name));
      if (isTerminalState(state as OperationState)) {
        expect(ends).toHaveLength(1);
        expect(END[state as OperationState]).toContain(ends[0]);
      } else {
        expect(ends).toEqual([]);
        expect(served.stateOf(Number(name))).toBe(state === State.Accepted ? State.Running : state);
      }
    }
  });
});
