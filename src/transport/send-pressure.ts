import { BehaviorSubject, distinctUntilChanged, type Observable } from 'rxjs';

/** Where pressure starts and ends; bytes that wait to be written. */
export interface PressureMarks {
  /** Default 1 MiB. */
  readonly highWaterMark: number;
  /** Default 256 KiB. */
  readonly lowWaterMark: number;
}

export const DEFAULT_PRESSURE_MARKS: PressureMarks = {
  highWaterMark: 1024 * 1024,
  lowWaterMark: 256 * 1024,
};

/** Says whether a peer reads too slowly, with a gap between the two marks so that it does not flicker. */
export class SendPressure {
  private readonly state = new BehaviorSubject(false);
  readonly pressure$: Observable<boolean> = this.state.pipe(distinctUntilChanged());

  constructor(private readonly marks: PressureMarks = DEFAULT_PRESSURE_MARKS) {}

  update(queuedBytes: number): void {
    if (!this.state.value && queuedBytes > this.marks.highWaterMark) this.state.next(true);
    else if (this.state.value && queuedBytes <= this.marks.lowWaterMark) this.state.next(false);
  }

  complete(): void {
    this.state.complete();
  }
}
