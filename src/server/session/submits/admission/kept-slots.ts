import type { Subscription } from 'rxjs';
import { scheduleIn } from '../../../../transport/time/schedule-in';
import type { SlotWaiter } from '../../../limits/slot-pool';
import type { Admission } from './admission';
import { limitTripped, type SessionParts } from '../session-parts';
import type { ReceivedSubmit } from '../submit';

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
 *
 * Of one that was aborted the slot is given back at once, within the same bound.
 */
export class KeptSlots {
  /** Since when, in the order in which their operations ended. */
  private kept: Map<ReceivedSubmit, number> | undefined;
  private givenBack: Set<ReceivedSubmit> | undefined;
  private timer: Subscription | undefined;

  constructor(
    private readonly session: SessionParts,
    private readonly admission: Admission,
    /** Starts what waits, once a slot is free. */
    private readonly waiter: SlotWaiter,
  ) {}

  keep(submit: ReceivedSubmit): void {
    if (submit.isAborted && this.limit === 'unsettledMs') {
      this.free(submit);
      return;
    }
    (this.kept ??= new Map()).set(submit, this.session.server.scheduler.now());
    if (this.timer === undefined) this.wait();
  }

  /** Work that was begun for a submit has settled. */
  settled(submit: ReceivedSubmit): void {
    if (this.kept?.delete(submit) === true) this.admission.freeSlot();
    else this.givenBack?.delete(submit);
    this.giveBack();
  }

  /** Which limit says how long the next may keep its slot. */
  private get limit(): 'unsettledMs' | 'maxUnsettledMs' {
    const isSpare = (this.givenBack?.size ?? 0) < this.session.granted.maxInFlightOperations;
    return isSpare ? 'unsettledMs' : 'maxUnsettledMs';
  }

  private giveBack(): void {
    const { session, kept } = this;
    const { scheduler, settings } = session.server;
    const now = scheduler.now();
    for (const [submit, since] of kept ?? []) {
      const { limit } = this;
      const observed = now - since;
      const allowed = settings.limits[limit];
      if (observed < allowed) break;
      kept?.delete(submit);
      this.free(submit);
      limitTripped(session, { limit, allowed, observed, consequence: 'slot-freed' });
    }
    this.wait();
    this.waiter.startNext();
  }

  private free(submit: ReceivedSubmit): void {
    (this.givenBack ??= new Set()).add(submit);
    this.admission.freeSlot();
  }

  /** Wakes when the first may have to give its slot back. */
  private wait(): void {
    const { scheduler, settings, lasting } = this.session.server;
    this.timer?.unsubscribe();
    this.timer = undefined;
    const [since] = this.kept?.values() ?? [];
    const patienceMs = settings.limits[this.limit];
    if (since === undefined || patienceMs === Infinity) return;
    // It may outlive the session: what was begun for it does.
    const timer = scheduleIn(scheduler, since + patienceMs - scheduler.now(), () => {
      lasting.remove(timer);
      this.giveBack();
    });
    this.timer = timer;
    lasting.add(timer);
  }
}
