import { Subscription, type SchedulerLike } from 'rxjs';
import { NODE_TTL_MS, type NodeName } from '../../cluster/directory';
import type { LogEnd, LogOwner, LogUpdate, LogVerdict } from '../../cluster/session-log';
import type { SessionLog, StoredSession } from '../../cluster/session-log';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { Writer } from './logged-parts';
import type { LoggedSession } from './logged-session';

/** Sessions that one call has at most, and bytes, about. */
const CALL_SESSIONS = 1024;
const CALL_BYTES = 4 * 1024 * 1024;

/** Milliseconds until a call that was not answered is made again, or what of it was not is said again. */
const RETRY_MS = 250;

/** Milliseconds between two looks at the clock: a process that stood still finds that out. */
const TICK_MS = 500;

/** After a stand-still of so many milliseconds sessions may be another node's. */
const SUSPECT_MS = NODE_TTL_MS / 3;

/** Milliseconds that their clients are told nothing then, until the log has answered: one that does not is down. */
const DOUBT_MS = NODE_TTL_MS;

/** Milliseconds after which the log is told again of a session that has nothing to say. */
const REFRESH_MS = 60_000;

/** That a session may be another node's by now. */
interface Suspicion {
  /** Calls that there were when it came about: what was said before says nothing of it. */
  readonly calls: number;
  /** Until when nothing is said to its client, in milliseconds. */
  readonly silentUntil: number;
}

/**
 * Tells the log what becomes of the sessions of a node: one call at a time, of all that there is to say by then. While
 * a call is out, or none is answered, what comes next gathers in the sessions' own outboxes, and no answer waits for it.
 * A node that stood still, or was without the log, asks first which of its sessions are others' by now, and of which the
 * log has less than it was told. One that stood still says nothing to their clients until then: they may be others', too.
 * Sessions of which nobody has heard, while others were answered, wait by themselves: a server of several that is away keeps
 * nothing from the others.
 */
export class LogWriter implements Writer<LoggedSession> {
  /** What is said is kept so long, said again in time. */
  readonly ttlMs: number;
  private readonly sessions = new Set<LoggedSession>();
  private readonly changes = new Set<LoggedSession>();
  /** Whose and what they are is to be asked. */
  private readonly unasked = new Set<LoggedSession>();
  /** Which may be another node's by now. */
  private readonly suspects = new Map<LoggedSession, Suspicion>();
  private calls = 0;
  /** Of which a call that others were answered by has said nothing; they are told again later. */
  private readonly unheard = new Set<LoggedSession>();
  private readonly work = new Subscription();
  private isWriting = false;
  /** The call that is out. */
  private writing: Promise<void> = Promise.resolve();
  private tickedAt: number;
  private refreshedAt: number;

  constructor(
    readonly node: NodeName,
    private readonly log: SessionLog,
    private readonly scheduler: SchedulerLike,
    /** How long a session waits for its client, in milliseconds. */
    resumeWindowMs: number,
    /** A session cannot be logged. */
    private readonly failed: (sessionId: number, cause: unknown) => void,
  ) {
    this.ttlMs = resumeWindowMs + 3 * REFRESH_MS;
    this.tickedAt = this.refreshedAt = scheduler.now();
    this.tickLater();
  }

  add(session: LoggedSession): void {
    this.sessions.add(session);
    session.note();
  }

  /** Makes a session this node's, whose node is gone. */
  takeOver(sessionId: number, from: LogOwner, tokens: Uint8Array): Promise<StoredSession | undefined> {
    return this.log.takeOver(sessionId, from, { node: this.node, tokens });
  }

  /** The log was away: others may have taken sessions over meanwhile, or it may have lost what it was told last. */
  isBack(): void {
    this.askAll();
  }

  /** Hears whether the log has what it was told of a session. */
  askAbout(session: LoggedSession): void {
    this.unasked.add(session);
    if (!this.isWriting) this.writeIn(0);
  }

  /** Whether a session may be another node's by now: the node stood still, or was without the log, and has not heard since. */
  isSuspect(session: LoggedSession): boolean {
    // Nobody is asked any more.
    if (this.work.closed) return false;
    this.look();
    return this.suspects.has(session);
  }

  /** Whether nothing may be said of a session to its client: the node stood still, and has not heard since. */
  isInDoubt(session: LoggedSession): boolean {
    if (this.work.closed) return false;
    // Each time: a process may be stopped within a turn, and go on with what is left of it.
    const now = this.look();
    return this.suspects.size > 0 && now < (this.suspects.get(session)?.silentUntil ?? -Infinity);
  }

  changed(session: LoggedSession): void {
    if (this.unheard.has(session)) return;
    this.changes.add(session);
    if (!this.isWriting) this.writeIn(0);
  }

  /** Says what is left to say, once, as far as anybody answers, and nothing more. */
  async end(): Promise<void> {
    this.close();
    await this.writing;
    this.tellUnheard();
    // What is told of one is a question, too.
    for (const session of this.unasked) this.changes.add(session);
    while (this.changes.size > 0) await this.tell();
  }

  /** Nothing more is told of a session. */
  forget(session: LoggedSession): void {
    this.sessions.delete(session);
    this.changes.delete(session);
    this.unasked.delete(session);
    this.suspects.delete(session);
    this.unheard.delete(session);
  }

  /** Nothing is told any more. */
  close(): void {
    this.work.unsubscribe();
  }

  private writeIn(ms: number): void {
    if (this.work.closed) return;
    this.isWriting = true;
    this.later(ms, () => {
      this.writing = this.write();
    });
  }

