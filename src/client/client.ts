import { Subject, type Observable } from 'rxjs';
import { RuntimeError } from '../protocol/runtime-error';
import { idInUse } from '../protocol/session/session-limit';
import type { ConnectEndpoint } from '../transport/endpoint';
import { scheduleIn } from '../transport/time/schedule-in';
import type { PeerName, TransportKind } from '../transport/transport';
import type { Message, RevisionName } from '../wire/message';
import type { MessageType } from '../wire/message-type';
import { InFlightPolicy } from '../wire/messages/session-close';
import { SessionErrorCode, SessionStatus } from '../wire/messages/session-open';
import { showAsJson } from '../wire/show-as-json';
import { throwIfAborted, unlessAborted } from './abort';
import { SessionRejectedError } from './errors';
import { linkOver, type ClientLink } from './link/link';
import { ClientLinks } from './link/links';
import { takeClientOptions, takeEndpoints, takeResumeOptions, takeSessionOptions } from './option-rules';
import {
  clientSettings,
  type ClientOptions,
  type ClientSettings,
  type ResumeOptions,
  type SessionOptions,
} from './options';
import { onEach } from '../transport/on-each';
import { clientClosed, MainLink } from './reconnect/main-link';
import { Reconnection } from './reconnect/reconnection';
import { SessionMover } from './reconnect/session-mover';
import { AuthSource } from './session/auth';
import { ConnectedSession } from './session/connected-session';
import { requireFreeId } from './session/grant';
import { openRequest, type AcceptedOpen } from './session/open';
import type { ClientSession } from './session/session';
import { readTicket, toldWith, type Ticket } from './session/ticket';
import type { SessionOwner } from './session/session-owner';
import { clientUsage, type ClientUsage } from './usage';

/** A connection to a server. */
export interface Client {
  readonly peer: PeerName;
  readonly transport: TransportKind;
  /** Of the protocol, as the server speaks it where new sessions are opened, or spoke there last. */
  readonly revision: RevisionName;
  /** What the server did that the protocol forbids; each has cost its packet. */
  readonly violations$: Observable<RuntimeError>;
  /**
   * What keeps an application from what it has asked for, and ends no operation: a submit that has waited for credit for
   * 5 s, told once of a session.
   */
  readonly failures$: Observable<RuntimeError>;
  /** ERRORs of the server that concern no operation. */
  readonly errors$: Observable<Message<typeof MessageType.Error>>;
  /**
   * Completes when the connection has ended, and no session of the client waits for another; errors
   * with a `RuntimeError` where it failed. One that has `reconnect` itself has ended once it is closed.
   */
  readonly ended$: Observable<never>;
  /** What the client holds now. Counted when it is asked for. */
  readonly usage: ClientUsage;
  /**
   * Opens a session; one connection may carry many. Rejects with a `SessionRejectedError` where the
   * server refuses it, with an `NnrpError` where its answer breaks the protocol (one for another session
   * than was asked for, say), with a `RuntimeError` where the connection ends first, or the answer takes
   * longer than `openTimeoutMs`, which ends the connection; with a `TypeError` or a `RangeError` that names
   * the option where one cannot be what it is.
   *
   * @example
   * const session = await client.openSession({ reconnect: {} });
   */
  openSession(options?: SessionOptions): Promise<ClientSession>;
  /**
   * Takes a session up with its ticket (`session.ticket$`), from wherever: a page that was loaded again, another tab,
   * another process. It comes with its operations, whole where the server keeps answers (`retain`), else from where
   * the ticket was given; its options are those that it was opened with, but for these. Whoever had it before hears
   * that it is taken over. Rejects with a `TypeError` where the ticket is none, with a `SessionRejectedError` where
   * the server has the session no more, or cannot give it without a gap, and as `openSession` does.
   *
   * @example
   * const session = await client.resumeSession(sessionStorage.getItem('ticket') ?? '');
   * for (const { sent, results } of session.operations) console.log(sent?.text, await results.whole());
   */
  resumeSession(ticket: string, options?: ResumeOptions): Promise<ClientSession>;
  /**
   * Ends every session and the connection. The server hears of each, also of those that reconnect, if it can be
   * reached within `closeTimeoutMs`; what it has not taken by then is not waited for. To close again is to wait
   * for the same.
   */
  close(): Promise<void>;
}

