import type { Observer, Subscription } from 'rxjs';
import type { MigrateRequest, PatchRequest, SessionMessage } from './session-message';
import type { Message } from '../../wire/message';
import type { MessageType } from '../../wire/message-type';
import type { ReceivedSubmit } from './submits/submit';

/** The values of each stream of a session. */
export interface StreamedMessages {
  /** Everything, in order. */
  readonly messages: SessionMessage;
  readonly submits: ReceivedSubmit;
  readonly cancels: Message<typeof MessageType.FrameCancel>;
  readonly patches: PatchRequest;
  readonly migrations: MigrateRequest;
  readonly closes: Message<typeof MessageType.SessionClose>;
}

type Name = keyof StreamedMessages;

/** A listener of a stream; none of them fails. */
type Listener<T> = Pick<Observer<T>, 'next' | 'complete'>;

/** The listeners of each stream, if there are any. */
type Streams = { readonly [N in Name]: Listener<StreamedMessages[N]> | undefined };

/** Tells an application of its session: everything in order, and a stream for each type. */
export class SessionStreams implements Streams {
  readonly messages: Listener<SessionMessage> | undefined;
  readonly submits: Listener<ReceivedSubmit> | undefined;
  readonly cancels: Listener<StreamedMessages['cancels']> | undefined;
  readonly patches: Listener<PatchRequest> | undefined;
  readonly migrations: Listener<MigrateRequest> | undefined;
  readonly closes: Listener<StreamedMessages['closes']> | undefined;
  private isComplete = false;

  /** Whether anybody listens for what a stream brings, there or in everything. */
  isWatched(name: Name): boolean {
    return this[name] !== undefined || this.messages !== undefined;
  }

  emit<N extends Name>(name: N, message: StreamedMessages[N] & SessionMessage): void {
    this.messages?.next(message);
    if (name !== 'messages') listenerOf(this, name)?.next(message);
  }

  /** Tells a listener what a stream brings, until `subscription` ends. */
  subscribe<N extends Name>(
    name: N,
    listener: Listener<StreamedMessages[N]>,
    subscription: Subscription,
  ): void {
    if (this.isComplete) {
      listener.complete();
      return;
    }
    this.listenTo(name, [...listenersOf(listenerOf(this, name)), listener]);
    subscription.add(() => {
      this.listenTo(
        name,
        listenersOf(listenerOf(this, name)).filter((each) => each !== listener),
      );
    });
  }

  private listenTo<N extends Name>(name: N, listeners: readonly Listener<StreamedMessages[N]>[]): void {
    Object.assign(this, { [name]: oneOf(listeners) });
  }

  complete(): void {
    this.isComplete = true;
    const { submits, cancels, patches, migrations, closes, messages } = this;
    for (const stream of [submits, cancels, patches, migrations, closes, messages]) stream?.complete();
  }
}

function listenerOf<N extends Name>(streams: Streams, name: N): Listener<StreamedMessages[N]> | undefined {
  return streams[name];
}

/**
 * Several listeners as one. A `Subject` would make a closure and an iterator for each value, and every submit
 * passes here; and as most streams have one listener, that one is met without anything in between.
 */
class Several<T> implements Listener<T> {
  constructor(readonly listeners: readonly Listener<T>[]) {}

  next(value: T): void {
    for (const listener of this.listeners) listener.next(value);
  }

  complete(): void {
    for (const listener of this.listeners) listener.complete();
  }
}

function oneOf<T>(listeners: readonly Listener<T>[]): Listener<T> | undefined {
  return listeners.length > 1 ? new Several(listeners) : listeners[0];
}

function listenersOf<T>(listener: Listener<T> | undefined): readonly Listener<T>[] {
  if (listener === undefined) return [];
  return listener instanceof Several ? (listener as Several<T>).listeners : [listener];
}
