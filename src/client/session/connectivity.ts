import { of, ReplaySubject, type Observable } from 'rxjs';
import type { SessionConnectivity } from '../../protocol/session/session-connectivity';
import { CarriedPressure } from '../../transport/outgoing/carried-pressure';

/** What becomes of the connection of a session, and under what pressure it is, for those who ask. */
export class Connectivity {
  readonly state$: Observable<SessionConnectivity>;
  readonly pressure$: Observable<boolean>;
  private readonly pressure: CarriedPressure;
  private phase: SessionConnectivity = 'open';
  /** Says how it ended also to whoever asks later: a session may be over when its opener has it. */
  private readonly phases = new ReplaySubject<SessionConnectivity>(1);

  constructor(pressure$: Observable<boolean>) {
    this.pressure = new CarriedPressure(pressure$);
    this.pressure$ = this.pressure.pressure$;
    this.state$ = this.phases.asObservable();
    this.phases.next(this.phase);
  }

  get isOver(): boolean {
    return this.phase === 'expired' || this.phase === 'closed';
  }

  /** Nothing can be sent until there is another connection. */
  lost(): void {
    this.pressure.moveTo(of(true));
    this.become('reconnecting');
  }

  /** Another connection carries it, where it is yet to be resumed or opened anew. */
  carriedUnder(pressure$: Observable<boolean>): void {
    this.pressure.moveTo(pressure$);
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
    this.pressure.end();
    this.phases.next(this.phase);
    this.phases.complete();
  }
}
