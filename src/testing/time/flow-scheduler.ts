import type { SchedulerAction, Subscription } from 'rxjs';
import { TestScheduler, type RunHelpers } from 'rxjs/testing';
import { describeError } from '../../protocol/runtime-error';
import { deepEqual } from '../matching/deep-equal';

/** Something that will run. */
export interface PendingAction {
  /** Milliseconds of virtual time. */
  readonly due: number;
  /** The line that scheduled it, where the engine tells. */
  readonly origin: string | undefined;
}

/** More actions than any frame needs: one that schedules the next without a delay does not end. */
const MOST_ACTIONS_OF_A_FRAME = 100_000;

/**
 * RxJS's TestScheduler, run action by action: between two, promises are given the time to settle, which
 * `TestScheduler.run` does not do. A frame is a millisecond.
 */
export class FlowScheduler extends TestScheduler {
  readonly #origins = new WeakMap<object, string>();
  #actionsOfFrame = 0;

  constructor() {
    super(deepEqual);
  }

  /** When the next action is due; undefined where there is none. */
  get nextDue(): number | undefined {
    return this.actions[0]?.delay;
  }

  /** What is left to run, soonest first. */
  get pending(): readonly PendingAction[] {
    return this.actions.map((action) => ({ due: action.delay, origin: this.#origins.get(action) }));
  }

  override schedule<T>(
    work: (this: SchedulerAction<T>, state?: T) => void,
    delay = 0,
    state?: T,
  ): Subscription {
    const action = super.schedule(work, delay, state);
    const origin = delay > 0 ? callerOf(new Error().stack) : undefined;
    if (origin !== undefined) this.#origins.set(action, origin);
    return action;
  }

  /** Runs the next action. Throws what it throws. */
  runNext(): void {
    const action = this.actions.shift();
    if (action === undefined) return;
    this.#actionsOfFrame = action.delay === this.frame ? this.#actionsOfFrame + 1 : 0;
    if (this.#actionsOfFrame > MOST_ACTIONS_OF_A_FRAME) {
      throw new Error(`frame ${this.frame} does not end: something schedules itself without a delay`);
    }
    this.frame = action.delay;
    const error: unknown = action.execute(action.state, action.delay);
    if (error !== undefined) throw error instanceof Error ? error : new Error(describeError(error));
  }

  /** What `TestScheduler.run` calls at its end. Time passes by `runNext` alone. */
  override flush(): void {
    // Nothing to do.
  }

  /** Makes something of marbles by the rules of `TestScheduler.run`: a character a frame, `' 10ms '`. */
  inRunMode<T>(make: (helpers: RunHelpers) => T): T {
    return this.run(make);
  }
}

/** The first line of a stack that is neither of this module's kind nor of RxJS. */
function callerOf(stack: string | undefined): string | undefined {
  const line = stack
    ?.split('\n')
    .slice(1)
    .find(
      (each) =>
        !/flow-scheduler[.][jt]s|virtual-clock[.][jt]s|node_modules[\\/]rxjs|\(node:|<anonymous>\)$/.test(
          each,
        ),
    );
  return line?.trim().replace(/^at /, '');
}
