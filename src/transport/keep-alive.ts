import type { SchedulerLike, Subscription, Unsubscribable } from 'rxjs';
import { timerMs } from '../protocol/timer';
import type { Transport } from './transport';

/**
 * A peer that says nothing for `idleMs` is asked for a sign of life, and gone if it gives none in
 * `timeoutMs`.
 */
export interface KeepAlive {
  /** Milliseconds, 0 for never. Default 15,000. */
  readonly idleMs: number;
  /** Milliseconds. Default 10,000. */
  readonly timeoutMs: number;
}

export const DEFAULT_KEEP_ALIVE: KeepAlive = { idleMs: 15_000, timeoutMs: 10_000 };

/** The peer whose life is watched. */
export interface WatchedPeer {
  /** When it was last heard, in milliseconds. */
  readonly lastHeard: number;
  /** Asks it for a sign of life, if it is one that can be asked; false where not. */
  ask(): boolean;
  /** It is gone without a word. */
  gone(): void;
}

/** When the peer of a transport was last heard; the clock is looked at once a read. */
export class LastHeard {
  private read: number | undefined;
  private heardAt: number;

  constructor(
    private readonly transport: Pick<Transport, 'reads'>,
    private readonly scheduler: SchedulerLike,
  ) {
    this.heardAt = scheduler.now();
  }

  /** In milliseconds. */
  get at(): number {
    return this.heardAt;
  }

  /** A packet has come: now, or with the read that has brought the one before. */
  packet(): void {
    const { reads } = this.transport;
    if (reads !== undefined && reads === this.read) return;
    this.read = reads;
    this.now();
  }

  /** A sign of life that was no packet. */
  now(): void {
    this.heardAt = this.scheduler.now();
  }
}

/**
 * Notices a peer that is gone without a word, where it is one that can be asked. Unsubscribe to stop.
 *
 *   heard ──idleMs──▶ asked ──timeoutMs──▶ gone
 *     ▲                 │
 *     └──── heard ──────┘
 */
export class LivenessWatch implements Unsubscribable {
  /** Whether the peer was asked since it was last heard. */
  private wasAsked = false;
  private timer: Subscription | undefined;
  private isStopped = false;

  constructor(
    private readonly peer: WatchedPeer,
    private readonly keepAlive: KeepAlive,
    private readonly scheduler: SchedulerLike,
  ) {
    if (keepAlive.idleMs > 0) this.checkIn(keepAlive.idleMs);
  }

  unsubscribe(): void {
    this.isStopped = true;
    this.timer?.unsubscribe();
  }

  private checkIn(delayMs: number): void {
    if (this.isStopped) return;
    this.timer = this.scheduler.schedule(() => {
      this.check();
    }, timerMs(delayMs));
  }

  private check(): void {
    const { idleMs, timeoutMs } = this.keepAlive;
    const quietMs = this.scheduler.now() - this.peer.lastHeard;
    if (quietMs < idleMs) {
      // After a sleep of the whole machine it is asked first.
      this.wasAsked = false;
      this.checkIn(idleMs - quietMs);
    } else if (quietMs >= idleMs + timeoutMs && this.wasAsked) {
      this.peer.gone();
    } else {
      this.wasAsked = this.peer.ask();
      this.checkIn(timeoutMs);
    }
  }
}
