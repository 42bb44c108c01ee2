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

const NONE: readonly never[] = [];

/**
 * Who subscribes to one stream. A `Subject` makes a closure and an iterator for each value, and every
 * submit passes here: together they were a twentieth of what an operation costs.
 */
class Listeners<T> {
  /** Most streams have one: it is kept where no list has to be looked up. */
  private observer: Observer<T> | undefined;
  private others: readonly Observer<T>[] = NONE;

  get observed(): boolean {
    return this.observer !== undefined;
  }

  add(observer: Observer<T>, subscription: Subscription): void {
    if (this.observer === undefined) this.observer = observer;
    else this.others = [...this.others, observer];
    subscription.add(() => {
      this.remove(observer);
    });
  }

  next(value: T): void {
    // Who comes or goes meanwhile makes another list.
    const { others } = this;
    this.observer?.next(value);
    for (const observer of others) observer.next(value);
  }

  complete(): void {
    const { others } = this;
    this.observer?.complete();
    for (const observer of others) observer.complete();
  }

  private remove(gone: Observer<T>): void {
    if (this.observer === gone) [this.observer, ...this.others] = this.others;
    else this.others = this.others.filter((observer) => observer !== gone);
  }
}
