import { Subject } from 'rxjs';
import type { Cancel, Close, SessionMessage } from './messages';
import type { MigrateRequest, PatchRequest } from './requests';
import type { Submit } from './submit';

/** What a session tells its application: everything in order, and a stream for each type. */
export class SessionStreams {
  readonly messages = new Subject<SessionMessage>();
  readonly submits = new Subject<Submit>();
  readonly cancels = new Subject<Cancel>();
  readonly patches = new Subject<PatchRequest>();
  readonly migrations = new Subject<MigrateRequest>();
  readonly closes = new Subject<Close>();

  /** Whether anybody listens for what a stream brings, there or in everything. */
  isWatched(stream: { readonly observed: boolean }): boolean {
    return stream.observed || this.messages.observed;
  }

  emit<T extends SessionMessage>(stream: Subject<T>, message: T): void {
    // Asked first: Subject.next costs as much as half a decode where nobody listens.
    if (this.messages.observed) this.messages.next(message);
    stream.next(message);
  }

  complete(): void {
    const { submits, cancels, patches, migrations, closes, messages } = this;
    for (const stream of [submits, cancels, patches, migrations, closes, messages]) stream.complete();
  }
}