  private later(ms: number, work: () => void): void {
    const timer = scheduleIn(this.scheduler, ms, () => {
      this.work.remove(timer);
      work();
    });
    this.work.add(timer);
  }

  private async write(): Promise<void> {
    let isAnswered = false;
    try {
      this.look();
      isAnswered = (await this.ask()) && (await this.tell());
    } finally {
      this.isWriting = false;
      if (!isAnswered) this.writeIn(RETRY_MS);
      else if (this.changes.size > 0 || this.unasked.size > 0) this.writeIn(0);
    }
  }

  /** Says what there is to say, as much as one call has; false where nobody has answered. */
  private async tell(): Promise<boolean> {
    const now = this.scheduler.now();
    const told: LoggedSession[] = [];
    const updates: (LogUpdate | LogEnd)[] = [];
    let bytes = 0;
    for (const session of this.changes) {
      if (told.length >= CALL_SESSIONS || bytes >= CALL_BYTES) break;
      this.changes.delete(session);
      const update = this.updateOf(session, now);
      if (update === undefined) continue;
      if (update.kind === 'over') this.sessions.delete(session);
      else bytes += bytesOf(update);
      told.push(session);
      updates.push(update);
    }
    if (updates.length === 0) return true;
    const call = ++this.calls;
    try {
      const verdicts = await this.log.append(updates);
      this.look();
      told.forEach((session, index) => this.heard(session, verdicts[index], call));
      return true;
    } catch {
      // There is no later time once it ends.
      for (const session of told) {
        if (this.work.closed) this.heard(session, undefined);
        else session.unanswered();
      }
      return false;
    }
  }

  /** Of one session, from a call that is answered. */
  private heard(session: LoggedSession, verdict: LogVerdict | undefined, call = this.calls): void {
    if (verdict !== undefined) {
      session.answered(verdict);
      if (verdict.kind === 'fenced') this.forget(session);
      else if (call > (this.suspects.get(session)?.calls ?? Infinity)) {
        this.suspects.delete(session);
        session.trusted();
      }
      return;
    }
    session.unanswered();
    // One that is forgotten by now has nothing to say.
    if (this.changes.delete(session)) this.putOff(session);
  }

  private putOff(session: LoggedSession): void {
    if (this.unheard.size === 0) {
      this.later(RETRY_MS, () => {
        this.tellUnheard();
        if (this.changes.size > 0 && !this.isWriting) this.writeIn(0);
      });
    }
    this.unheard.add(session);
  }

  private tellUnheard(): void {
    for (const session of this.unheard) this.changes.add(session);
    this.unheard.clear();
  }

  /** Undefined where there is something that cannot be said: then nothing more of the session is. */
  private updateOf(session: LoggedSession, now: number): LogUpdate | LogEnd | undefined {
    try {
      return session.update(now);
    } catch (cause) {
      this.failed(session.sessionId, cause);
      session.leave();
      this.forget(session);
      session.trusted();
      return undefined;
    }
  }

  private askAll(silentUntil = -Infinity): void {
    for (const session of this.sessions) {
      const before = this.suspects.get(session)?.silentUntil ?? silentUntil;
      this.unasked.add(session);
      this.suspects.set(session, { calls: this.calls, silentUntil: Math.max(before, silentUntil) });
    }
    if (this.unasked.size > 0 && !this.isWriting) this.writeIn(0);
  }

  /**
   * Asks what the log has of the sessions of which that is to be asked; false where nobody has answered. Those of which
   * nobody has heard are told: that is a question, too.
   */
  private async ask(): Promise<boolean> {
    const silent: LoggedSession[] = [];
    let isAnswered = this.unasked.size === 0;
    while (this.unasked.size > 0) {
      const asked = [...this.unasked].slice(0, CALL_SESSIONS);
      for (const session of asked) this.unasked.delete(session);
      const call = ++this.calls;
      try {
        const verdicts = await this.log.append(asked.map((session) => session.question()));
        this.look();
        asked.forEach((session, index) => this.heard(session, verdicts[index], call));
        isAnswered = true;
      } catch {
        silent.push(...asked);
      }
    }
    for (const session of silent) {
      if (isAnswered) this.heard(session, undefined);
      else if (this.sessions.has(session)) {
        session.unanswered();
        this.unasked.add(session);
      }
    }
    return isAnswered;
  }

  private tickLater(): void {
    this.later(TICK_MS, () => {
      const now = this.look();
      // Without the log, sessions go on as ever.
      for (const [session, { silentUntil }] of this.suspects) if (silentUntil <= now) session.trusted();
      if (this.unasked.size > 0 && !this.isWriting) this.writeIn(0);
      this.refresh();
      this.tickLater();
    });
  }

  /** Finds out whether the process stood still for so long that others may have taken its sessions; returns the time. */
  private look(): number {
    const now = this.scheduler.now();
    const isAwake = now - this.tickedAt <= SUSPECT_MS;
    this.tickedAt = now;
    if (!isAwake) this.askAll(now + DOUBT_MS);
    return now;
  }

  private refresh(): void {
    const now = this.scheduler.now();
    if (now - this.refreshedAt < REFRESH_MS / 4) return;
    this.refreshedAt = now;
    const before = now - REFRESH_MS;
    for (const session of this.sessions) if (session.updatedAt < before) session.note();
  }
}

/** Of what is said of a session, as far as it may be much. */
function bytesOf({ results, fields }: LogUpdate): number {
  return fields.reduce((sum, [, value]) => sum + (value?.length ?? 0), results.length);
}