/**
 * Connects to a server, or to one of several: each client to another, as chance has it, and to the next where one cannot
 * be reached. Rejects with a `RuntimeError`: `io` with host and port where nobody answers,
 * `unsupported-transport` where `options.transport` names another kind. Rejects with a `TypeError` or a
 * `RangeError` that names the option where one cannot be what it is, and with the reason of `options.signal` where
 * that aborts first.
 *
 * @example
 * const client = await connect(tcp({ port: 4433 }));
 * const session = await client.openSession();
 */
export async function connect(
  to: ConnectEndpoint | readonly ConnectEndpoint[],
  given: ClientOptions = {},
): Promise<Client> {
  const endpoints = takeEndpoints(to);
  const options = takeClientOptions(given);
  for (const { kind } of endpoints) {
    if (options.transport !== undefined && options.transport !== kind)
      throw unsupportedTransport(kind, options.transport);
  }
  const client = new RunningClient(clientSettings(options), endpoints);
  await client.connect(options.signal);
  return client;
}

/** What a session begins with, here. */
interface Beginning {
  readonly auth: Uint8Array;
  readonly signal: AbortSignal | undefined;
  /** Undefined for one that is opened. */
  readonly ticket?: Ticket;
}

class RunningClient implements Client, SessionOwner<ConnectedSession> {
  readonly violations$: Observable<RuntimeError>;
  readonly failures$: Observable<RuntimeError>;
  readonly errors$: Observable<Message<typeof MessageType.Error>>;
  readonly ended$: Observable<never>;
  private readonly violations = new Subject<RuntimeError>();
  private readonly failures = new Subject<RuntimeError>();
  private readonly errors = new Subject<Message<typeof MessageType.Error>>();
  private readonly ends = new Subject<never>();
  /** Those that are not over. */
  private readonly sessions = new Set<ConnectedSession>();
  private readonly links: ClientLinks;
  private readonly main: MainLink;
  private readonly reconnection: Reconnection;
  private readonly mover: SessionMover;
  private readonly auths: AuthSource;
  /** Opens that the server has not answered. */
  private readonly opening = new Set<Promise<void>>();
  private closed: Promise<void> | undefined;
  private isFinished = false;

  constructor(
    private readonly settings: ClientSettings,
    endpoints: readonly ConnectEndpoint[],
  ) {
    this.links = new ClientLinks(settings, endpoints);
    this.main = new MainLink(this.links, settings);
    this.auths = new AuthSource(settings.scheduler);
    this.reconnection = new Reconnection(this.links, this.auths, settings);
    this.mover = new SessionMover(this.links, this.reconnection, settings);
    this.violations$ = this.violations.asObservable();
    this.failures$ = this.failures.asObservable();
    this.errors$ = this.errors.asObservable();
    this.ended$ = this.ends.asObservable();
    onEach(this.links.events$, ([link, event]) => {
      if (event.kind === 'violation') this.violations.next(event.error);
      else if (event.kind === 'failure') this.failures.next(event.error);
      else if (event.kind === 'error') this.errors.next(event.message);
      else this.linkEnded(link, event.error);
    });
  }

  get peer(): PeerName {
    return this.links.peer;
  }

  get transport(): TransportKind {
    return this.links.transport;
  }

  get revision(): RevisionName {
    return this.links.revision;
  }

  get usage(): ClientUsage {
    return clientUsage(this.links.all, [...this.sessions]);
  }

  /** Makes the connection that new sessions are opened on. */
  async connect(signal: AbortSignal | undefined): Promise<void> {
    await this.main.connect(signal);
  }

