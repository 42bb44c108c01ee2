import { BehaviorSubject, Observable } from 'rxjs';

/** Where pressure starts and ends; bytes that wait to be written. */
export interface PressureMarks {
  /** Default 1 MiB. */
  readonly highWaterMark: number;
  /** Default 256 KiB, or a quarter of the high one where that is less; one above the high one is as that. */
  readonly lowWaterMark: number;
}

export const DEFAULT_PRESSURE_MARKS: PressureMarks = {
  highWaterMark: 1024 * 1024,
  lowWaterMark: 256 * 1024,
};

/** Says whether a peer reads too slowly, with a gap between the two marks so that it does not flicker. */
export class SendPressure {
  private isHigh = false;
  private isOver = false;
  /** Made for whoever asks first. */
  private state: BehaviorSubject<boolean> | undefined;

  private highWaterMark: number;
  private lowWaterMark: number;

  constructor({
    highWaterMark = DEFAULT_PRESSURE_MARKS.highWaterMark,
    lowWaterMark = Math.min(DEFAULT_PRESSURE_MARKS.lowWaterMark, highWaterMark / 4),
  }: Partial<PressureMarks> = {}) {
    this.highWaterMark = highWaterMark;
    this.lowWaterMark = Math.min(lowWaterMark, highWaterMark);
  }

  /** Sees to it that there is pressure before the peer is cut, which it is where more than so many bytes wait. */
  fit(maxQueuedBytes = Infinity): void {
    if (this.highWaterMark <= maxQueuedBytes / 2) return;
    this.highWaterMark = maxQueuedBytes / 2;
    this.lowWaterMark = Math.min(this.lowWaterMark, this.highWaterMark / 4);
  }

  get pressure$(): Observable<boolean> {
    return new Observable((subscriber) => {
      const state = (this.state ??= new BehaviorSubject(this.isHigh));
      if (this.isOver) state.complete();
      return state.subscribe(subscriber);
    });
  }

  /** Whether the peer reads too slowly now. */
  get isOn(): boolean {
    return this.isHigh;
  }

  /** Whether so many bytes are too few to be pressure, however long they wait. */
  allows(queuedBytes: number): boolean {
    return queuedBytes <= this.lowWaterMark;
  }

  update(queuedBytes: number): void {
    const isHigh = queuedBytes > (this.isHigh ? this.lowWaterMark : this.highWaterMark);
    if (isHigh === this.isHigh) return;
    // First: whoever is told may send.
    this.isHigh = isHigh;
    this.state?.next(isHigh);
  }

  complete(): void {
    this.isOver = true;
    this.state?.complete();
  }
}
