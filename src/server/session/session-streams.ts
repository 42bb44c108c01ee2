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

/** Who listens to each stream, if anybody does. */
type Streams = { readonly [N in Name]: Observer<StreamedMessages[N]> | undefined };

/** What a session tells its application: everything in order, and a stream for each type. */
export class SessionStreams implements Streams {
  readonly messages: Observer<SessionMessage> | undefined;
  readonly submits: Observer<Submit> | undefined;
  readonly cancels: Observer<Cancel> | undefined;
  readonly patches: Observer<PatchRequest> | undefined;
  readonly migrations: Observer<MigrateRequest> | undefined;
  readonly closes: Observer<Close> | undefined;
  private isComplete = false;

  /** Whether anybody listens for what a stream brings, there or in everything. */
  isWatched(name: Name): boolean {
    return this[name] !== undefined || this.messages !== undefined;
  }

  emit<N extends Name>(name: N, message: StreamedMessages[N] & SessionMessage): void {
    this.messages?.next(message);
    if (name !== 'messages') listenerOf(this, name)?.next(message);
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
    const listenTo = (observers: readonly Observer<StreamedMessages[N]>[]): void => {
      Object.assign(this, { [name]: oneOf(observers) });
    };
    listenTo([...observersOf(listenerOf(this, name)), observer]);
    subscription.add(() => {
      listenTo(observersOf(listenerOf(this, name)).filter((each) => each !== observer));
    });
  }

  complete(): void {
    this.isComplete = true;
    const { submits, cancels, patches, migrations, closes, messages } = this;
    for (const stream of [submits, cancels, patches, migrations, closes, messages]) stream?.complete();
  }
}

function listenerOf<N extends Name>(streams: Streams, name: N): Observer<StreamedMessages[N]> | undefined {
  return streams[name];
}

/**
 * Several observers as one. A `Subject` would make a closure and an iterator for each value, and every submit
 * passes here; and as most streams have one observer, that one is met without anything in between.
 */
class Several<T> implements Observer<T> {
  constructor(readonly observers: readonly Observer<T>[]) {}

  next(value: T): void {
    for (const observer of this.observers) observer.next(value);
  }

  error(error: unknown): void {
    for (const observer of this.observers) observer.error(error);
  }

  complete(): void {
    for (const observer of this.observers) observer.complete();
  }
}

function oneOf<T>(observers: readonly Observer<T>[]): Observer<T> | undefined {
  return observers.length > 1 ? new Several(observers) : observers[0];
}

function observersOf<T>(observer: Observer<T> | undefined): readonly Observer<T>[] {
  if (observer === undefined) return [];
  return observer instanceof Several ? (observer as Several<T>).observers : [observer];
}
