import { from, Observable, type ObservableInput, type Observer, type Subscription } from 'rxjs';

export interface Listening<T> extends Observer<T> {
  /** Called before the first value, so that a synchronous stream can be stopped too. */
  subscribed(subscription: Subscription): void;
}

export function listen<T>(input: ObservableInput<T>, listening: Listening<T>): void {
  new Observable<T>((subscriber) => {
    listening.subscribed(subscriber);
    return from(input).subscribe(subscriber);
  }).subscribe(listening);
}
