import { SlotShare, type SlotPool } from '../../limits/slot-pool';
import type { QueueLimits } from '../../options';
import type { ReceivedSubmit } from './submit';

/** Whom submits are delivered to. */
export interface AdmissionTarget {
  /** Whether anybody listens for submits. */
  isReady(): boolean;
  deliver(submit: ReceivedSubmit): void;
}

/**
 * Who may work: at most `maxInFlight` submits of the session are with the application, and as many of all
 * sessions of the connection as its pool has slots; a bounded queue waits behind them, and what does not fit
 * is refused.
 *
 *   offer ──▶ queue ──▶ in flight ──▶ ended
 *     │         │            (a slot is free and somebody listens)
 *     ▼         ▼
 *  refused   withdrawn (cancelled before it started)
 */
export class Admission extends SlotShare {
  /** Insertion order is arrival order, and a submit cancelled while it waits leaves in O(1). */
  private queue: Map<number, ReceivedSubmit> | undefined;
  private queuedBytes = 0;
  private inFlight = 0;
  private starting = false;
  /** Operations that have ended and whose handlers go on: each keeps its slot. */
  private kept = 0;

  constructor(
    private readonly maxInFlight: number,
    private readonly limits: QueueLimits,
    private readonly target: AdmissionTarget,
    pool?: SlotPool,
  ) {
    super(pool);
  }

  get inFlightCount(): number {
    return this.inFlight;
  }

  /** Slots that are taken, by what is in flight or by what has outlived its operation. */
  override get takenCount(): number {
    return this.inFlight + this.kept;
  }

  /** Slots of operations that have ended. */
  get keptCount(): number {
    return this.kept;
  }

  get queuedCount(): number {
    return this.queue?.size ?? 0;
  }

  /** Bytes of the bodies that wait. */
  get waitingBytes(): number {
    return this.queuedBytes;
  }

  /** Takes a submit in, or says that there is no room. */
  offer(submit: ReceivedSubmit): 'admitted' | 'refused' {
    if (this.queuedCount === 0 && this.hasSlot()) {
      this.start(submit);
      return 'admitted';
    }
    const { maxSubmits, maxBytes } = this.limits;
    if (this.queuedCount >= maxSubmits || this.queuedBytes + submit.body.length > maxBytes) return 'refused';
    submit.keepBytes();
    (this.queue ??= new Map()).set(submit.frameId, submit);
    this.queuedBytes += submit.body.length;
    return 'admitted';
  }

  /** Takes a submit out that has ended, in flight or waiting; its slot stays empty until `startNext`. */
  take(submit: ReceivedSubmit): void {
    if (!this.withdraw(submit)) this.inFlight -= 1;
  }

  /** Starts what waits, as far as slots and listeners allow. */
  override startNext(): void {
    this.settle();
    // An application that answers at once comes back here: the loop that runs already serves it too.
    if (this.starting) return;
    this.starting = true;
    try {
      while (this.queue !== undefined && this.queue.size > 0 && this.hasSlot()) {
        const [next] = this.queue.values();
        if (next === undefined) return;
        this.withdraw(next);
        this.start(next);
      }
    } finally {
      this.starting = false;
    }
  }

  /** An operation that has ended keeps its slot; `freeSlot` gives it back. */
  keepSlot(): void {
    this.kept += 1;
  }

  freeSlot(): void {
    this.kept -= 1;
  }

  /** Takes every submit out of the queue without starting it. */
  clearQueue(): ReceivedSubmit[] {
    const waiting = this.queue === undefined ? [] : [...this.queue.values()];
    this.queue = undefined;
    this.queuedBytes = 0;
    return waiting;
  }

  private hasSlot(): boolean {
    return this.takenCount < this.maxInFlight && this.target.isReady() && this.admits();
  }

  private start(submit: ReceivedSubmit): void {
    this.inFlight += 1;
    this.settle();
    this.target.deliver(submit);
  }

  /** Takes a submit out of the queue; false where it does not wait. */
  private withdraw(submit: ReceivedSubmit): boolean {
    if (this.queue?.delete(submit.frameId) !== true) return false;
    this.queuedBytes -= submit.body.length;
    return true;
  }
}
