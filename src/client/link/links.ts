import {
  firstValueFrom,
  identity,
  isObservable,
  map,
  Subject,
  takeUntil,
  throwError,
  type Observable,
} from 'rxjs';
import { describeValue } from '../../protocol/describe-value';
import { takeValue } from '../../protocol/options/take-options';
import { describeError, RuntimeError } from '../../protocol/runtime-error';
import type { ConnectEndpoint } from '../../transport/endpoint';
import { isOpensslFault } from '../../transport/network-errors';
import { transport as transportRule } from '../../transport/option-rules';
import { inTime } from '../../transport/time/in-time';
import type { PeerName, Transport, TransportKind } from '../../transport/transport';
import type { RevisionName } from '../../wire/message';
import { aborted$, throwIfAborted, unlessAborted } from '../abort';
import { onEach } from '../../transport/on-each';
import type { ClientSettings } from '../options';
import { ClientLink, linkOver, neitherRevision, type LinkEvent } from './link';
import { inTurn } from './in-turn';
import { speaksPreview3 } from './known-servers';

/** How a connection is to be made. */
interface ConnectWishes {
  readonly signal?: AbortSignal | undefined;
  readonly revision?: ClientSettings['revision'] | undefined;
}

/** The links of a client: makes them, and knows those that have not ended. */
export class ClientLinks {
  /** Where new sessions are opened; undefined where that link has ended. */
  main: ClientLink | undefined;
  /** What each tells, with the link that tells it. */
  readonly events$: Observable<readonly [ClientLink, LinkEvent]>;
  private readonly events = new Subject<readonly [ClientLink, LinkEvent]>();
  private readonly links = new Set<ClientLink>();
  /** Whose servers have not said yet what they speak. */
  private readonly greeted = new Set<ClientLink>();
  private peerName: PeerName = '';
  private kind: TransportKind = '';
  private lastRevision: RevisionName = 'preview3';
  private isClosed = false;

  constructor(
    private readonly settings: ClientSettings,
    /** Where the client may connect to. */
    private readonly endpoints: readonly ConnectEndpoint[],
  ) {
    this.events$ = this.events.asObservable();
  }

  get all(): readonly ClientLink[] {
    return [...this.links];
  }

  get size(): number {
    return this.links.size;
  }

  /** Of the newest link, also once it has ended. */
  get peer(): PeerName {
    return this.peerName;
  }

  /** Of the newest link, also once it has ended. */
  get transport(): TransportKind {
    return this.kind;
  }

  /** That the server speaks where new sessions are opened, or spoke there. */
  get revision(): RevisionName {
    return this.main?.speech.name ?? this.lastRevision;
  }

  /**
   * A link to the endpoint that comes first, or else to one of the client's, in an order of chance. Rejects as `connect`
   * does; where there are several endpoints, with a `RuntimeError` that says what each has met.
   */
  async reach(first: ConnectEndpoint | undefined, wishes: ConnectWishes = {}): Promise<ClientLink> {
    const met: unknown[] = [];
    for (const endpoint of inTurn(this.endpoints, first, this.settings.random)) {
      const { main } = this;
      if (main?.endpoint === endpoint) return main;
      try {
        return await this.connect(endpoint, wishes);
      } catch (error) {
        throwIfAborted(wishes.signal);
        if (this.isClosed) throw error;
        met.push(error);
      }
    }
    throw met.length === 1 ? met[0] : noneReached(met);
  }

  /**
   * Connects, in a revision, by default the one of the settings. Rejects with a `RuntimeError` where nobody answers in
   * time, or the client is closed meanwhile; with the reason of `signal` where that aborts first.
   */
  async connect(
    endpoint: ConnectEndpoint,
    { signal, revision = this.settings.revision }: ConnectWishes = {},
  ): Promise<ClientLink> {
    if (revision === 'preview3') return this.add(await this.dial(endpoint, signal));
    const { scheduler } = this.settings;
    const isKnown = revision === 'auto' && speaksPreview3(endpoint, scheduler.now());
    const link = await this.dial(endpoint, signal);
    if (isKnown) {
      link.preview3 = 'known';
      return this.add(link);
    }
    try {
      this.greeted.add(link);
      await unlessAborted(signal, link.greet());
      if (revision === 'preview4' && link.speech.name !== revision) throw noPreview4(endpoint.url);
      return this.add(link);
    } catch (error) {
      link.destroy();
      throwIfAborted(signal);
      if (revision === 'preview4' || this.isClosed || wasAnswered(error)) throw error;
      return this.add(await this.dialAgain(endpoint, signal));
    } finally {
      this.greeted.delete(link);
    }
  }

