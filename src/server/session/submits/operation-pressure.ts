import type { Observer, Subscriber } from 'rxjs';

/**
 * Tells one who asks whether an operation's answer is to wait: for a client that does not take the session's
 * results as fast as they come, or that holds this operation.
 */
export class OperationPressure implements Observer<boolean> {
  private isSessions = false;
  private told: boolean | undefined;

  constructor(
    private isHeld: boolean,
    private readonly subscriber: Subscriber<boolean>,
  ) {}

  /** The session's pressure. */
  next(pressure: boolean): void {
    this.isSessions = pressure;
    this.tell();
  }

  error(error: unknown): void {
    this.subscriber.error(error);
  }

  /** The operation is over, or its session: nothing waits any more. */
  complete(): void {
    this.isSessions = false;
    this.isHeld = false;
    this.tell();
    this.subscriber.complete();
  }

  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
    this.tell();
  }

  private tell(): void {
    const pressure = this.isSessions || this.isHeld;
    if (pressure === this.told) return;
    this.told = pressure;
    this.subscriber.next(pressure);
  }
}
