import { Subscription, type SchedulerLike } from 'rxjs';
import type { SessionCore } from './session-core';

/** What the server knows of a session id in use. */
export interface SessionEntry {
  readonly sessionId: number;
  /** Whether a client may take the session up again. */
  readonly isResumable: boolean;
  /** The session itself; undefined while it waits for its client. */
  core: SessionCore | undefined;
}

/** The sessions of a server by id (protocol section 9). */
export class SessionRegistry {
  private readonly entries = new Map<number, SessionEntry>();
  private readonly expiries = new Subscription();
  private nextFreeId = 1;

  /** How many ids are in use. */
  get size(): number {
    return this.entries.size;
  }

  get(sessionId: number): SessionEntry | undefined {
    return this.entries.get(sessionId);
  }

  set(entry: SessionEntry): void {
    this.entries.set(entry.sessionId, entry);
  }

  /** Forgets an id, unless another session has taken it since. */
  delete(entry: SessionEntry): void {
    if (this.entries.get(entry.sessionId) === entry) this.entries.delete(entry.sessionId);
  }

  /** Keeps the id of a session whose client is gone, and forgets it after `windowMs` without one. */
  park(entry: SessionEntry, windowMs: number, scheduler: SchedulerLike): void {
    entry.core = undefined;
    const expiry = scheduler.schedule(() => {
      this.delete(entry);
      this.expiries.remove(expiry);
    }, windowMs);
    this.expiries.add(expiry);
  }

  /** Forgets everything. */
  clear(): void {
    this.expiries.unsubscribe();
    this.entries.clear();
  }

  /** An id that nobody uses; ids are used again only once all others have been. */
  freeId(): number {
    while (this.entries.has(this.nextFreeId)) this.advance();
    const id = this.nextFreeId;
    this.advance();
    return id;
  }

  private advance(): void {
    this.nextFreeId = this.nextFreeId === 0xffffffff ? 1 : this.nextFreeId + 1;
  }
}