  /** Connects once more to a server that has not answered a hello. */
  private async dialAgain(endpoint: ConnectEndpoint, signal: AbortSignal | undefined): Promise<ClientLink> {
    try {
      const link = await this.dial(endpoint, signal);
      link.preview3 = 'tried';
      return link;
    } catch (cause) {
      throwIfAborted(signal);
      throw neitherRevision(endpoint.url, cause);
    }
  }

  private async dial(endpoint: ConnectEndpoint, signal: AbortSignal | undefined): Promise<ClientLink> {
    throwIfAborted(signal);
    const { connectTimeoutMs, scheduler } = this.settings;
    const tooLate = (): Observable<never> =>
      throwError(() => connectTimedOut(endpoint.url, connectTimeoutMs));
    const transport = await firstValueFrom(
      connecting(endpoint).pipe(
        inTime(scheduler, connectTimeoutMs, tooLate),
        signal === undefined ? identity : takeUntil(aborted$(signal)),
      ),
      { defaultValue: undefined },
    );
    if (transport === undefined) {
      throwIfAborted(signal);
      throw linkOver(endpoint.url);
    }
    if (this.isClosed) {
      transport.destroy();
      throw linkOver(endpoint.url);
    }
    this.peerName = transport.peer;
    this.kind = transport.kind;
    return new ClientLink(transport, endpoint, this.settings);
  }

  private add(link: ClientLink): ClientLink {
    if (link.isOver) throw linkOver(link.transport.peer);
    if (this.isClosed) {
      link.destroy();
      throw linkOver(link.transport.peer);
    }
    this.links.add(link);
    onEach(link.events$, (event) => {
      this.events.next([link, event]);
    });
    return link;
  }

  /**
   * Ends a connection that no session is on, unless it is where new ones are opened. Where one may be opened yet, whoever
   * asked for it leaves once that is answered.
   */
  async leaveUnused(link: ClientLink): Promise<void> {
    const isUsed = link.sessionCount > 0 || link.opensAwaited > 0 || link === this.main;
    if (!isUsed) await link.close();
  }

  /** A link has ended, and is none of the client's any more. */
  forget(link: ClientLink): void {
    this.links.delete(link);
    this.lastRevision = this.revision;
    if (this.main === link) this.main = undefined;
  }

  /** The server of a link shuts down: no session is opened there any more. */
  async retire(link: ClientLink): Promise<void> {
    if (this.main === link) this.main = undefined;
    await this.leaveUnused(link);
  }

  /** Ends every link in good order, and every one that is made later. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const link of this.greeted) link.destroy();
    await Promise.all(this.all.map((link) => link.close()));
  }

  /** Ends every link at once, and every one that is made later. */
  destroy(): void {
    this.isClosed = true;
    for (const link of [...this.greeted, ...this.links]) link.destroy();
  }
}

/** An endpoint can be anybody's: what it gives is judged. */
function connecting(endpoint: ConnectEndpoint): Observable<Transport> {
  const connected$: unknown = endpoint.connect();
  if (!isObservable(connected$)) {
    throw new TypeError(
      `connect() of the endpoint must give an Observable, got ${describeValue(connected$)}`,
    );
  }
  return connected$.pipe(map((given) => takeValue(given, 'what the endpoint connects', transportRule)));
}

/** Whether nothing else can be expected of another connection, in whatever revision: the server has said what it thinks. */
function wasAnswered(error: unknown): boolean {
  return isOpensslFault(error) || (error instanceof RuntimeError && error.kind === 'protocol');
}

function noneReached(met: readonly unknown[]): RuntimeError {
  return new RuntimeError('io', `none of the servers can be reached: ${met.map(describeError).join('; ')}`, {
    reach: 'connection',
    origin: 'local',
    cause: new AggregateError(met),
  });
}

function noPreview4(url: string): RuntimeError {
  return new RuntimeError(
    'io',
    `the server at ${url} answers CLIENT_HELLO in preview3; connect with revision 'auto' or 'preview3' to speak that`,
    { reach: 'connection', origin: 'peer' },
  );
}

function connectTimedOut(url: string, ms: number): RuntimeError {
  return new RuntimeError('io', `cannot connect to ${url}: no answer within ${ms} ms`, {
    reach: 'connection',
    origin: 'local',
  });
}
