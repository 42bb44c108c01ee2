import { Subject, type Observer, type Subscription } from 'rxjs';
import type { Cancel, Close, SessionMessage } from '../messages';
import type { MigrateRequest, PatchRequest } from '../requests';
import type { Submit } from '../submits/submit';

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
 * What a session tells its application: everything in order, and a stream for each type. A subject is
 * made for whoever subscribes first, as most sessions are asked for their submits alone.
 */
export class SessionStreams {
  private readonly subjects: { [N in Name]?: Subject<StreamedMessages[N]> } = {};
  private isComplete = false;

  /** Whether anybody listens for what a stream brings, there or in everything. */
  isWatched(name: Name): boolean {
    return this.subjects[name]?.observed === true || this.subjects.messages?.observed === true;
  }

  emit<N extends Name>(name: N, message: StreamedMessages[N] & SessionMessage): void {
    this.subjects.messages?.next(message);
    if (name !== 'messages') this.subject(name)?.next(message);
  }

  subscribe<N extends Name>(name: N, observer: Observer<StreamedMessages[N]>): Subscription {
    const subject = this.subject(name) ?? new Subject<StreamedMessages[N]>();
    if (this.isComplete) subject.complete();
    else Object.assign(this.subjects, { [name]: subject });
    return subject.subscribe(observer);
  }

  complete(): void {
    this.isComplete = true;
    const { submits, cancels, patches, migrations, closes, messages } = this.subjects;
    for (const stream of [submits, cancels, patches, migrations, closes, messages]) stream?.complete();
  }

  private subject<N extends Name>(name: N): Subject<StreamedMessages[N]> | undefined {
    return this.subjects[name];
  }
}
