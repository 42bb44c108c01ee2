import type { Observer, Subscription } from 'rxjs';
import type { Cancel, Close, SessionMessage } from './messages';
import type { MigrateRequest, PatchRequest } from './requests';
import type { Submit } from './submits/submit';

/** What each stream of a session brings. */
export interface StreamedMessages {
  /** Everything, in order. */
  readonly messages: SessionMessage;
  readonly submits: Submit;
  readonly cancels: Cancel;
  readonly patches: PatchRequest;
  readonly migrations: MigrateRequest;
  readonly closes: Close;
}

type Name = keyof StreamedMessages;

/**
 * What a session tells its application: everything in order, and a stream for each type. Listeners are
 * made for whoever subscribes first, as most sessions are asked for their submits alone.
 */
export class SessionStreams {
  private readonly streams: { [N in Name]?: Listeners<StreamedMessages[N]> } = {};
  private isComplete = false;

  /** Whether anybody listens for what a stream brings, there or in everything. */
  isWatched(name: Name): boolean {
    return this.streams[name]?.observed === true || this.streams.messages?.observed === true;
  }

  emit<N extends Name>(name: N, message: StreamedMessages[N] & SessionMessage): void {
    this.streams.messages?.next(message);
    if (name !== 'messages') this.stream(name)?.next(message);
  }

  /** Tells an observer what a stream brings, until `subscription` ends. */
  subscribe<N extends Name>(
    name: N,
    observer: Observer<StreamedMessages[N]>,
    subscription: Subscription,
  ): void {
    if (this.isComplete) {
      observer.complete();
      return;
    }
    const listeners = this.stream(name) ?? new Listeners<StreamedMessages[N]>();
    Object.assign(this.streams, { [name]: listeners });
    listeners.add(observer, subscription);
  }

  complete(): void {
    this.isComplete = true;
    const { submits, cancels, patches, migrations, closes, messages } = this.streams;
    for (const stream of [submits, cancels, patches, migrations, closes, messages]) stream?.complete();
  }

  private stream<N extends Name>(name: N): Listeners<StreamedMessages[N]> | undefined {
    return this.streams[name];
  }
}

/**
 * Who subscribes to one stream. A `Subject` makes a closure and an iterator for each value, and every
 * submit passes here: together they were a twentieth of what an operation costs.
 */
class Listeners<T> {
  private observers: readonly Observer<T>[] = [];

  get observed(): boolean {
    return this.observers.length > 0;
  }

  add(observer: Observer<T>, subscription: Subscription): void {
    this.observers = [...this.observers, observer];
    subscription.add(() => {
      this.observers = this.observers.filter((other) => other !== observer);
    });
  }

  next(value: T): void {
    for (const observer of this.observers) observer.next(value);
  }

  complete(): void {
    for (const observer of this.observers) observer.complete();
  }
}
