import { LatestMap } from '../../../protocol/operation/latest-map';
import type { QueueLimits } from '../../options';
import type { Submit } from './submit';

/** Whom submits are delivered to. */
export interface AdmissionTarget {
  /** Whether anybody listens for submits. */
  isReady(): boolean;
  deliver(submit: Submit): void;
}

/**
 * Who may work: at most `maxInFlight` submits are with the application, a bounded queue waits behind
 * them, and what does not fit is refused.
 *
 *   offer ──▶ queue ──▶ in flight ──▶ ended
 *     │         │            (a slot is free and somebody listens)
 *     ▼         ▼
 *  refused   withdrawn (cancelled before it started)
 */
export class Admission {
  /** Insertion order is arrival order, and a submit cancelled while it waits leaves in O(1). */
  private queue: Map<number, Submit> | undefined;
  private queuedBytes = 0;
  private readonly inFlight = new LatestMap<Submit>();
  private starting = false;
  /** Operations that have ended and whose handlers go on: each keeps its slot. */
  private kept = 0;

  constructor(
    private readonly maxInFlight: number,
    private readonly limits: QueueLimits,
    private readonly target: AdmissionTarget,
  ) {}

  get inFlightCount(): number {
    return this.inFlight.size;
  }

  /** Slots that are taken, by what is in flight or by what has outlived its operation. */
  get takenCount(): number {
    return this.inFlight.size + this.kept;
  }

  get queuedCount(): number {
    return this.queue?.size ?? 0;
  }

  /** Bytes of the bodies that wait. */
  get waitingBytes(): number {
    return this.queuedBytes;
  }

  /** The submit of an operation that is with the application. */
  running(frameId: number): Submit | undefined {
    return this.inFlight.get(frameId);
  }

  /** Takes a submit in, or says that there is no room. */
  offer(submit: Submit): 'admitted' | 'refused' {
    if (this.queuedCount === 0 && this.hasSlot()) {
      this.start(submit);
      return 'admitted';
    }
    const { maxSubmits, maxBytes } = this.limits;
    if (this.queuedCount >= maxSubmits || this.queuedBytes + submit.body.length > maxBytes) return 'refused';
    submit.keepBody();
    (this.queue ??= new Map()).set(submit.frameId, submit);
    this.queuedBytes += submit.body.length;
    return 'admitted';
  }

  /** Takes an operation that ended out, running or waiting; its slot stays empty until `startNext`. */
  take(frameId: number): Submit | undefined {
    const submit = this.inFlight.get(frameId);
    if (submit === undefined) return this.withdraw(frameId);
    this.inFlight.delete(frameId);
    return submit;
  }

  /** Starts what waits, as far as slots and listeners allow. */
  startNext(): void {
    // An application that answers at once comes back here: the loop that runs already serves it too.
    if (this.starting) return;
    this.starting = true;
    try {
      while (this.queue !== undefined && this.queue.size > 0 && this.hasSlot()) {
        const [next] = this.queue.values();
        if (next === undefined) return;
        this.withdraw(next.frameId);
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
  clearQueue(): Submit[] {
    const waiting = this.queue === undefined ? [] : [...this.queue.values()];
    this.queue = undefined;
    this.queuedBytes = 0;
    return waiting;
  }

  /** Takes everything out, running and waiting. */
  clear(): Submit[] {
    const running = [...this.inFlight.values()];
    this.inFlight.clear();
    return [...running, ...this.clearQueue()];
  }

  private hasSlot(): boolean {
    return this.takenCount < this.maxInFlight && this.target.isReady();
  }

  private start(submit: Submit): void {
    this.inFlight.add(submit.frameId, submit);
    this.target.deliver(submit);
  }

  private withdraw(frameId: number): Submit | undefined {
    const submit = this.queue?.get(frameId);
    if (submit === undefined) return undefined;
    this.queue?.delete(frameId);
    this.queuedBytes -= submit.body.length;
    return submit;
  }
}
