import { BackpressureLevel, FlowFlag, FlowUpdateReason } from '../../wire/messages/flow-update';
import { CreditEpoch, type EpochOrder } from './credit-epoch';
import { statedCredit, statedRetryAfter, type CreditChange } from './flow';

/** Why a scope holds a submit back. */
export type HoldReason = 'stopped' | 'retry-after' | 'background-only' | 'no-credit';

export interface CreditScopeOptions {
  /** Operations that may be in flight before any update. Default: no limit. */
  readonly credit?: number;
}

/** A question to a scope. */
export interface ScopeLoad {
  /** Operations of the scope that are in flight. */
  readonly inFlight: number;
  /** Whether the session's priority is background. */
  readonly isBackground: boolean;
  /** Milliseconds, of the clock that `apply` is given. */
  readonly now: number;
}

/**
 * The credit of one scope, as FLOW_UPDATEs leave it (protocol sections 5 and 8).
 *
 * ```
 *                   pause, hard, drain_in_flight_only
 *  +---------+  ---------------------------------------->  +---------+
 *  | flowing |                                             | stopped |
 *  +---------+  <----------------------------------------  +---------+
 *                 grant, resume or a newer epoch, which
 *                 is none of the above
 * ```
 *
 * - **Credit is a window**, not an increment: how many operations may be in flight at once. Each
 *   update with `credit_valid` states it anew, whatever its reason; one without leaves it.
 * - **A stop** lets in-flight operations go on and holds new ones back, until a grant, a resume or an
 *   update of a newer epoch. Time alone does not lift it. A stop that states a credit of 0 leaves the
 *   window as it was, so that a resume that states none brings it back.
 * - **retry_after** holds new operations back for that long, even where nothing else does.
 * - **background_only** holds back sessions of another priority until an update without it.
 * - **An older epoch** than one seen is ignored; see {@link CreditEpoch}.
 */
export class CreditScope {
  readonly #epoch = new CreditEpoch();
  #credit: number;
  #stopped = false;
  #backgroundOnly = false;
  #retryAt = -Infinity;

  constructor({ credit = Infinity }: CreditScopeOptions = {}) {
    this.#credit = credit;
  }

  /** Operations that may be in flight at once; Infinity where nobody set a limit. */
  get credit(): number {
    return this.#credit;
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  /** The time from which new operations are not held back by a retry_after. */
  get retryAt(): number {
    return this.#retryAt;
  }

  /** Whether the last update stated a retry_after. */
  get isTimed(): boolean {
    return this.#retryAt !== -Infinity;
  }

  /** Applies an update of this scope, at the time `now`; `older` ones change nothing. */
  apply(update: CreditChange, now: number): EpochOrder {
    const { creditEpoch } = update;
    const order = creditEpoch === undefined ? 'same' : this.#epoch.observe(creditEpoch);
    if (order === 'older') return order;
    const stops = isStop(update);
    const credit = statedCredit(update);
    if (credit !== undefined && !(stops && credit === 0)) this.#credit = credit;
    if (stops) this.#stopped = true;
    else if (order === 'newer' || lifts(update)) this.#stopped = false;
    if (creditEpoch !== undefined) this.#backgroundOnly = (update.flowFlags & FlowFlag.BackgroundOnly) !== 0;
    const retryAfter = statedRetryAfter(update);
    // A word without an epoch that says nothing of it leaves it, unless it grants.
    const isSaid = retryAfter !== undefined || creditEpoch !== undefined || lifts(update);
    if (isSaid) this.#retryAt = now + (retryAfter ?? -Infinity);
    return order;
  }

  /** Why a submit is held back now, or undefined where it is not. */
  hold({ inFlight, isBackground, now }: ScopeLoad): HoldReason | undefined {
    if (this.#stopped) return 'stopped';
    if (now < this.#retryAt) return 'retry-after';
    if (this.#backgroundOnly && !isBackground) return 'background-only';
    return inFlight < this.#credit ? undefined : 'no-credit';
  }
}

function isStop(update: CreditChange): boolean {
  return (
    update.updateReason === FlowUpdateReason.Pause ||
    update.backpressureLevel === BackpressureLevel.Hard ||
    (update.flowFlags & FlowFlag.DrainInFlightOnly) !== 0
  );
}

function lifts({ updateReason }: CreditChange): boolean {
  return updateReason === FlowUpdateReason.Grant || updateReason === FlowUpdateReason.Resume;
}
