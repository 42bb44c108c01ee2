import { FlowScope } from '../../wire/messages/flow-update';
import { PriorityClass, type SessionOpenAckMetadata } from '../../wire/messages/session-open';
import { CreditScope, type HoldReason } from './credit-scope';
import type { EpochOrder } from './credit-epoch';
import type { CreditChange } from './flow';

export interface CreditWindowOptions {
  /** The ack that opened or resumed the session: its grant, its limit and its priority. */
  readonly ack: Pick<
    SessionOpenAckMetadata,
    'grantedOperationCredit' | 'maxInFlightOperations' | 'acceptedPriorityClass'
  >;
  /** The connection's credit, one for all of its sessions. Default: one of its own, without limit. */
  readonly connection?: CreditScope;
  /** The operations in flight, by id: updates for any other are ignored, so that none is kept in vain. */
  readonly operations: { has(operationId: number): boolean };
}

/** The operations in flight when a client asks whether it may submit. */
export interface CreditLoad {
  /** Operations of the session that are in flight. */
  readonly inFlight: number;
  /** Operations of all of the connection's sessions that are in flight. Default: `inFlight`. */
  readonly connectionInFlight?: number;
  /** Milliseconds, of the clock that `apply` is given. */
  readonly now: number;
  /** The operation that the submit depends on or retries, where it names one. */
  readonly dependsOn?: { readonly operationId: number; readonly inFlight: number };
}

/** The outcome of an update; `unknown-operation`: it concerns no operation in flight. */
export type FlowOutcome = EpochOrder | 'unknown-operation';

/** Whether a client may submit; if not, which scope holds it back, why and, for `retry-after`, until when. */
export type CreditDecision =
  | { readonly kind: 'may-submit' }
  | { readonly kind: 'held'; readonly scope: FlowScope; readonly reason: Exclude<HoldReason, 'retry-after'> }
  | {
      readonly kind: 'held';
      readonly scope: FlowScope;
      readonly reason: 'retry-after';
      readonly retryAt: number;
    };

const MAY_SUBMIT: CreditDecision = Object.freeze({ kind: 'may-submit' });

/**
 * How much a client may submit on a session: the lowest of what its connection, the session and, for
 * a submit that names another operation, that operation allow; see {@link CreditScope} for what a
 * FLOW_UPDATE means in each.
 *
 * The session's window is `grantedOperationCredit` at first and never above `maxInFlightOperations`.
 * The credit of an operation is how many that depend on it may be in flight.
 *
 * A resumed session has a new ack, and so a new window. The window counts nothing: the client says
 * what is in flight.
 *
 * @example
 * const window = new CreditWindow({ ack, operations: inFlight });
 * window.apply(flowUpdate, now);
 * if (window.canSubmit({ inFlight: inFlight.size, now })) send(submit);
 */
export class CreditWindow {
  readonly #connection: CreditScope;
  readonly #session: CreditScope;
  readonly #byOperation = new Map<number, CreditScope>();
  readonly #operations: CreditWindowOptions['operations'];
  readonly #maxInFlight: number;
  readonly #isBackground: boolean;

  constructor({ ack, connection = new CreditScope(), operations }: CreditWindowOptions) {
    this.#connection = connection;
    this.#session = new CreditScope({ credit: ack.grantedOperationCredit });
    this.#operations = operations;
    this.#maxInFlight = ack.maxInFlightOperations;
    this.#isBackground = ack.acceptedPriorityClass === PriorityClass.Background;
  }

  /** Operations of the session that may be in flight at once, its own scope alone. */
  get credit(): number {
    return Math.min(this.#session.credit, this.#maxInFlight);
  }

  /** Whether anything waits for a time to come; where not, `now` may be any. */
  get isTimed(): boolean {
    return this.#connection.isTimed || this.#session.isTimed || this.#byOperation.size > 0;
  }

  /** How many operations have credit of their own: what the window costs beyond its fixed size. */
  get operationCount(): number {
    return this.#byOperation.size;
  }

  /** Applies an update of any scope, received at the time `now`; its routing is checked already. */
  apply(update: CreditChange, now: number): FlowOutcome {
    switch (update.scopeKind) {
      case FlowScope.Connection:
        return this.#connection.apply(update, now);
      case FlowScope.Session:
        return this.#session.apply(update, now);
      case FlowScope.Operation: {
        const operationId = Number(update.operationId);
        if (!this.#operations.has(operationId)) return 'unknown-operation';
        let scope = this.#byOperation.get(operationId);
        if (scope === undefined) {
          scope = new CreditScope();
          this.#byOperation.set(operationId, scope);
        }
        return scope.apply(update, now);
      }
    }
  }

  /** Forgets the credit of an operation that ended. To be called for every operation. */
  endOperation(operationId: number): void {
    if (this.#byOperation.size > 0) this.#byOperation.delete(operationId);
  }

  canSubmit(load: CreditLoad): boolean {
    return this.decide(load) === MAY_SUBMIT;
  }

  /** {@link canSubmit} with the reason. */
  decide({ inFlight, connectionInFlight = inFlight, now, dependsOn }: CreditLoad): CreditDecision {
    const isBackground = this.#isBackground;
    const connection = this.#connection;
    const byConnection = connection.hold({ inFlight: connectionInFlight, isBackground, now });
    if (byConnection !== undefined) return held(FlowScope.Connection, byConnection, connection);
    const bySession = this.#session.hold({ inFlight, isBackground, now });
    if (bySession !== undefined) return held(FlowScope.Session, bySession, this.#session);
    if (inFlight >= this.#maxInFlight) return held(FlowScope.Session, 'no-credit', this.#session);
    if (dependsOn === undefined) return MAY_SUBMIT;
    const scope = this.#byOperation.get(dependsOn.operationId);
    const byOperation = scope?.hold({ inFlight: dependsOn.inFlight, isBackground, now });
    if (scope === undefined || byOperation === undefined) return MAY_SUBMIT;
    return held(FlowScope.Operation, byOperation, scope);
  }
}

function held(scope: FlowScope, reason: HoldReason, { retryAt }: CreditScope): CreditDecision {
  return reason === 'retry-after'
    ? { kind: 'held', scope, reason, retryAt }
    : { kind: 'held', scope, reason };
}
