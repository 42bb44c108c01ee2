import { VirtualTimeScheduler } from 'rxjs';

/** The time of a server: it stands still until a test lets it pass. */
export class StandingClock {
  readonly scheduler = new VirtualTimeScheduler(undefined, 0);

  /** Goes to so many milliseconds after the start, and runs the timers on the way. */
  goTo(ms: number): void {
    this.scheduler.maxFrames = ms;
    this.scheduler.flush();
  }
}
