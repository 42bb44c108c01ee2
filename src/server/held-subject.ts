import { Observable, Subject, type Subscriber } from 'rxjs';

/** A stream whose values wait until somebody first subscribes; from then on it is a plain subject. */
export class HeldSubject<T> {
  private held: T[] = [];
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
    const { held } = this;
    this.held = [];
    for (const value of held) subscriber.next(value);
    subscriber.add(this.subject.subscribe(subscriber));
  }
}
