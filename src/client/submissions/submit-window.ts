import type { SchedulerLike, Subscription } from 'rxjs';
import { CreditWindow, type CreditLoad } from '../../protocol/flow/credit-window';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { CreditChange } from '../../protocol/flow/flow';
import type { SessionOpenAckMetadata } from '../../wire/messages/session-open';
import type { ConnectionCredit } from '../link/connection-credit';
import type { InFlight } from './in-flight';
import type { Submission } from './submission';

/** Whether a session may submit now, by its credit; where that is a matter of time, it says when it may. */
export class SubmitWindow {
  private window: CreditWindow;
  private retry: Subscription | undefined;

  constructor(
    private readonly inFlight: InFlight,
    private readonly scheduler: SchedulerLike,
    /** What waits may be sent by now. */
    private readonly due: () => void,
    ack: SessionOpenAckMetadata,
    credit: ConnectionCredit,
  ) {
    this.window = this.windowOf(ack, credit);
  }

  /** Operations that may be in flight. */
  get credit(): number {
    return this.window.credit;
  }

  /** The session was resumed, over a connection with this credit. */
  renew(ack: SessionOpenAckMetadata, credit: ConnectionCredit): void {
    this.window = this.windowOf(ack, credit);
  }

  apply(update: CreditChange): void {
    this.window.apply(update, this.scheduler.now());
  }

  endOperation(frameId: number): void {
    this.window.endOperation(frameId);
  }

  admits({ metadata }: Submission, connection: ConnectionCredit): boolean {
    const { inFlight } = this;
    const now = this.window.isTimed ? this.scheduler.now() : 0;
    const load: CreditLoad = { inFlight: inFlight.counted, connectionInFlight: connection.inFlight, now };
    const named = metadata.dependencyFrameId || metadata.retryOfFrame;
    const decision = this.window.decide(
      named === 0
        ? load
        : { ...load, dependsOn: { operationId: named, inFlight: inFlight.dependants(named) } },
    );
    if (decision.kind === 'may-submit') return true;
    if (decision.reason === 'retry-after') this.retryIn(decision.retryAt - now);
    return false;
  }

  /** Nothing is sent for the time being. */
  stop(): void {
    this.retry?.unsubscribe();
  }

  private windowOf(ack: SessionOpenAckMetadata, { scope }: ConnectionCredit): CreditWindow {
    return new CreditWindow({ ack, connection: scope, operations: this.inFlight });
  }

  private retryIn(delayMs: number): void {
    this.retry?.unsubscribe();
    this.retry = scheduleIn(this.scheduler, delayMs, this.due);
  }
}
