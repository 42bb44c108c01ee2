import { Subscription, type SchedulerLike } from 'rxjs';
import { scheduleIn } from '../../transport/time/schedule-in';

/** The part of a session that is registered. */
export interface RegisteredSession {
  readonly sessionId: number;
  readonly claim: { readonly owner: string | undefined };
}

/** A session id in use. */
export interface SessionEntry<S extends RegisteredSession> {
  readonly sessionId: number;
  /** The session, attached or waiting for its client; undefined for an id that only waits to be named. */
  readonly core: S | undefined;
  /** The owner, where its policy has said. */
  readonly owner: string | undefined;
}

/** Where the ids come from that a server chooses. */
export interface SessionIds {
  /** Another one; it may be in use. */
  next(): number;
}

/** One after the other, from where it begins, around. */
export class CountedIds implements SessionIds {
  constructor(private upcoming: number) {}

  next(): number {
    const id = this.upcoming;
    this.upcoming = id === 0xffffffff ? 1 : id + 1;
    return id;
  }
}

/** The sessions of a server by id (protocol section 9). */
export class SessionRegistry<S extends RegisteredSession> {
  private readonly entries = new Map<number, SessionEntry<S>>();
  private readonly expiries = new Subscription();

  constructor(private readonly ids: SessionIds = new CountedIds(1)) {}

  /** How many ids are in use. */
  get size(): number {
    return this.entries.size;
  }

  get(sessionId: number): SessionEntry<S> | undefined {
    return this.entries.get(sessionId);
  }

  cores(): S[] {
    return [...this.entries.values()].flatMap(({ core }) => core ?? []);
  }

  set(core: S): void {
    const { sessionId, claim } = core;
    this.entries.set(sessionId, { sessionId, core, owner: claim.owner });
  }

  /** Forgets a session, unless another has taken its id since. */
  delete(core: S): void {
    if (this.entries.get(core.sessionId)?.core === core) this.entries.delete(core.sessionId);
  }

  /** Keeps the id of a session that is over, so that it can be named for a while. */
  park(core: S, windowMs: number, scheduler: SchedulerLike): void {
    const { sessionId, claim } = core;
    if (this.entries.get(sessionId)?.core !== core) return;
    const parked: SessionEntry<S> = { sessionId, core: undefined, owner: claim.owner };
    this.entries.set(sessionId, parked);
    const expiry = scheduleIn(scheduler, windowMs, () => {
      if (this.entries.get(sessionId) === parked) this.entries.delete(sessionId);
      this.expiries.remove(expiry);
    });
    this.expiries.add(expiry);
  }

  /** Forgets every id that is only parked. */
  clear(): void {
    this.expiries.unsubscribe();
    this.entries.clear();
  }

  /** An id that nobody uses; ids are used again only once all others have been. */
  freeId(): number {
    let id = this.ids.next();
    while (this.entries.has(id)) id = this.ids.next();
    return id;
  }
}
