import { Observable, type OperatorFunction, type Subscriber, type Subscription } from 'rxjs';
import type { ValueDecoder } from '../../../src/protocol/content/value-decoder';
import { listen, type Listening } from '../responding/listening';

/** What a decoder makes of the results of one operation; one decoder for each subscription. */
export function decodeValues<In, T>(create: () => ValueDecoder<In, T>): OperatorFunction<In, T> {
  return (results$) =>
    new Observable((subscriber) => {
      listen(results$, new Decoding(subscriber, create()));
    });
}

/** One step from the results to their values: a token passes each of them. */
class Decoding<In, T> implements Listening<In> {
  constructor(
    private readonly values: Subscriber<T>,
    private readonly decoder: ValueDecoder<In, T>,
  ) {}

  subscribed(subscription: Subscription): void {
    this.values.add(subscription);
  }

  next(result: In): void {
    let value: T | undefined;
    try {
      value = this.decoder.take(result);
    } catch (error) {
      this.values.error(error);
      return;
    }
    this.handOn(value);
  }

  error(error: unknown): void {
    this.values.error(error);
  }

  complete(): void {
    this.handOn(this.decoder.end());
    this.values.complete();
  }

  private handOn(first: T | undefined): void {
    if (first === undefined) return;
    const second = this.decoder.waiting();
    if (second === undefined) {
      this.values.next(first);
      return;
    }
    // All of them first: who hears of one may cause the next result.
    const values = [first, second];
    for (let value = this.decoder.waiting(); value !== undefined; value = this.decoder.waiting())
      values.push(value);
    for (const value of values) this.values.next(value);
  }
}
