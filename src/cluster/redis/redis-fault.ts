import { ClientOfflineError, ErrorReply, RootNodesUnavailableError } from '@redis/client';
import { BehaviorSubject, type Observable } from 'rxjs';
import { textOf } from '../../transport/connection-errors';

/** What to do about an answer of Redis that no later attempt will change, by its first word. */
const REMEDIES: Readonly<Record<string, string>> = {
  WRONGPASS: 'see to the user and the password of `url`',
  NOAUTH: 'give a password in `url`',
  NOPERM: 'let its user do so',
  MOVED: 'it is of a Redis Cluster: give `url` as a list',
};

/** Why Redis does not answer, in its own words or the system's: the last that was heard. */
export class RedisFault {
  private readonly last = new BehaviorSubject<string | undefined>(undefined);
  readonly text$: Observable<string | undefined> = this.last.asObservable();

  /** Passwords, none of which is told. */
  constructor(private readonly secrets: readonly string[]) {}

  note(error: unknown): void {
    // They say no more than that there is none.
    if (error instanceof ClientOfflineError || error instanceof RootNodesUnavailableError) return;
    const text = this.textOf(error);
    if (text !== this.last.value) this.last.next(text);
  }

  close(): void {
    this.last.complete();
  }

  private textOf(error: unknown): string {
    // A server that does not know a command repeats what it was given.
    const [text = ''] = textOf(firstOf(error)).split(', with args beginning with');
    if (this.secrets.some((secret) => text.includes(secret))) return 'it says what is not to be shown';
    const remedy = error instanceof ErrorReply ? REMEDIES[text.split(' ', 1)[0] ?? ''] : undefined;
    return remedy === undefined ? text : `${text} (${remedy})`;
  }
}

/** Node tries every address of a name, and reports them together. By its properties: see `textOf`. */
function firstOf(error: unknown): unknown {
  const isMany =
    typeof error === 'object' && error !== null && 'errors' in error && Array.isArray(error.errors);
  return isMany ? ((error.errors as readonly unknown[])[0] ?? error) : error;
}
