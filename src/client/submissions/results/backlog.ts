import type { SchedulerLike, Subscription } from 'rxjs';
import { scheduleIn } from '../../../transport/time/schedule-in';
import { OperationError } from '../../errors';
import type { FlowUpdates } from '../../session/messages/flow-update';
import type { SessionCarrier } from '../../session/session-carrier';
import type { Submission } from '../submission';
import type { Submissions } from '../submissions';

/** Bounds of what waits at a session, and of how long. */
export interface BacklogSettings {
  readonly scheduler: SchedulerLike;
  /** Bytes that may wait. */
  readonly maxBufferedBytes: number;
  /** Milliseconds; undefined for the default, which depends on who else has to wait meanwhile. */
  readonly slowConsumerMs: number | undefined;
}

/** Results of one answer that wait. */
export interface AnswerQueue {
  /** The submit, once it is made. */
  readonly submission: Submission | undefined;
  /** The backlog's to count, as is the rest. */
  waitingBytes: number;
  /** Where more comes than is taken. */
  stop: Stop | undefined;
  /** Whether the server was ever asked to hold the operation. */
  wasHeld: boolean;
  /** Ends with an error in the place of all that waits. */
  fail(error: Error): void;
}

/** An answer of which more comes than is taken. */
export interface Stop {
  /** When it was stopped; milliseconds, here and below. */
  readonly since: number;
  /** When its consumer last took a result. */
  stillSince: number;
  /** When it may go on, where it could already. */
  release: Subscription | undefined;
}

/** How the server can be made to wait: `operation` by operation, or all that comes over the `transport`. */
export type Holding = 'operation' | 'transport';

/**
 * What is still on its way when a server is asked to hold an operation is read; past so many times of what
 * may wait, it does not do as it was asked. (With n slow loops, 1 + ln n times as much may wait.)
 */
const EXCESS = 8;
/** What may lie in sockets and buffers when a server is asked to hold, and has to be read where nothing can be paused. */
const LEAST_UNPAUSED_BYTES = 32 * 1024 * 1024;
/** The transport goes on as soon as there is some room, so that a server sees a peer that reads. */
const RESUME_READING_AT = 7 / 8;
/** Milliseconds that an operation is held at least, for each that is: a server takes no flood of FLOW_UPDATEs. */
const MIN_HOLD_MS = 20;
const SLOW_CONSUMER_MS = 30_000;
/** A server takes 1,000 FLOW_UPDATEs at once and 500 a second (`limits.flowUpdates`); half of that is told again. */
const RETOLD_AT_ONCE = 250;
const RETELL_MS = 1000;

/**
 * The results of a session that wait for those who pull them, with a bound for all together. Past it an
 * answer may have its share, and no more comes until its consumer has taken half of that.
 *
 *   flowing ──past the bound, and past its share──▶ stopped ──half of its share──▶ flowing
 *                                                      │
 *                                                      └─ nothing taken for slowConsumerMs ─▶ given up
 *
 * A transport that cannot be paused is read on; where its server does not hold operations, an answer that is far past
 * the bound is given up at once.
 */
export class Backlog {
  private total = 0;
  private readonly queues = new Set<AnswerQueue>();
  /** Of those, how many have results that wait. */
  private waitingCount = 0;
  private stoppedCount = 0;
  /** Since when nothing more is read, in milliseconds. */
  private pausedAt: number | undefined;
  private watch: Subscription | undefined;
  /** Words that the server of a new connection has not been told yet. */
  private retelling: Subscription | undefined;

  constructor(
    private readonly carrier: SessionCarrier,
    private readonly submissions: Submissions,
    private readonly holds: FlowUpdates,
    private readonly settings: BacklogSettings,
    private holding: Holding,
  ) {}

  /** Bytes that wait. */
  get byteLength(): number {
    return this.total;
  }

  add(queue: AnswerQueue): void {
    this.queues.add(queue);
  }

  /** So many bytes more wait for the consumer of an answer. */
  added(queue: AnswerQueue, bytes: number): void {
    if (queue.waitingBytes === 0) this.waitingCount += 1;
    queue.waitingBytes += bytes;
    this.total += bytes;
    if (this.total > this.settings.maxBufferedBytes) this.restrain(queue);
  }

  /** The consumer of an answer has taken so many. */
  took(queue: AnswerQueue, bytes: number): void {
    queue.waitingBytes -= bytes;
    if (queue.waitingBytes === 0) this.waitingCount -= 1;
    this.total -= bytes;
    if (queue.stop !== undefined) this.drained(queue, queue.stop);
    if (this.pausedAt !== undefined) this.resumeReading();
  }

  /** Nothing of an answer waits any more, whatever has. */
  remove(queue: AnswerQueue): void {
    if (!this.queues.delete(queue)) return;
    if (queue.waitingBytes > 0) this.waitingCount -= 1;
    this.total -= queue.waitingBytes;
    queue.waitingBytes = 0;
    this.letGo(queue);
    if (this.pausedAt !== undefined) this.resumeReading();
  }

  /** The session goes on over another connection, whose server hears again what is held. */
  attached(holding: Holding): void {
    this.holding = holding;
    this.retelling?.unsubscribe();
    if (holding === 'operation')
      this.retell([...this.queues].filter(({ stop, wasHeld }) => stop !== undefined || wasHeld));
    this.pausedAt = undefined;
    if (this.total > this.mostRead) this.stopReading();
    this.watchStopped();
  }

