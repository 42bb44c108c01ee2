import { Subscription, type SchedulerLike } from 'rxjs';
import { NODE_TTL_MS, type NodeName } from '../../cluster/directory';
import type { LogEnd, LogOwner, LogUpdate, SessionLog, StoredSession } from '../../cluster/session-log';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { LoggedSession } from './logged-session';

/** Sessions, and bytes of results, that one call has at most. */
const CALL_SESSIONS = 1024;
const CALL_BYTES = 4 * 1024 * 1024;

/** Milliseconds until a call that was not answered is made again. */
const RETRY_MS = 250;

/** Milliseconds between two looks at the clock: a process that stood still finds that out. */
const TICK_MS = 500;

/** After a stand-still of so many milliseconds sessions may be another node's. */
const SUSPECT_MS = NODE_TTL_MS / 3;

/** Milliseconds after which the log is told again of a session that has nothing to say. */
const REFRESH_MS = 60_000;

/**
 * Tells the log what becomes of the sessions of a node: one call at a time, of all that there is to say by then. While
 * a call is out, or none is answered, what comes next gathers in the sessions' own outboxes, and no answer waits for it.
 * A node that stood still, or was without the log, asks first which of its sessions are others' by now, and of which the
 * log has less than it was told.
 */
export class LogWriter {
  /** What is said is kept so long, said again in time. */
  readonly ttlMs: number;
  private readonly sessions = new Set<LoggedSession>();
  private readonly changes = new Set<LoggedSession>();
  private readonly work = new Subscription();
  private isWriting = false;
  /** The call that is out. */
  private writing: Promise<void> = Promise.resolve();
  private mustAsk = false;
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
    this.mustAsk = this.sessions.size > 0;
    if (this.mustAsk && !this.isWriting) this.writeIn(0);
  }

  changed(session: LoggedSession): void {
    this.changes.add(session);
    if (!this.isWriting) this.writeIn(0);
  }

  /** Says what is left to say, as far as anybody answers, and nothing more. */
  async end(): Promise<void> {
    this.close();
    await this.writing;
    if (this.mustAsk && !(await this.ask())) return;
    while (this.changes.size > 0 && (await this.tell()));
  }

  /** Nothing more is told of a session. */
  forget(session: LoggedSession): void {
    this.sessions.delete(session);
    this.changes.delete(session);
  }

  /** Nothing is told any more. */
  close(): void {
    this.work.unsubscribe();
  }

  private writeIn(ms: number): void {
    if (this.work.closed) return;
    this.isWriting = true;
    const timer = scheduleIn(this.scheduler, ms, () => {
      this.work.remove(timer);
      this.writing = this.write();
    });
    this.work.add(timer);
  }

  private async write(): Promise<void> {
    let isAnswered = false;
    try {
      this.look();
      isAnswered = this.mustAsk ? await this.ask() : await this.tell();
    } finally {
      this.isWriting = false;
      if (!isAnswered) this.writeIn(RETRY_MS);
      else if (this.changes.size > 0 || this.mustAsk) this.writeIn(0);
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
      else bytes += update.results.length;
      told.push(session);
      updates.push(update);
    }
    try {
      const verdicts = await this.log.append(updates);
      told.forEach((session, index) => {
        const verdict = verdicts[index];
        if (verdict === undefined) session.unanswered();
        else session.answered(verdict);
        if (verdict?.kind === 'fenced') this.forget(session);
      });
      return !verdicts.includes(undefined);
    } catch {
      for (const session of told) session.unanswered();
      return false;
    }
  }

  /** Undefined where there is something that cannot be said: then nothing more of the session is. */
  private updateOf(session: LoggedSession, now: number): LogUpdate | LogEnd | undefined {
    try {
      return session.update(now);
    } catch (cause) {
      this.failed(session.sessionId, cause);
      session.leave();
      this.forget(session);
      return undefined;
    }
  }

  /** Asks what the log has of the sessions; false where nobody has answered. */
  private async ask(): Promise<boolean> {
    const asked = [...this.sessions];
    const questions: LogUpdate[] = asked.map((session) => session.question());
    let isAnswered = true;
    try {
      for (let at = 0; at < asked.length; at += CALL_SESSIONS) {
        const verdicts = await this.log.append(questions.slice(at, at + CALL_SESSIONS));
        verdicts.forEach((verdict, index) => {
          const session = asked[at + index];
          if (verdict === undefined) isAnswered = false;
          if (verdict === undefined || verdict.kind === 'kept' || session === undefined) return;
          session.answered(verdict);
          if (verdict.kind === 'fenced') this.forget(session);
        });
      }
      this.mustAsk = !isAnswered;
      return isAnswered;
    } catch {
      return false;
    }
  }

  private tickLater(): void {
    const timer = scheduleIn(this.scheduler, TICK_MS, () => {
      this.work.remove(timer);
      this.look();
      if (this.mustAsk && !this.isWriting) this.writeIn(0);
      this.refresh();
      this.tickLater();
    });
    this.work.add(timer);
  }

  /** Whether the process stood still for so long that others may have taken its sessions. */
  private look(): void {
    const now = this.scheduler.now();
    if (now - this.tickedAt > TICK_MS + SUSPECT_MS) this.mustAsk = this.sessions.size > 0;
    this.tickedAt = now;
  }

  private refresh(): void {
    const now = this.scheduler.now();
    if (now - this.refreshedAt < REFRESH_MS / 4) return;
    this.refreshedAt = now;
    const before = now - REFRESH_MS;
    for (const session of this.sessions) if (session.updatedAt < before) session.note();
  }
}