  async openSession(given: SessionOptions = {}): Promise<ClientSession> {
    const { signal, ...wanted } = takeSessionOptions(given);
    const options = { ...this.settings.session, ...wanted };
    throwIfAborted(signal);
    const asked = this.authOf(options, signal);
    const auth = asked instanceof Uint8Array ? asked : await asked;
    const link = this.links.main ?? (await this.main.get(signal));
    return await this.begin(link, options, { auth, signal });
  }

  async resumeSession(ticket: string, given: ResumeOptions = {}): Promise<ClientSession> {
    const taken = readTicket(ticket);
    const { signal, ...wanted } = takeResumeOptions(given);
    const options = { ...this.settings.session, ...wanted, ...taken.options };
    throwIfAborted(signal);
    const auth = await this.authOf(options, signal);
    const link = await this.linkOf(taken.revision, signal);
    try {
      return await this.begin(link, options, { auth, signal, ticket: taken });
    } finally {
      await this.links.leaveUnused(link);
    }
  }

  /** A link of a revision, to where sessions are opened: the one of those, or another. */
  private async linkOf(revision: RevisionName, signal: AbortSignal | undefined): Promise<ClientLink> {
    const main = await this.main.get(signal);
    if (main.speech.name === revision) return main;
    return this.links.connect(main.endpoint, { revision, signal });
  }

  /** At once where nobody has to be waited for. */
  private authOf(
    { auth }: SessionOptions,
    signal: AbortSignal | undefined,
  ): Uint8Array | Promise<Uint8Array> {
    const asked = this.auths.of(auth);
    return asked instanceof Uint8Array ? asked : unlessAborted(signal, asked);
  }

  /** Opens a session on a link, or takes one up there with a ticket. */
  private async begin(
    link: ClientLink,
    options: SessionOptions,
    { auth, signal, ticket }: Beginning,
  ): Promise<ConnectedSession> {
    if (this.closed !== undefined) throw clientClosed(this.peer);
    const { largestPacket } = link.transport;
    const told = ticket === undefined ? {} : toldWith(ticket);
    let session: ConnectedSession | undefined;
    const blocks = { auth, resumeToken: ticket?.resumeToken };
    const request = openRequest(options, blocks, { largestPacket, ...told }, link.speech, (accepted) => {
      if (request.open.resumeTokenBytes === 0) requireFreeId(link, accepted);
      const by = ticket === undefined ? 'open' : 'ticket';
      // One in its place may have any id: what the ticket names was the server's choice.
      const kept = ticket === undefined ? options : { ...options, requestedSessionId: 0 };
      const opened = new ConnectedSession(this, this.settings, kept, accepted, link, by);
      this.sessions.add(opened);
      link.adopt(opened);
      if (ticket !== undefined && !knowsTickets(accepted)) {
        opened.leave();
        throw noTickets(link.transport.peer);
      }
      // The client was closed before the answer came, or the open given up.
      if (this.closed !== undefined || signal?.aborted === true) opened.leave();
      else session = opened;
    });
    const { requestedSessionId, resumeTokenBytes } = request.open;
    // The server would say the same, unless it has closed that session just now: then what is still on its
    // way for the old one would reach the new one.
    if (link.hasId(requestedSessionId) && resumeTokenBytes === 0) {
      const text = `${idInUse(requestedSessionId)} (by this client, on this connection)`;
      throw new SessionRejectedError(SessionStatus.Rejected, SessionErrorCode.SessionLimitReached, text);
    }
    try {
      await unlessAborted(signal, this.awaitOpen(link, link.open({ ...request, signal })));
      if (session === undefined) throw linkOver(this.peer);
      return session;
    } catch (error) {
      // Given up at the moment in which the server has accepted it.
      session?.leave();
      throw error;
    }
  }

  close(): Promise<void> {
    return (this.closed ??= this.end());
  }

  hurry(session: ConnectedSession): void {
    this.reconnection.hurry(session);
  }

