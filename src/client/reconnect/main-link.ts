import {
  defer,
  firstValueFrom,
  Observable,
  ReplaySubject,
  retry,
  takeUntil,
  throwError,
  type ObservableInput,
} from 'rxjs';
import { RuntimeError } from '../../protocol/runtime-error';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { PeerName } from '../../transport/transport';
import { throwIfAborted, unlessAborted } from '../abort';
import { linkOver, type ClientLink } from '../link/link';
import type { ClientLinks } from '../link/links';
import { RECONNECT_DEFAULTS, type ClientSettings } from '../options';
import { backoffMs } from './backoff';

/** The link that new sessions are opened on: made once at first, and again where the client stays. */
export class MainLink {
  /** Says so also to whoever comes later. */
  private readonly stopped = new ReplaySubject<void>(1);
  /** Under way for all that wait for it. */
  private again: Promise<ClientLink> | undefined;
  private isStopped = false;

  constructor(
    private readonly links: ClientLinks,
    private readonly settings: ClientSettings,
  ) {}

  /** Makes the first: tries until there is a server, where that is asked for, or else once. */
  async connect(signal: AbortSignal | undefined): Promise<void> {
    await unlessAborted(signal, this.make(this.settings.reconnect?.waitOnFirstConnect === true, signal));
  }

  /** Rejects with a `RuntimeError` where it has ended, and the client does not connect again. */
  async get(signal: AbortSignal | undefined): Promise<ClientLink> {
    const { links, settings } = this;
    if (links.main !== undefined) return links.main;
    if (this.isStopped) throw clientClosed(links.peer);
    if (settings.reconnect === undefined) throw linkOver(links.peer);
    this.again ??= this.make(true).finally(() => {
      this.again = undefined;
    });
    return unlessAborted(signal, this.again);
  }

  /** Nothing is tried any more. */
  stop(): void {
    this.isStopped = true;
    this.stopped.next();
  }

  private async make(waits: boolean, signal?: AbortSignal): Promise<ClientLink> {
    const { links, settings } = this;
    const { giveUpMs } = { ...RECONNECT_DEFAULTS, ...settings.reconnect };
    const until = settings.scheduler.now() + giveUpMs;
    const made = await firstValueFrom(
      defer(() => links.reach(undefined, { signal })).pipe(
        retry({ delay: (error, attempt) => this.nextAttempt(error, attempt - 1, waits ? until : 0, signal) }),
        takeUntil(this.stopped),
      ),
      { defaultValue: undefined },
    );
    if (made === undefined) throw (this.isStopped ? clientClosed : linkOver)(links.peer);
    return (links.main ??= made);
  }

  /** Emits when it is time for it; errors where there is none. */
  private nextAttempt(
    error: unknown,
    attempt: number,
    until: number,
    signal: AbortSignal | undefined,
  ): ObservableInput<unknown> {
    const { scheduler, reconnect = {}, random } = this.settings;
    throwIfAborted(signal);
    const left = until - scheduler.now();
    // Anything else will not be otherwise the next time.
    const isAway = error instanceof RuntimeError && error.kind === 'io';
    if (left <= 0 || !isAway) return throwError(() => error);
    return new Observable((subscriber) =>
      scheduleIn(scheduler, Math.min(left, backoffMs(attempt, reconnect, random)), () => {
        subscriber.next(undefined);
      }),
    );
  }
}

/** Nobody has lost anything: the application has closed its client. */
export function clientClosed(peer: PeerName): RuntimeError {
  const message = `this client was closed, and its connection to ${peer} has ended; connect again`;
  return new RuntimeError('io', message, { reach: 'connection', origin: 'local' });
}
