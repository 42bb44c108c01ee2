import { Observable, Subject, type Subscriber } from 'rxjs';

/** A stream whose values wait while nobody subscribes; whoever subscribes then gets them, in order. */
export class HeldSubject<T> {
  private readonly held: T[] = [];
  private readonly subject = new Subject<T>();
  readonly values$: Observable<T>;

  constructor() {
    this.values$ = new Observable((subscriber) => this.subscribe(subscriber));
  }

  /** How many values wait; whoever fills the subject bounds it by this. */
  get heldCount(): number {
    return this.held.length;
  }

  next(value: T): void {
    if (this.subject.observed) this.subject.next(value);
    else this.held.push(value);
  }

  error(error: unknown): void {
    this.subject.error(error);
  }

  complete(): void {
    this.subject.complete();
  }

  private subscribe(subscriber: Subscriber<T>): void {
    // One by one: what comes meanwhile waits behind them, and what the subscriber does not take is kept.
    while (this.held.length > 0 && !subscriber.closed) subscriber.next(this.held.shift() as T);
    subscriber.add(this.subject.subscribe(subscriber));
  }
}