  dismissed(session: ConnectedSession, from: ClientLink): void {
    this.reconnection.add(session, from);
    void this.links.retire(from);
  }

  showAnew(session: ConnectedSession): void {
    const { link, options } = session;
    // Nobody asks a session for it that has not said that it does so.
    if (link === undefined || options.reconnect === undefined) return;
    if (session.lose() === 'waits') void this.reconnection.showAnew(session, link);
  }

  move(session: ConnectedSession, from: ClientLink, endpoint: ConnectEndpoint): Promise<void> {
    return this.mover.move(session, from, endpoint);
  }

  ended(session: ConnectedSession): void {
    this.sessions.delete(session);
    this.reconnection.ended(session);
    this.finishIfIdle(undefined);
  }

  /** For logs: what it holds besides is endless, and secret in part. */
  toJSON(): Pick<Client, 'peer' | 'transport' | 'usage'> {
    const { peer, transport, usage } = this;
    return { peer, transport, usage };
  }

  private linkEnded(link: ClientLink, error: RuntimeError | undefined): void {
    for (const session of this.sessions) {
      if (session.link === link && session.lose(error) === 'waits') this.reconnection.add(session, link);
    }
    this.links.forget(link);
    this.finishIfIdle(error);
  }

  private async awaitOpen(link: ClientLink, answer: Promise<void>): Promise<void> {
    this.opening.add(answer);
    try {
      await answer;
    } finally {
      this.opening.delete(answer);
      // New ones may be opened elsewhere by now. Nobody waits for that: the session may be over again meanwhile.
      void this.links.leaveUnused(link);
    }
  }

  private async end(): Promise<void> {
    const { scheduler, closeTimeoutMs } = this.settings;
    const limit = scheduleIn(scheduler, closeTimeoutMs, () => {
      this.reconnection.giveUp();
      this.links.destroy();
    });
    const closing: Promise<unknown>[] = [];
    for (const session of this.sessions) {
      if (session.link === undefined) continue;
      // Who has taken the last word of such a session is only to pass it on.
      if (session.isRelayed && !session.isClosing) closing.push(session.close(AT_ONCE));
      else session.leave();
    }
    await Promise.all([Promise.allSettled(closing), this.reconnection.close()]);
    // A session that is accepted only now is to hear of its end as well.
    await Promise.allSettled(this.opening);
    this.reconnection.stop();
    this.main.stop();
    await this.links.close();
    limit.unsubscribe();
    this.finish(undefined);
  }

  private finishIfIdle(error: RuntimeError | undefined): void {
    const isToStay = this.settings.reconnect !== undefined && this.closed === undefined;
    if (this.links.size === 0 && this.reconnection.size === 0 && !isToStay) this.finish(error);
  }

  private finish(error: RuntimeError | undefined): void {
    if (this.isFinished) return;
    this.isFinished = true;
    this.reconnection.stop();
    this.violations.complete();
    this.failures.complete();
    this.errors.complete();
    if (error === undefined) this.ends.complete();
    else this.ends.error(error);
  }
}

showAsJson('Client', RunningClient);

const AT_ONCE = { inFlightPolicy: InFlightPolicy.Abort };

/** A server of this project that does not answer a ticket as such; one of the reference has nothing to go on with. */
function knowsTickets({ extension }: AcceptedOpen): boolean {
  return extension === undefined || extension.countFrom !== undefined;
}

function noTickets(peer: PeerName): RuntimeError {
  return new RuntimeError(
    'protocol',
    `the server at ${peer} is of a version that knows no tickets, and the session is closed; open another`,
    { reach: 'session', origin: 'peer' },
  );
}

function unsupportedTransport(actual: TransportKind, expected: TransportKind): RuntimeError {
  return new RuntimeError(
    'unsupported-transport',
    `the client is configured for ${expected} and was given an endpoint of kind ${actual}`,
    { reach: 'connection', origin: 'application' },
  );
}
