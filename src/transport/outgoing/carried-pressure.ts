import { BehaviorSubject, defer, distinctUntilChanged, of, switchAll, type Observable } from 'rxjs';

/**
 * Pressure of what carries a session, one transport after the other: now, then at each change. With the session it
 * comes to its end, which is false, as nothing waits any more; so hears who asks later.
 */
export class CarriedPressure {
  readonly pressure$: Observable<boolean>;
  private readonly sources: BehaviorSubject<Observable<boolean>>;
  private isOver = false;

  constructor(first$: Observable<boolean>) {
    this.sources = new BehaviorSubject(first$);
    const pressure$ = this.sources.pipe(switchAll(), distinctUntilChanged());
    this.pressure$ = defer(() => (this.isOver ? of(false) : pressure$));
  }

  moveTo(source$: Observable<boolean>): void {
    this.sources.next(source$);
  }

  end(): void {
    this.isOver = true;
    this.sources.next(of(false));
    this.sources.complete();
  }
}
