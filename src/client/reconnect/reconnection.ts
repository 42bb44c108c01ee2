import { Subscription } from 'rxjs';
import type { ConnectEndpoint } from '../../transport/endpoint';
import { scheduleIn } from '../../transport/time/schedule-in';
import { NnrpError } from '../../wire/errors';
import { InFlightPolicy } from '../../wire/messages/session-close';
import { SessionErrorCode, SessionStatus } from '../../wire/messages/session-open';
import { SessionRejectedError } from '../errors';
import { linkOver, type ClientLink } from '../link/link';
import type { ClientLinks } from '../link/links';
import { RECONNECT_DEFAULTS, type ClientSettings } from '../options';
import type { AuthSource } from '../session/auth';
import type { ConnectedSession } from '../session/connected-session';
import { notResumed } from '../session/session-end';
import { backoffMs } from './backoff';

/** The outcome of an attempt to take a session up: `lost` may be tried again, `refused` need not. */
export type ResumeOutcome =
  { readonly kind: 'attached' } | { readonly kind: 'refused' | 'lost'; readonly error: unknown };

/** The place that a session without a link waits for. */
interface WaitingPlace {
  /** Where to connect again; undefined while it moves from one link to another. */
  readonly endpoint: ConnectEndpoint | undefined;
  /** When the server forgets it, in milliseconds of the scheduler. */
  readonly until: number;
  /** When it is not tried any more to open another in its place. */
  readonly givenUpAt: number;
  /** Until when its own server is waited for, where that cannot be reached and another has not got it. */
  readonly ownUntil: number;
  /** The link that it has left, whose server may have it there yet: undefined where it has not. */
  readonly left: ClientLink | undefined;
}

/** Attempts that it took to get a link to a place. */
interface Waits {
  readonly attempts: number;
  /** Milliseconds of the last. */
  readonly lastMs: number;
}

/** Milliseconds after which a link was worth any wait, whatever it was used for. */
const GOOD_LINK_MS = 30_000;

/** Milliseconds that a server has to come back in before its sessions are opened anew elsewhere: as long as a restart takes. */
const OWN_SERVER_MS = 2_000;

/** Milliseconds that a wait is at most while a session is to be closed: the time to do it in is short. */
const CLOSING_WAIT_MS = 500;

/** Sessions without a link, and the attempts to get them another. */
export class Reconnection {
  private readonly waiting = new Map<ConnectedSession, WaitingPlace>();
  /** Where an attempt to connect again is under way, undefined, or about to be: its timer. */
  private readonly places = new Map<ConnectEndpoint, Subscription | undefined>();
  /** How attempts at a place have gone since a link to it was last worth the wait. */
  private readonly waits = new Map<ConnectEndpoint, Waits>();
  /** Of the last attempt to take each session up. */
  private readonly lastErrors = new WeakMap<ConnectedSession, unknown>();
  private readonly timers = new Subscription();
  private isClosed = false;