  /** Nothing comes any more; what waits may still be taken. */
  end(): void {
    this.retelling?.unsubscribe();
    for (const queue of this.queues) this.letGo(queue);
    this.watch?.unsubscribe();
    this.pausedAt = undefined;
  }

  /** Tells a server what is held, and what is not any more, as fast as it takes. */
  private retell(queues: readonly AnswerQueue[]): void {
    for (const queue of queues.slice(0, RETOLD_AT_ONCE)) {
      if (queue.stop !== undefined) this.holdOperation(queue);
      else if (this.queues.has(queue)) this.holds.release(queue.submission);
    }
    const rest = queues.slice(RETOLD_AT_ONCE);
    if (rest.length === 0) return;
    this.retelling = scheduleIn(this.settings.scheduler, RETELL_MS, () => {
      this.retell(rest);
    });
  }

  /** Bytes past which nothing more is read. */
  private get mostRead(): number {
    const { maxBufferedBytes } = this.settings;
    if (!this.carrier.canHoldReading) return Math.max(EXCESS * maxBufferedBytes, LEAST_UNPAUSED_BYTES);
    return this.holding === 'operation' ? EXCESS * maxBufferedBytes : maxBufferedBytes;
  }

  /** Bytes that each answer may have once all together have too many. */
  private get share(): number {
    return this.settings.maxBufferedBytes / Math.max(1, this.waitingCount);
  }

  private restrain(queue: AnswerQueue): void {
    if (queue.waitingBytes > this.share) this.stop(queue);
    if (this.pausedAt === undefined && this.total > this.mostRead) this.stopReading();
  }

  private stopReading(): void {
    if (this.carrier.canHoldReading) this.pauseReading();
    else this.endHeaviest();
  }

  /** Where nothing can make the server wait, whoever has the most pays. */
  private endHeaviest(): void {
    while (this.total > this.mostRead) {
      const [first, ...others] = this.queues;
      if (first === undefined) return;
      const heaviest = others.reduce(
        (most, each) => (each.waitingBytes > most.waitingBytes ? each : most),
        first,
      );
      this.giveUp(heaviest, 'this transport cannot make the server wait');
    }
  }

  private stop(queue: AnswerQueue): void {
    if (queue.stop !== undefined) return;
    const now = this.settings.scheduler.now();
    queue.stop = { since: now, stillSince: now, release: undefined };
    this.stoppedCount += 1;
    if (this.holding === 'operation') this.holdOperation(queue);
    this.watchStopped();
  }

  private holdOperation(queue: AnswerQueue): void {
    queue.wasHeld = true;
    this.holds.hold(queue.submission);
  }

  private drained(queue: AnswerQueue, stop: Stop): void {
    const { scheduler } = this.settings;
    const now = scheduler.now();
    stop.stillSince = now;
    if (queue.waitingBytes > this.share / 2 || stop.release !== undefined) return;
    const wait = stop.since + MIN_HOLD_MS * this.stoppedCount - now;
    if (wait <= 0) {
      this.goOn(queue);
      return;
    }
    stop.release = scheduleIn(scheduler, wait, () => {
      stop.release = undefined;
      if (queue.waitingBytes <= this.share / 2) this.goOn(queue);
    });
  }

  private goOn(queue: AnswerQueue): void {
    this.letGo(queue);
    if (this.holding === 'operation') this.holds.release(queue.submission);
  }

  private letGo(queue: AnswerQueue): void {
    if (queue.stop === undefined) return;
    queue.stop.release?.unsubscribe();
    queue.stop = undefined;
    this.stoppedCount -= 1;
    if (this.stoppedCount === 0) this.watch?.unsubscribe();
  }

  private pauseReading(): void {
    this.pausedAt = this.settings.scheduler.now();
    this.carrier.holdReading(this);
    // Also answers whose last result has come: nothing else can make room.
    for (const queue of this.queues) if (queue.waitingBytes >= this.share) this.stop(queue);
    this.watchStopped();
  }

  private resumeReading(): void {
    if (this.total > RESUME_READING_AT * this.mostRead) return;
    this.pausedAt = undefined;
    this.carrier.releaseReading(this);
  }

  /** Looks when the first of those who have stopped may have stood still for too long. */
  private watchStopped(): void {
    this.watch?.unsubscribe();
    const { pausedAt, settings } = this;
    const { scheduler, slowConsumerMs = pausedAt === undefined ? Infinity : SLOW_CONSUMER_MS } = settings;
    if (this.stoppedCount === 0 || slowConsumerMs === Infinity) return;
    const now = scheduler.now();
    let next = Infinity;
    for (const queue of this.queues) {
      if (queue.stop === undefined) continue;
      const left = Math.max(queue.stop.stillSince, pausedAt ?? 0) + slowConsumerMs - now;
      if (left > 0) next = Math.min(next, left);
      else this.giveUp(queue, `none was taken for ${slowConsumerMs} ms (slowConsumerMs)`);
    }
    if (next === Infinity) return;
    this.watch = scheduleIn(scheduler, next, () => {
      this.watchStopped();
    });
  }

  private giveUp(queue: AnswerQueue, why: string): void {
    const { sessionId } = this.carrier;
    const { maxBufferedBytes } = this.settings;
    const { submission, waitingBytes } = queue;
    const detail = `${waitingBytes} bytes waited, where all of the session may have ${maxBufferedBytes} (maxBufferedBytes), and ${why}`;
    queue.fail(new OperationError('slow-consumer', sessionId, submission?.frameId ?? 0, { detail }));
    if (submission !== undefined) this.submissions.giveUp(submission);
  }
}
