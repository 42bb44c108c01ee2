import type { SchedulerAction, SchedulerLike, Subscription } from 'rxjs';
import type { Hold, VirtualScheduler } from './virtual-scheduler';

/** Where an end of a connection runs. */
export interface Host {
  readonly scheduler: SchedulerLike;
  /** Runs what comes from the network. */
  readonly sockets: SchedulerLike;
  /** Default false. */
  readonly isStandingStill?: boolean;
  /** Whether it has died: nothing of it runs any more. Default false. */
  readonly isGone?: boolean;
}

/**
 * A process, which may stand still for a while: a long computation, a debugger, a machine that is moved. Its timers
 * run late then, all at once and before it reads what has come meanwhile, as Node's do.
 */
export class Process implements Host {
  readonly scheduler: SchedulerLike;
  readonly sockets: SchedulerLike;
  private stoodStillAt = 0;
  private wakesAt = 0;

  constructor(private readonly world: VirtualScheduler) {
    const wakesAt = (): number => this.wakesAt;
    const hold = (isFresh: boolean): Hold => ({ isFresh, until: wakesAt });
    this.scheduler = new HeldScheduler(world, hold(false));
    this.sockets = new HeldScheduler(world, hold(true));
  }

  /** Nothing of it runs any more. */
  die(): void {
    this.wakesAt = Infinity;
  }

  get isGone(): boolean {
    return this.wakesAt === Infinity;
  }

  /** Stands still from now on. */
  standStill(ms: number): void {
    const now = this.world.now();
    if (!this.isBehind) this.stoodStillAt = now;
    this.wakesAt = Math.max(this.wakesAt, now + ms);
  }

  get isStandingStill(): boolean {
    return this.world.now() < this.wakesAt;
  }

  /** Whether it stands still, or wakes at this very moment: what was due may not be done yet. */
  get isBehind(): boolean {
    return this.wakesAt > 0 && this.world.now() <= this.wakesAt;
  }

  /** The time until which it has done what was due, in milliseconds. */
  get doneUntil(): number {
    return this.isBehind ? this.stoodStillAt : this.world.now();
  }
}

class HeldScheduler implements SchedulerLike {
  constructor(
    private readonly world: VirtualScheduler,
    private readonly hold: Hold,
  ) {}

  now(): number {
    return this.world.now();
  }

  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T): Subscription {
    return this.world.scheduleHeld(this.hold, work, delay, state);
  }
}
