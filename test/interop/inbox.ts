import type { Observable, Subscription } from 'rxjs';
import { Patience } from './patience';

/** What a stream emits, kept from its subscription on and taken one by one. */
export class Inbox<T> {
  private readonly arrived: T[] = [];
  private outcome: 'open' | 'completed' | Error = 'open';
  private readonly patience = new Patience('the stream');
  private readonly subscription: Subscription;

  constructor(source$: Observable<T>) {
    this.subscription = source$.subscribe({
      next: (value) => {
        this.arrived.push(value);
        this.patience.notify();
      },
      error: (error: unknown) => {
        this.outcome = error instanceof Error ? error : new Error(String(error));
        this.patience.notify();
      },
      complete: () => {
        this.outcome = 'completed';
        this.patience.notify();
      },
    });
  }

  /** The next value. Rejects where the stream ends instead, with its error if it has one. */
  async next(): Promise<T> {
    await this.patience.until(() => this.arrived.length > 0 || this.outcome !== 'open');
    if (this.arrived.length > 0) return this.arrived.shift() as T;
    throw this.outcome instanceof Error ? this.outcome : new Error('the stream completed');
  }

  async take(count: number): Promise<T[]> {
    const values: T[] = [];
    while (values.length < count) values.push(await this.next());
    return values;
  }

  /** All that is left. Rejects where the stream errors instead of completing. */
  async rest(): Promise<T[]> {
    await this.patience.until(() => this.outcome !== 'open');
    if (this.outcome instanceof Error) throw this.outcome;
    return this.untaken();
  }

  /** What has arrived and was not taken. */
  untaken(): T[] {
    return this.arrived.splice(0);
  }

  unsubscribe(): void {
    this.subscription.unsubscribe();
  }
}
