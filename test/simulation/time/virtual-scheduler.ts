import { Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { Heap } from './heap';

interface Entry {
  /** When it runs: later than it is due where it is held. */
  time: number;
  /** Of two at one time, the one that is due first runs first. */
  due: number;
  /** And of two that are due at one time, the one that was scheduled first. */
  readonly sequence: number;
  /** Undefined once it was cancelled: it stays in the heap until its turn, or until many have gathered. */
  action: Runnable | undefined;
}

interface Runnable {
  readonly hold: Hold | undefined;
  run(): void;
}

/** What keeps actions from running: whoever would run them stands still. */
export interface Hold {
  /** The time until which it does, in milliseconds; Infinity for ever. */
  until(): number;
  /** Whether what was held then runs as if it had become due only now. */
  readonly isFresh: boolean;
}

/** What a timer takes, about 24 days; Infinity is more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Cancelled entries that may stay in the heap; more are swept once they are most of it. */
const SWEEP_FROM = 64;

/**
 * A scheduler whose time moves only when it is told to: to the next action, however far that is. Like
 * RxJS's VirtualTimeScheduler, on a heap, so that actions which are scheduled while others run cost
 * O(log n) and not a sort; and one action at a time, so that whoever runs it can look around in between.
 *
 * Times are whole milliseconds, as those of timers are, and a delay that is too long for a timer, or less than
 * one, is as there: 1 ms. An action of no delay runs at the present time, after those that were scheduled for it
 * before.
 *
 * @example
 * const scheduler = new VirtualScheduler();
 * const server = createServer({ listen, scheduler });
 * while (scheduler.runNext()) await check(server);
 */
export class VirtualScheduler implements SchedulerLike {
  private readonly entries = new Heap<Entry>(
    (a, b) =>
      a.time < b.time ||
      (a.time === b.time && (a.due < b.due || (a.due === b.due && a.sequence < b.sequence))),
  );
  private sequence = 0;
  private live = 0;

  /** `time` is what `now` says at first, in milliseconds. */
  constructor(private time = 0) {}

  /** Milliseconds. */
  now(): number {
    return this.time;
  }

  /** Actions that are to run. */
  get pendingCount(): number {
    return this.live;
  }

  /** When the next action is to run, in milliseconds; undefined where there is none. */
  get nextTime(): number | undefined {
    this.settleFirst();
    return this.entries.peek()?.time;
  }

  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T): Subscription {
    return this.scheduleHeld(undefined, work, delay, state);
  }

  /** The same, of an action that something may hold. */
  scheduleHeld<T>(
    hold: Hold | undefined,
    work: (this: SchedulerAction<T>, state?: T) => void,
    delay = 0,
    state?: T,
  ): Subscription {
    return new VirtualAction(this, work, hold).schedule(state, delay);
  }

  /** Moves the time to the next action and runs it; false where there is none. What it throws is thrown. */
  runNext(): boolean {
    this.settleFirst();
    const entry = this.entries.pop();
    if (entry?.action === undefined) return false;
    const { action, time } = entry;
    entry.action = undefined;
    this.live -= 1;
    this.time = time;
    action.run();
    return true;
  }

  /** Moves the time on to where nothing is to run before; no further than that. */
  skipTo(time: number): void {
    this.time = Math.max(this.time, Math.min(time, this.nextTime ?? Infinity));
  }

  /** Puts an action in its place in time. The action's, not a user's. */
  enqueue(action: Runnable, delay: number): Entry {
    const time = this.time + timerMs(delay);
    const entry = {
      time,
      due: time,
      sequence: this.sequence++,
      action,
    };
    this.entries.push(entry);
    this.live += 1;
    return entry;
  }

  /** Takes an action back. The action's, not a user's. */
  cancel(entry: Entry): void {
    if (entry.action === undefined) return;
    entry.action = undefined;
    this.live -= 1;
    if (this.entries.size > SWEEP_FROM && this.entries.size > 2 * this.live) {
      this.entries.keep(({ action }) => action !== undefined);
    }
  }

  /** Sees to it that the first entry is one that runs at its time: neither cancelled nor held. */
  private settleFirst(): void {
    for (let next = this.entries.peek(); next !== undefined; next = this.entries.peek()) {
      const hold = next.action?.hold;
      const until = hold?.until() ?? -Infinity;
      const isHeld = until > next.time;
      if (next.action !== undefined && !isHeld) return;
      this.entries.pop();
      if (!isHeld) continue;
      // For ever: it is never to run.
      if (until === Infinity) {
        next.action = undefined;
        this.live -= 1;
        continue;
      }
      next.time = until;
      if (hold?.isFresh === true) next.due = until;
      this.entries.push(next);
    }
  }
}

/** What a timer makes of a delay; one that is none is none here, where Node takes 1 ms for it, too. */
function timerMs(delay: number): number {
  if (delay <= 0) return 0;
  return delay > LONGEST_TIMER_MS ? 1 : Math.max(1, Math.trunc(delay));
}

class VirtualAction<T> extends Subscription implements SchedulerAction<T>, Runnable {
  private entry: Entry | undefined;
  private state: T | undefined;

  constructor(
    private readonly scheduler: VirtualScheduler,
    private readonly work: (this: SchedulerAction<T>, state?: T) => void,
    readonly hold: Hold | undefined,
  ) {
    super();
  }

  /** Also from inside its own work: then it runs again. */
  schedule(state?: T, delay = 0): Subscription {
    if (this.closed) return this;
    if (this.entry !== undefined) this.scheduler.cancel(this.entry);
    this.state = state;
    this.entry = this.scheduler.enqueue(this, delay);
    return this;
  }

  run(): void {
    this.entry = undefined;
    try {
      this.work.call(this, this.state);
    } catch (error) {
      this.unsubscribe();
      throw error;
    }
  }

  override unsubscribe(): void {
    if (this.closed) return;
    if (this.entry !== undefined) this.scheduler.cancel(this.entry);
    this.entry = undefined;
    super.unsubscribe();
  }
}
