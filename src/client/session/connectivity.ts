import { ReplaySubject, type Observable } from 'rxjs';
import type { SessionConnectivity } from '../../protocol/session/session-connectivity';

/** What becomes of the connection of a session, for those who ask. */
export class Connectivity {
  readonly state$: Observable<SessionConnectivity>;
  private phase: SessionConnectivity = 'open';
  /** Says how it ended also to whoever asks later: a session may be over when its opener has it. */
  private readonly phases = new ReplaySubject<SessionConnectivity>(1);

  constructor() {
    this.state$ = this.phases.asObservable();
    this.phases.next(this.phase);
  }

  get isOver(): boolean {
    return this.phase === 'expired' || this.phase === 'closed';
  }

  become(phase: 'reconnecting' | 'resumed' | 'reopened'): void {
    // Whoever hears of it may have ended it meanwhile.
    if (this.isOver) return;
    this.phase = phase;
    this.phases.next(phase);
  }

  /** It is over, and is to be told so. */
  end(phase: 'expired' | 'closed'): void {
    this.phase = phase;
  }

  tellEnd(): void {
    this.phases.next(this.phase);
    this.phases.complete();
  }
}
