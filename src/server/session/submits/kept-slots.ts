import { type Subscription, type SchedulerLike } from 'rxjs';
import { scheduleIn } from '../../../transport/time/schedule-in';
import type { ServerLimits } from '../../limits/server-limits';
import type { ReceivedSubmit } from './submit';

/** Whose slots are kept. */
export interface SlotKeeper {
  readonly scheduler: SchedulerLike;
  readonly limits: Pick<ServerLimits, 'unsettledMs' | 'maxUnsettledMs'>;
  /** Slots of the session. */
  readonly slots: number;
  /** Timers that may outlive the session: what was begun for it does. */
  readonly timers: Subscription;
  /** A slot is given back though the handler goes on, `observed` milliseconds after its operation has ended. */
  handlerUnsettled(limit: 'unsettledMs' | 'maxUnsettledMs', observed: number): void;
  /** A kept slot is free; `startNext` follows. */
  freeSlot(): void;
  startNext(): void;
}

/**
 * Slots of operations that have ended while what was begun for them goes on: a promise cannot be stopped, nor can
 * a generator that awaits something. Without it, a client that submits and cancels would have any number of them
 * at work; without an end, a few that hang would silence their session.
 *
 *            settled
 *   kept ────────────────────────────────────▶ free
 *     │ unsettledMs, while fewer than the session has slots were given back so; else maxUnsettledMs
 *     ▼
 *   given back ── settled ──▶ room for the next
 */
export class KeptSlots {
  /** Since when, in the order in which their operations ended. */
  private readonly kept = new Map<ReceivedSubmit, number>();
  private readonly givenBack = new Set<ReceivedSubmit>();
  private timer: Subscription | undefined;

  constructor(private readonly keeper: SlotKeeper) {}

  keep(submit: ReceivedSubmit): void {
    this.kept.set(submit, this.keeper.scheduler.now());
    if (this.timer === undefined) this.wait();
  }

  /** What was begun for a submit has settled. */
  settled(submit: ReceivedSubmit): void {
    if (this.kept.delete(submit)) this.keeper.freeSlot();
    else this.givenBack.delete(submit);
    this.giveBack();
  }

  /** Milliseconds that the next may keep its slot. */
  private get patienceMs(): number {
    const { limits, slots } = this.keeper;
    return this.givenBack.size < slots ? limits.unsettledMs : limits.maxUnsettledMs;
  }

  private giveBack(): void {
    const { keeper, kept } = this;
    const now = keeper.scheduler.now();
    for (const [submit, since] of kept) {
      const { patienceMs } = this;
      if (now - since < patienceMs) break;
      const limit = patienceMs === keeper.limits.unsettledMs ? 'unsettledMs' : 'maxUnsettledMs';
      kept.delete(submit);
      this.givenBack.add(submit);
      keeper.freeSlot();
      keeper.handlerUnsettled(limit, now - since);
    }
    this.wait();
    keeper.startNext();
  }

  /** Wakes when the first may have to give its slot back. */
  private wait(): void {
    const { scheduler, timers } = this.keeper;
    this.timer?.unsubscribe();
    this.timer = undefined;
    const [since] = this.kept.values();
    if (since === undefined || this.patienceMs === Infinity) return;
    const timer = scheduleIn(scheduler, since + this.patienceMs - scheduler.now(), () => {
      timers.remove(timer);
      this.giveBack();
    });
    this.timer = timer;
    timers.add(timer);
  }
}
