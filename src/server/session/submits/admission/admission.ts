import type { SlotPool, SlotWaiter } from '../../../limits/slot-pool';
import type { QueueLimits } from '../../../options';
import type { SessionStreams } from '../../session-streams';
import type { ReceivedSubmit } from '../submit';

/**
 * Who may work: at most `maxInFlight` submits of the session are with the application, and as many of all
 * sessions of the connection as its pool has slots; a bounded queue waits behind them, and what does not fit
 * is refused. It says what is to become of a submit, and whoever asks does that.
 *
 *   offer ──▶ wait ──▶ start ──▶ ended ──▶ left
 *     │         │        │                 (all have heard of it, and may have kept its slot)
 *     ▼         ▼        (a slot is free and somebody listens)
 *   refuse   withdrawn (cancelled before it started)
 */
export class Admission {
  /** Insertion order is arrival order, and a submit cancelled while it waits leaves in O(1). */
  private queue: Map<number, ReceivedSubmit> | undefined;
  /** Whether some may go before others that came before them. */
  private isRanked = false;
  private queuedBytes = 0;
  private inFlight = 0;
  /** Operations that have ended, of which not all have heard: whether anybody keeps the slot is not known yet. */
  private leaving = 0;
  /** Operations that have ended and whose handlers go on: each keeps its slot. */
  private kept = 0;
  /** Operations that wait for a tool: they run, and take no slot. */
  private parked = 0;
  /** Slots that the pool knows of. */
  private counted = 0;

  constructor(
    private readonly maxInFlight: number,
    private readonly limits: QueueLimits,
    private readonly streams: Pick<SessionStreams, 'isWatched'>,
    /** Woken when others have given slots back. */
    private readonly waiter: SlotWaiter,
    /** Of the connection that carries the session; undefined while it is away. */
    private pool?: SlotPool,
  ) {}

  get inFlightCount(): number {
    return this.inFlight;
  }

  /** Operations in flight that count: those that wait for a tool do not. */
  get countedCount(): number {
    return this.inFlight - this.parked;
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

  /** Takes a submit in, to start at once or to wait, or says that there is no room. */
  offer(submit: ReceivedSubmit): 'start' | 'wait' | 'refuse' {
    if (this.queuedCount === 0 && this.hasSlot()) {
      this.start();
      return 'start';
    }
    const { maxSubmits, maxBytes } = this.limits;
    if (this.queuedCount >= maxSubmits || this.queuedBytes + submit.body.length > maxBytes) return 'refuse';
    return this.wait(submit);
  }

  /** Has a submit wait, whatever the limits: one that ran already, at a node that is gone. */
  wait(submit: ReceivedSubmit): 'wait' {
    submit.keepBytes();
    (this.queue ??= new Map()).set(submit.frameId, submit);
    if (submit.scheduled !== undefined) this.ranked();
    this.queuedBytes += submit.body.length;
    return 'wait';
  }

  /** The next that waits, to be started now, as far as slots and listeners allow. */
  next(): ReceivedSubmit | undefined {
    this.settle();
    if (this.queue === undefined || this.queue.size === 0 || !this.hasSlot()) return undefined;
    const next = this.first(this.queue);
    if (next === undefined) return undefined;
    this.withdraw(next);
    this.start();
    return next;
  }

  /** Some that wait may have ranks. */
  ranked(): void {
    this.isRanked = this.queuedCount > 0;
  }

  /** Takes a submit out that has ended, in flight or waiting; its slot is nobody else's until it has `left`. */
  take(submit: ReceivedSubmit): void {
    if (this.withdraw(submit)) return;
    this.unpark(submit);
    this.inFlight -= 1;
    this.leaving += 1;
    submit.isLeaving = true;
  }

  /** All have heard that a submit has ended; its slot stays empty until `next`. */
  left(submit: ReceivedSubmit): void {
    if (!submit.isLeaving) return;
    submit.isLeaving = false;
    this.leaving -= 1;
  }

  /** An operation waits for a tool: its slot is for others meanwhile. */
  park(submit: ReceivedSubmit): void {
    if (submit.isParked) return;
    submit.isParked = true;
    this.parked += 1;
  }

  /** It goes on, also where others have all slots: who they are is bounded by how many may wait for tools. */
  unpark(submit: ReceivedSubmit): void {
    if (!submit.isParked) return;
    submit.isParked = false;
    this.parked -= 1;
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

  /** Another connection carries the session, or none. */
  moveTo(pool: SlotPool | undefined): void {
    const { pool: old, counted } = this;
    this.pool = pool;
    pool?.change(counted);
    old?.forget(this.waiter);
    old?.change(-counted);
  }

  private first(queue: Map<number, ReceivedSubmit>): ReceivedSubmit | undefined {
    const [oldest] = queue.values();
    if (!this.isRanked) return oldest;
    this.isRanked = queue.size > 1;
    let first = oldest;
    for (const submit of queue.values()) if (rankOf(submit) < rankOf(first)) first = submit;
    return first;
  }

  /** Slots that are not free. */
  private get taken(): number {
    return this.countedCount + this.leaving + this.kept;
  }

  private hasSlot(): boolean {
    return (
      this.taken < this.maxInFlight &&
      this.streams.isWatched('submits') &&
      (this.pool === undefined || this.pool.admits(this.waiter))
    );
  }

  private start(): void {
    this.inFlight += 1;
    this.settle();
  }

  /** Tells the pool of slots that were taken or given back: others may have those. */
  private settle(): void {
    const by = this.taken - this.counted;
    if (by === 0) return;
    this.counted += by;
    this.pool?.change(by);
  }

  /** Takes a submit out of the queue; false where it does not wait. */
  private withdraw(submit: ReceivedSubmit): boolean {
    if (this.queue?.delete(submit.frameId) !== true) return false;
    this.queuedBytes -= submit.body.length;
    return true;
  }
}

function rankOf(submit: ReceivedSubmit | undefined): number {
  return submit?.scheduled?.rank ?? 0;
}
