import { Subscription, type SchedulerLike } from 'rxjs';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { Transport } from '../../transport/transport';

/** Why a peer is not read. */
export type PauseReason = 'answers' | 'memory' | `link of ${number}` | `session ${number}`;

/** Milliseconds between two looks at whether a peer has taken its answers. */
const LOOK_MS = 20;

/**
 * Stops reading from a peer while there is a reason to. A transport that cannot be paused is read on.
 *
 *   read ──hold──▶ paused ──release of every reason──▶ read
 */
export class ReadingPause extends Subscription {
  private reasons: Set<PauseReason> | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly scheduler: SchedulerLike,
  ) {
    super();
  }

  /** Whether there is a reason that its peer has not given. */
  get isOurs(): boolean {
    const { size = 0 } = this.reasons ?? {};
    return size > (this.has('answers') ? 1 : 0);
  }

  has(reason: PauseReason): boolean {
    return this.reasons?.has(reason) === true;
  }

  hold(reason: PauseReason): void {
    const reasons = (this.reasons ??= new Set());
    if (reasons.size === 0) this.transport.pause?.();
    reasons.add(reason);
  }

  release(reason: PauseReason): void {
    if (this.reasons?.delete(reason) === true && this.reasons.size === 0) this.transport.resume?.();
  }

  /**
   * Holds for too many answers while `areTooMany`. `held` is called once, if that is so still as soon as
   * this turn's answers are out.
   */
  holdWhile(areTooMany: () => boolean, held: () => void): void {
    if (this.has('answers')) return;
    this.hold('answers');
    const look = (isFirst: boolean): void => {
      const next = scheduleIn(this.scheduler, isFirst ? 0 : LOOK_MS, () => {
        this.remove(next);
        if (!areTooMany()) {
          this.release('answers');
          return;
        }
        if (isFirst) held();
        look(false);
      });
      this.add(next);
    };
    look(true);
  }
}
