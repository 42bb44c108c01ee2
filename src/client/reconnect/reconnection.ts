import type { SchedulerLike, TimestampProvider } from 'rxjs';
import type { ConnectEndpoint } from '../../transport/endpoint';
import { NnrpError } from '../../wire/errors';
import { SessionStatus } from '../../wire/messages/session-open';
import { SessionRejectedError } from '../errors';
import type { ClientLink } from '../link/link';
import type { ClientLinks } from '../link/links';
import type { ConnectedSession } from '../session/connected-session';
import type { Timers } from '../timers';
import { backoffMs } from './backoff';

/** What reconnecting needs of its client. */
export interface ReconnectionHost {
  readonly scheduler: SchedulerLike;
  /** Tells the date. */
  readonly wallClock: TimestampProvider;
  readonly links: ClientLinks;
  readonly timers: Timers;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** Nothing waits for a place any more. */
  idle(): void;
}

/** What became of an attempt to take a session up. */
export type ResumeOutcome =
  { readonly kind: 'resumed' } | { readonly kind: 'expired' | 'lost'; readonly error: unknown };

/** What a session without a link waits for. */
interface WaitingPlace {
  /** Where to connect again; undefined while it moves from one link to another. */
  readonly endpoint: ConnectEndpoint | undefined;
  /** When the server forgets it, in milliseconds of the scheduler. */
  readonly until: number;
}

/** What it took to get a link to a place. */
interface Waits {
  readonly attempts: number;
  /** Milliseconds of the last. */
  readonly lastMs: number;
}

/** Milliseconds after which a link was worth any wait, whatever it was used for. */
const GOOD_LINK_MS = 30_000;

/** Sessions without a link, and the attempts to get them another. */
export class Reconnection {
  private readonly waiting = new Map<ConnectedSession, WaitingPlace>();
  /** Where an attempt to connect again is under way, or about to be. */
  private readonly places = new Set<ConnectEndpoint>();
  /** How attempts at a place have gone since a link to it was last worth the wait. */
  private readonly waits = new Map<ConnectEndpoint, Waits>();
  private isClosed = false;

  constructor(private readonly host: ReconnectionHost) {}

  /** The sessions without a link. */
  get sessions(): readonly ConnectedSession[] {
    return [...this.waiting.keys()];
  }

  get size(): number {
    return this.waiting.size;
  }

  /** A session has lost its link, and is to go on over another to the same place. */
  add(session: ConnectedSession, link: ClientLink): void {
    const { endpoint } = link;
    if (this.isClosed) {
      session.end('session-closed', 'closed');
      return;
    }
    this.waiting.set(session, { endpoint, until: this.host.scheduler.now() + session.resumeWindowMs });
    if (isWorth(link, this.waits.get(endpoint)?.lastMs ?? 0)) this.waits.delete(endpoint);
    if (!this.places.has(endpoint)) this.reconnectLater(endpoint);
  }

  /** A session is between two links: whoever moves it resumes it. */
  hold(session: ConnectedSession): void {
    this.waiting.set(session, { endpoint: undefined, until: Infinity });
  }

  /** A session that was held is not moved any more. */
  drop(session: ConnectedSession): void {
    this.waiting.delete(session);
  }

  /** Takes a session up on a link. One that the server refuses has expired; one that it cannot take now waits. */
  async resume(session: ConnectedSession, link: ClientLink): Promise<ResumeOutcome> {
    try {
      await link.open(
        session.resumeRequest((accepted) => {
          this.waiting.delete(session);
          session.attach(link, accepted);
        }),
      );
      return { kind: 'resumed' };
    } catch (error) {
      const isRefused = error instanceof SessionRejectedError && error.status === SessionStatus.Rejected;
      if (!isRefused && !(error instanceof NnrpError)) return { kind: 'lost', error };
      this.expire(session);
      return { kind: 'expired', error };
    }
  }

  /** Ends every session that waits, and every one that comes to wait. */
  close(): void {
    this.isClosed = true;
    for (const session of this.sessions) session.end('session-closed', 'closed');
    this.waiting.clear();
  }

  /** Connects again to where sessions were lost, after a wait that grows with the attempts. */
  private reconnectLater(endpoint: ConnectEndpoint): void {
    const { host } = this;
    this.expireOverdue(endpoint);
    const [first] = this.waitingFor(endpoint);
    if (this.isClosed || first === undefined) {
      this.places.delete(endpoint);
      host.idle();
      return;
    }
    this.places.add(endpoint);
    const attempts = this.waits.get(endpoint)?.attempts ?? 0;
    const wait = backoffMs(attempts, first.reconnectOptions, host.random);
    this.waits.set(endpoint, { attempts: attempts + 1, lastMs: wait });
    // Not past the end of a resume window: whoever waits hears then that the session is lost.
    host.timers.later(Math.min(wait, this.nextExpiry(endpoint) - host.scheduler.now()), () =>
      this.reconnect(endpoint),
    );
  }

  private async reconnect(endpoint: ConnectEndpoint): Promise<void> {
    const { links } = this.host;
    try {
      // A server that could not take the sessions yet may have left the connection open.
      const link = links.main?.endpoint === endpoint ? links.main : await links.connect(endpoint);
      links.main ??= link;
      await Promise.all(this.waitingFor(endpoint).map((session) => this.resume(session, link)));
      await links.leaveUnused(link);
    } catch {
      // Nobody answers yet: the next attempt, or the end of the resume window, says so.
    }
    this.reconnectLater(endpoint);
  }

  private waitingFor(endpoint: ConnectEndpoint): ConnectedSession[] {
    return [...this.waiting].filter(([, place]) => place.endpoint === endpoint).map(([session]) => session);
  }

  /** When the first of the sessions that were lost there is forgotten. */
  private nextExpiry(endpoint: ConnectEndpoint): number {
    return Math.min(
      ...[...this.waiting.values()].filter((place) => place.endpoint === endpoint).map(({ until }) => until),
    );
  }

  /** Of one place only: a session of another may just be taken up there. */
  private expireOverdue(endpoint: ConnectEndpoint): void {
    const now = this.host.scheduler.now();
    for (const [session, place] of this.waiting) {
      if (place.endpoint === endpoint && now >= place.until) this.expire(session);
    }
  }

  private expire(session: ConnectedSession): void {
    this.waiting.delete(session);
    session.end('connection-lost', 'expired');
  }
}

/**
 * Whether a link that is lost was worth the wait for it, so that the next wait is short again: an answer came
 * over it, and it lived for half as long as was waited for it. To be taken up, and given what had gathered
 * meanwhile, is not enough: a link may end each time right after that.
 */
function isWorth(link: ClientLink, waitedMs: number): boolean {
  return link.ageMs >= (link.wasAnswered ? waitedMs / 2 : GOOD_LINK_MS);
}
