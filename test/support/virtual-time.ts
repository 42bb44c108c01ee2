import { VirtualTimeScheduler } from 'rxjs';

/**
 * Time that passes only when a test says so; unlike `VirtualTimeScheduler.flush`, a part of it, so that
 * timers which start each other do not run for ever.
 */
export class VirtualTime extends VirtualTimeScheduler {
  /** Timers that wait. */
  get pendingCount(): number {
    return this.actions.length;
  }

  /** Lets so many milliseconds pass, with every timer that falls due in them. */
  advance(ms: number): void {
    this.maxFrames = this.frame + ms;
    this.flush();
    this.frame = this.maxFrames;
  }
}