  constructor(
    private readonly links: ClientLinks,
    private readonly auths: AuthSource,
    private readonly settings: ClientSettings,
  ) {}

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
    if (this.isClosed && !session.isClosing) {
      session.end('session-closed', 'closed');
      return;
    }
    const now = this.settings.scheduler.now();
    const until = now + session.resumeWindowMs;
    const { giveUpMs = RECONNECT_DEFAULTS.giveUpMs } = session.options.reconnect ?? {};
    const givenUpAt = session.reopens ? Math.max(until, now + giveUpMs) : until;
    this.waiting.set(session, {
      endpoint,
      until,
      givenUpAt,
      ownUntil: now + OWN_SERVER_MS,
      left: session.isKept ? link : undefined,
    });
    if (isWorth(link, this.waits.get(endpoint)?.lastMs ?? 0)) this.waits.delete(endpoint);
    if (!this.places.has(endpoint)) this.reconnectLater(endpoint);
  }

  /** A session is between two links: whoever moves it resumes it. */
  hold(session: ConnectedSession, left: ClientLink): void {
    this.waiting.set(session, {
      endpoint: undefined,
      until: Infinity,
      givenUpAt: Infinity,
      ownUntil: 0,
      left,
    });
  }

  /** Asks for a session on a link, as it was or for another in its place. */
  async attach(session: ConnectedSession, link: ClientLink): Promise<ResumeOutcome> {
    try {
      await this.open(session, link);
      return { kind: 'attached' };
    } catch (error) {
      this.lastErrors.set(session, error);
      // Another token may be right, sooner or later; one that never changes is not.
      if (isAuthFailed(error) && typeof session.options.auth === 'function') return { kind: 'lost', error };
      const isRefused = error instanceof SessionRejectedError && error.status === SessionStatus.Rejected;
      return { kind: isRefused || error instanceof NnrpError ? 'refused' : 'lost', error };
    }
  }

  /** Takes a session up over the link that it had, whose server wants newer auth; else it waits like one without a link. */
  async showAnew(session: ConnectedSession, link: ClientLink): Promise<void> {
    this.hold(session, link);
    await this.takeUp(session, link);
    if (!this.waiting.has(session)) return;
    this.add(session, link);
    await this.links.leaveUnused(link);
  }

  /** One that the server does not have is opened anew, or has expired; one that it cannot take now waits. */
  private async takeUp(session: ConnectedSession, link: ClientLink): Promise<void> {
    const outcome = await this.attach(session, link);
    if (outcome.kind !== 'refused' || !this.waiting.has(session)) return;
    const { error } = outcome;
    if (this.mayBeAtItsOwn(session, link, error)) return;
    // One that breaks the protocol would do so again, and one that another client has taken has a session.
    const mayHaveAnother =
      error instanceof SessionRejectedError && notResumed(error).mayOpenAgain && session.reopens;
    if (session.isKept && mayHaveAnother) {
      this.forget(session);
      await this.takeUp(session, link);
    } else this.expire(session, error);
  }

  /** Another is opened in its place, of the same id perhaps: first it is closed where it may be yet. */
  private forget(session: ConnectedSession): void {
    this.sayFarewell(session);
    session.forget();
  }

  /** The client has given a session up, whose server may have it where it was: hears of it once, where that link goes on. */
  private sayFarewell(session: ConnectedSession): void {
    const place = this.waiting.get(session);
    if (place?.left === undefined) return;
    if (!place.left.isOver) place.left.send(session.farewell());
    this.waiting.set(session, { ...place, left: undefined });
  }

  /** Whether a session that another server has not got may be at its own yet, which is tried again. */
  private mayBeAtItsOwn(session: ConnectedSession, link: ClientLink, error: unknown): boolean {
    const { endpoint, ownUntil = 0 } = this.waiting.get(session) ?? {};
    if (!session.isKept || session.isClosing || endpoint === undefined || endpoint === link.endpoint)
      return false;
    const isUnknown =
      error instanceof SessionRejectedError && error.errorCode === SessionErrorCode.ResumeRejected;
    return isUnknown && this.settings.scheduler.now() < ownUntil;
  }

  /** Tries it once more where the server does not take what it is shown, and there may be something newer. */
  private async open(session: ConnectedSession, link: ClientLink): Promise<void> {
    try {
      await this.attempt(session, link);
    } catch (error) {
      if (!isAuthFailed(error) || typeof session.options.auth !== 'function') throw error;
      await this.attempt(session, link);
    }
  }

  private async attempt(session: ConnectedSession, link: ClientLink): Promise<void> {
    const asked = this.auths.of(session.options.auth);
    const auth = asked instanceof Uint8Array ? asked : await asked;
    // It may be over by now.
    if (!this.waiting.has(session)) throw linkOver(link.transport.peer);
    await link.open(
      session.openRequest(link, auth, (accepted) => {
        this.waiting.delete(session);
        session.attach(link, accepted);
      }),
    );
  }

  /** The server does not have a session any more, and there is none in its place. */
  expire(session: ConnectedSession, error: unknown = this.lastErrors.get(session)): void {
    this.sayFarewell(session);
    this.waiting.delete(session);
    session.expire(error);
  }

  /** A session that waits is to be closed: somebody waits for that, and not for long. */
  hurry(session: ConnectedSession): void {
    const endpoint = this.waiting.get(session)?.endpoint;
    const timer = endpoint === undefined ? undefined : this.places.get(endpoint);
    if (endpoint === undefined || timer === undefined) return;
    timer.unsubscribe();
    void this.reconnect(endpoint);
  }

  /** A session is over. */
  ended(session: ConnectedSession): void {
    this.sayFarewell(session);
    const endpoint = this.waiting.get(session)?.endpoint;
    if (!this.waiting.delete(session)) return;
    const timer = endpoint === undefined ? undefined : this.places.get(endpoint);
    if (endpoint !== undefined && timer !== undefined && this.waitingFor(endpoint).length === 0) {
      timer.unsubscribe();
      this.places.delete(endpoint);
    }
  }

  /** Closes every session that waits, over the link that it gets, and ends every one that comes to wait. */
  async close(): Promise<void> {
    this.isClosed = true;
    const closing = this.sessions.map((session) => session.close({ inFlightPolicy: InFlightPolicy.Abort }));
    // Where it cannot be closed, it is lost, which is an end as well.
    await Promise.allSettled(closing);
  }

  /** Ends every session that waits: there is no more time to tell the server. */
  giveUp(): void {
    for (const session of this.sessions) session.end('session-closed', 'closed');
  }

  /** Does some work, whose failures are its own, after so many milliseconds, unless there is no more time. */
  later(ms: number, work: () => Promise<void>): Subscription {
    const timer = scheduleIn(this.settings.scheduler, ms, () => {
      this.timers.remove(timer);
      void work();
    });
    this.timers.add(timer);
    return timer;
  }

  /** Nothing is done later any more. */
  stop(): void {
    this.timers.unsubscribe();
  }

  /**
   * Connects again to where sessions were lost, after a wait that grows with the attempts; `triedAt` is when the
   * last of them began.
   */
  private reconnectLater(endpoint: ConnectEndpoint, triedAt = -Infinity): void {
    const { random } = this.settings;
    this.expireOverdue(endpoint, triedAt);
    const [first] = this.waitingFor(endpoint);
    if (first === undefined) {
      this.places.delete(endpoint);
      return;
    }
    const attempts = this.waits.get(endpoint)?.attempts ?? 0;
    const backoff = backoffMs(attempts, first.options.reconnect ?? {}, random);
    const isClosing = this.waitingFor(endpoint).some((session) => session.isClosing);
    const wait = isClosing ? Math.min(backoff, CLOSING_WAIT_MS) : backoff;
    this.waits.set(endpoint, { attempts: attempts + 1, lastMs: wait });
    // Not past the end of a resume window: whoever waits hears then that the session is lost.
    const delayMs = Math.min(wait, this.nextExpiry(endpoint));
    const timer = this.later(delayMs, () => this.reconnect(endpoint));
    this.places.set(endpoint, timer);
  }

  private async reconnect(endpoint: ConnectEndpoint): Promise<void> {
    const { links } = this;
    const triedAt = this.settings.scheduler.now();
    this.places.set(endpoint, undefined);
    try {
      const kept = this.waitingFor(endpoint).find(({ isKept }) => isKept);
      // First where a session may be; one that is opened anew may be anywhere. A server that could not take them yet may
      // have left the connection open.
      const link = await links.reach(kept && endpoint, { revision: kept?.revision });
      links.main ??= link;
      await Promise.all(this.waitingFor(endpoint).map((session) => this.takeUp(session, link)));
      await links.leaveUnused(link);
    } catch {
      // Nobody answers yet: the next attempt, or the end of the resume window, says so.
    }
    this.reconnectLater(endpoint, triedAt);
  }

  private waitingFor(endpoint: ConnectEndpoint): ConnectedSession[] {
    return [...this.waiting].filter(([, place]) => place.endpoint === endpoint).map(([session]) => session);
  }

  /** Milliseconds until the first of the sessions that were lost there is forgotten, or given up. */
  private nextExpiry(endpoint: ConnectEndpoint): number {
    const now = this.settings.scheduler.now();
    const waits = [...this.waiting]
      .filter(([, place]) => place.endpoint === endpoint)
      .map(([{ isKept }, { until, givenUpAt }]) => (isKept ? until : givenUpAt) - now);
    return Math.min(...waits);
  }

  /**
   * An attempt that began at the end of the window was the last to resume a session. One that began before it may have
   * failed because this process stood still, or the server: they may have the session yet. Of one place only: a session
   * of another may just be taken up there.
   */
  private expireOverdue(endpoint: ConnectEndpoint, triedAt: number): void {
    for (const [session, place] of this.waiting) {
      if (place.endpoint !== endpoint || triedAt < place.until) continue;
      const isUnwanted = isAuthFailed(this.lastErrors.get(session));
      if (triedAt >= place.givenUpAt || isUnwanted || !session.reopens) this.expire(session);
      else if (session.isKept) this.forget(session);
    }
  }
}

function isAuthFailed(error: unknown): boolean {
  return error instanceof SessionRejectedError && error.errorCode === SessionErrorCode.AuthFailed;
}

/**
 * Whether a link that is lost was worth the wait for it, so that the next wait is short again: an answer came
 * over it, and it lived for half as long as was waited for it. To be taken up, and given what had gathered
 * meanwhile, is not enough: a link may end each time right after that.
 */
function isWorth(link: ClientLink, waitedMs: number): boolean {
  return link.outlet.ageMs >= (link.wasAnswered ? waitedMs / 2 : GOOD_LINK_MS);
}
