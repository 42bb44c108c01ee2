import type { LogEnd, LogOwner, LogUpdate, LogVerdict, SessionLog, StoredSession } from './session-log';

interface KeptSession extends LogOwner {
  readonly tokens: Uint8Array;
  readonly fields: ReadonlyMap<string, Uint8Array>;
  readonly results: readonly {
    readonly epoch: number;
    readonly last: number;
    readonly packets: Uint8Array;
  }[];
  readonly last: number;
  readonly updates: number;
  readonly until: number;
  /** Whether nothing is left of it but whose it was. */
  readonly isOver: boolean;
}

const EMPTY = new Uint8Array(0);

const NOTHING = { tokens: EMPTY, fields: new Map<string, Uint8Array>(), results: [], last: 0, updates: 0 };

/** What the sessions of a cluster within one process have said. */
export class MemoryLog {
  private sessions = new Map<number, KeptSession>();

  constructor(
    private readonly now: () => number,
    /** Whether a node lives. */
    private readonly lives: (node: string) => boolean,
  ) {}

  /** As one node has it, whose calls take as long as others to the store. */
  over(later: <T>(work: () => T) => Promise<T>): SessionLog {
    return {
      append: (updates) => later(() => updates.map((update) => this.take(update))),
      find: (sessionId) => later(() => this.there(sessionId)),
      takeOver: (sessionId, from, to) => later(() => this.takeOver(sessionId, from, to)),
    };
  }

  clear(): void {
    this.sessions.clear();
  }

  /** Gives what takes back all that comes from now on. */
  checkpoint(): () => void {
    // What is kept of a session is replaced, not changed.
    const sessions = new Map(this.sessions);
    return () => {
      this.sessions = new Map(sessions);
    };
  }

  private get(sessionId: number): KeptSession | undefined {
    const kept = this.sessions.get(sessionId);
    if (kept === undefined || kept.until > this.now()) return kept;
    this.sessions.delete(sessionId);
    return undefined;
  }

  /** One that is not over. */
  private there(sessionId: number): KeptSession | undefined {
    const kept = this.get(sessionId);
    return kept?.isOver === true ? undefined : kept;
  }

  private take(update: LogUpdate | LogEnd): LogVerdict {
    const { sessionId, node, epoch } = update;
    const kept = this.get(sessionId);
    const isAnothers = kept?.epoch === epoch && kept.node !== node;
    if (kept !== undefined && (kept.epoch > epoch || isAnothers)) return { kind: 'fenced' };
    if (update.kind === 'over') {
      // The node before may stand still, and is to hear that the session is not its own.
      if (epoch === 1 || kept === undefined) this.sessions.delete(sessionId);
      else this.sessions.set(sessionId, { ...kept, ...NOTHING, node, epoch, isOver: true });
      return { kind: 'kept' };
    }
    if (update.kind === 'whole') {
      this.keep(update, { ...update, ...NOTHING, until: 0, isOver: false });
      return { kind: 'kept' };
    }
    if (kept?.epoch !== epoch || kept.isOver) return { kind: 'missing' };
    const unheard = kept.updates - update.before;
    if (unheard !== 0 && unheard !== 1) return { kind: 'missing' };
    if (kept.last !== update.after) return { kind: 'at', last: kept.last };
    if (update.kind === 'more') this.keep(update, kept);
    return { kind: 'kept' };
  }

  private keep({ sessionId, ...update }: LogUpdate, kept: KeptSession): void {
    const { node, epoch, tokens = kept.tokens, before, last, trimTo, ttlMs } = update;
    const fields = new Map(kept.fields);
    for (const [name, value] of update.fields) {
      if (value === undefined) fields.delete(name);
      else fields.set(name, value.slice());
    }
    const results = kept.results.filter(
      (entry) => trimTo === 0 || (entry.epoch === epoch && entry.last > trimTo),
    );
    if (update.results.length > 0) results.push({ epoch, last, packets: update.results.slice() });
    const of = { node, epoch, tokens, fields, results, last, updates: before + 1 };
    this.sessions.set(sessionId, { ...of, until: this.now() + ttlMs, isOver: false });
  }

  private takeOver(
    sessionId: number,
    from: LogOwner,
    to: { readonly node: string; readonly tokens: Uint8Array },
  ): StoredSession | undefined {
    const kept = this.there(sessionId);
    if (kept?.epoch !== from.epoch || kept.node !== from.node) return undefined;
    if (kept.node !== to.node && this.lives(kept.node)) return undefined;
    const taken = { ...kept, ...to, epoch: kept.epoch + 1 };
    this.sessions.set(sessionId, taken);
    return taken;
  }
}
