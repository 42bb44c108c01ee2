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

/** Made for whoever subscribes first, as most sessions are asked for their submits alone. */
type Streams = { readonly [N in Name]: Listeners<StreamedMessages[N]> | undefined };

/** What a session tells its application: everything in order, and a stream for each type. */
export class SessionStreams implements Streams {
  readonly messages: Listeners<SessionMessage> | undefined;
  readonly submits: Listeners<Submit> | undefined;
  readonly cancels: Listeners<Cancel> | undefined;
  readonly patches: Listeners<PatchRequest> | undefined;
  readonly migrations: Listeners<MigrateRequest> | undefined;
  readonly closes: Listeners<Close> | undefined;
  private isComplete = false;

  /** Whether anybody listens for what a stream brings, there or in everything. */
  isWatched(name: Name): boolean {
    return this[name]?.observed === true || this.messages?.observed === true;
  }

  emit<N extends Name>(name: N, message: StreamedMessages[N] & SessionMessage): void {
    this.messages?.next(message);
    if (name !== 'messages') listenersOf(this, name)?.next(message);
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
    const listeners = listenersOf(this, name) ?? new Listeners<StreamedMessages[N]>();
    Object.assign(this, { [name]: listeners });
    listeners.add(observer, subscription);
  }

  complete(): void {
    this.isComplete = true;
    const { submits, cancels, patches, migrations, closes, messages } = this;
    for (const stream of [submits, cancels, patches, migrations, closes, messages]) stream?.complete();
  }
}

function listenersOf<N extends Name>(streams: Streams, name: N): Listeners<StreamedMessages[N]> | undefined {
  return streams[name];
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
