import { CreditEpoch } from '../../protocol/flow/credit-epoch';
import {
  BackpressureLevel,
  FlowFlag,
  FlowScope,
  FlowUpdateMetadata,
  FlowUpdateReason,
} from '../../wire/messages/flow-update';
import type { SessionOutlet } from './results/session-outlet';
import type { SessionSender } from './results/session-sender';
import type { CreditTarget } from './session-terms';

/** The fields that it is told. */
export interface CreditFields {
  readonly reason: FlowUpdateReason;
  readonly level: BackpressureLevel;
  /** Operations that may be in flight. */
  readonly credit: number;
}

/**
 * Tells a client of its credit, as the application says, or because the client did not keep to it. Each scope
 * has its own epoch (protocol section 5).
 *
 *            a submit without room                    nothing waits any more
 *   granted ───────────────────────▶ stopped: credit 0 ─────────────────────▶ granted
 *      ▲                                │
 *      └──────────── resume ────────────┘
 */
export class SessionCredit {
  private sessionEpoch: CreditEpoch | undefined;
  /** Of all operations: one for each would have to be forgotten with it, and newer is all that it has to be. */
  private operationEpoch: CreditEpoch | undefined;
  private wasStopped = false;
  private told: number | undefined;

  constructor(
    /** The client's grant. */
    private readonly granted: number,
    private readonly outlet: SessionOutlet,
    private readonly sender: SessionSender,
  ) {}

  /** Whether the client was told to submit nothing, and waits to hear that it may. */
  get isStopped(): boolean {
    return this.wasStopped;
  }

  /** Operations that the client may have in flight, whether it is stopped for now or not. */
  get allowed(): number {
    return this.told ?? this.granted;
  }

  /** Tells how many operations may be in flight; nothing while the client is away. */
  tell(target: CreditTarget, { reason, level, credit }: CreditFields): void {
    const { current } = this.outlet;
    if (current === undefined) return;
    const { scope } = target;
    if (scope === FlowScope.Session && level === BackpressureLevel.None) this.told = credit;
    const epoch = this.epochOf(scope, current.creditEpoch);
    this.sender.flowUpdate(
      FlowUpdateMetadata.of({
        scopeKind: scope,
        updateReason: reason,
        backpressureLevel: level,
        connectionCredit: scope === FlowScope.Connection ? credit : 0,
        sessionCredit: scope === FlowScope.Session ? credit : 0,
        operationCredit: scope === FlowScope.Operation ? credit : 0,
        operationId: scope === FlowScope.Operation ? BigInt(target.frameId) : 0n,
        creditEpoch: epoch.upcoming,
        flowFlags: FlowFlag.CreditValid,
      }),
    );
    epoch.next();
  }

  /** A submit came for which there is no room: told once, until there is again. */
  stop(): void {
    if (this.wasStopped) return;
    this.wasStopped = true;
    const { Congestion } = FlowUpdateReason;
    this.tell({ scope: FlowScope.Session }, { reason: Congestion, level: BackpressureLevel.Hard, credit: 0 });
  }

  /** There is room again. */
  restore(): void {
    this.wasStopped = false;
    const { Grant } = FlowUpdateReason;
    const fields = { reason: Grant, level: BackpressureLevel.None, credit: this.granted };
    this.tell({ scope: FlowScope.Session }, fields);
  }

  /** The ack of a resume gave the client new credit: it is stopped no more. */
  renewed(): void {
    this.wasStopped = false;
    this.told = undefined;
  }

  private epochOf(scope: FlowScope, ofConnection: CreditEpoch): CreditEpoch {
    switch (scope) {
      case FlowScope.Connection:
        return ofConnection;
      case FlowScope.Session:
        return (this.sessionEpoch ??= new CreditEpoch());
      case FlowScope.Operation:
        return (this.operationEpoch ??= new CreditEpoch());
    }
  }
}
