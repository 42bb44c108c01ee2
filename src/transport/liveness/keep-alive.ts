import type { SchedulerLike, Subscription, Unsubscribable } from 'rxjs';
import { afterReading } from '../time/after-reading';
import { AwakeClock } from '../time/awake';
import { scheduleIn } from '../time/schedule-in';

/**
 * A peer that gives no sign of life for `idleMs` is asked for one, every `idleMs`, and gone if it gives none in
 * `timeoutMs`. Either may be the longer. Bytes are signs of life, of packets that take long, too: those that come,
 * and those that the peer takes.
 */
export interface KeepAlive {
  /** Milliseconds, 0 for never. Default 15,000. */
  readonly idleMs: number;
  /** Milliseconds. Default 10,000. */
  readonly timeoutMs: number;
}

export const DEFAULT_KEEP_ALIVE: KeepAlive = { idleMs: 15_000, timeoutMs: 10_000 };

/** A wait for an answer is looked at so often. */
const LOOKS = 4;

/** The peer whose life is watched. */
export interface WatchedPeer {
  /** When it last gave a sign of life, and when it was last given one; in milliseconds. Looks for signs. */
  signs(): { readonly lastHeard: number; readonly lastSpoke: number };
  /** Asks it for a sign of life, if it is one that can be asked; false where not. */
  ask(): boolean;
  /** It is gone without a word. */
  gone(): void;
}

/**
 * Notices a peer that is gone without a word, where it is one that can be asked, and lets the peer notice that this
 * side is not. Unsubscribe to stop.
 *
 *   heard ──idleMs──▶ asked ──timeoutMs──▶ gone
 *     ▲                 │
 *     └──── heard ──────┘
 *
 * Of the time to answer in counts what this process was awake; one that stood still asks again. Before the peer is
 * given up, what lies in the socket is read. Who hears much and says nothing says something each `idleMs`: the other end's own question may be
 * stuck behind what it sends.
 */
export class LivenessWatch implements Unsubscribable {
  /** Time that passes without an answer; undefined where the peer was heard, or cannot be asked. */
  private awaiting: AwakeClock | undefined;
  /** Whether the wait has begun anew, once, as the process stood still. */
  private isRenewed = false;
  private askedAt = -Infinity;
  private timer: Subscription | undefined;
  private isStopped = false;

  constructor(
    private readonly peer: WatchedPeer,
    private readonly keepAlive: KeepAlive,
    private readonly scheduler: SchedulerLike,
  ) {
    if (keepAlive.idleMs > 0) this.checkIn(keepAlive.idleMs / 2);
  }

  unsubscribe(): void {
    this.isStopped = true;
    this.timer?.unsubscribe();
  }

  private checkIn(delayMs: number): void {
    if (this.isStopped) return;
    this.timer = scheduleIn(this.scheduler, delayMs, () => {
      this.check();
    });
  }

  private check(): void {
    const { idleMs, timeoutMs } = this.keepAlive;
    const now = this.scheduler.now();
    const { lastHeard, lastSpoke } = this.peer.signs();
    const quietMs = now - lastHeard;
    if (quietMs < idleMs) {
      this.awaiting = undefined;
      this.isRenewed = false;
      const isOneSided = quietMs < idleMs / 2 && now - lastSpoke >= idleMs / 2;
      if (isOneSided) this.peer.ask();
      this.checkIn(Math.min(idleMs - quietMs, idleMs / 2));
    } else if (this.awaiting === undefined) {
      this.begin(now);
    } else if (this.awaiting.hasStoodStill && !this.isRenewed) {
      this.isRenewed = true;
      this.begin(now);
    } else {
      const leftMs = timeoutMs - this.awaiting.look();
      if (leftMs <= 0) this.giveUp();
      else this.await(now, leftMs);
    }
  }

  private begin(now: number): void {
    const { idleMs, timeoutMs } = this.keepAlive;
    if (!this.peer.ask()) {
      this.checkIn(idleMs);
      return;
    }
    this.askedAt = now;
    this.awaiting = new AwakeClock(this.scheduler, timeoutMs / LOOKS);
    this.checkIn(Math.min(timeoutMs / LOOKS, idleMs));
  }

  private await(now: number, leftMs: number): void {
    const { idleMs, timeoutMs } = this.keepAlive;
    if (now - this.askedAt >= idleMs) {
      this.peer.ask();
      this.askedAt = now;
    }
    this.checkIn(Math.min(leftMs, timeoutMs / LOOKS, this.askedAt + idleMs - now));
  }

  private giveUp(): void {
    this.timer = afterReading(this.scheduler, () => {
      const { lastHeard } = this.peer.signs();
      if (this.scheduler.now() - lastHeard < this.keepAlive.idleMs) this.check();
      else this.peer.gone();
    });
  }
}
