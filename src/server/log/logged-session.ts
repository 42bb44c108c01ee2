import type { LogEnd, LogField, LogUpdate, LogVerdict } from '../../cluster/session-log';
import { CloseReason } from '../../wire/messages/session-close';
import { EMPTY } from '../../wire/packet';
import { preview4 } from '../../wire/preview4';
import { hashToken } from '../opening/resume-token';
import { LoggedOperations } from './logged-operations';
import type { LoggedOperation, LoggedParts, Writer } from './logged-parts';
import { LoggedResults } from './logged-results';
import { encodeSession, encodeTokens } from './session-record';

/** Bytes that one update has, about: of results, and of answers that are kept. */
const UPDATE_BYTES = 256 * 1024;

/** Names of fields; those of operations are their numbers. */
export const SESSION_FIELD = 'session';
export const LAST_OPERATION_FIELD = 'last';
/** The number of the last result before those that a client may lack, where others of kept answers come first. */
export const FIRST_FIELD = 'first';
/** While the client is away, where answers are kept: the number of the last result that it was sent. */
export const SENT_FIELD = 'sent';

/** What comes between an update and its verdict, to be said again where nothing came of it. */
interface Said {
  readonly kind: LogUpdate['kind'];
  readonly last: number;
  readonly bytes: number;
  readonly hasTokens: boolean;
  readonly operations: ReadonlySet<number>;
}

/** What the log has of a session that was another node's. */
export interface TakenLog {
  /** The number of the newest result that there was, bytes of those that are there, and updates that were kept. */
  readonly last: number;
  readonly bytes: number;
  readonly updates: number;
  readonly nextToken: Uint8Array;
  /** Of each operation, the results that there were before its first. */
  readonly since: ReadonlyMap<number, number>;
}

/** A session that is to outlive its node: it knows what of it is in the log, and what is to be said next. */
export class LoggedSession {
  /** Whether the log is to hear of it; looked at with each result. */
  private isChanged = false;
  /** Whether what is said next follows what was. */
  private isWhole = false;
  private isOver = false;
  /** Of a session that another node is to go on with, whose server ends: what is left of them. */
  private lastWords: LogUpdate[] | undefined;
  private isLastWordOut = false;
  /** Updates that were kept since the session was said whole. */
  private updates = 0;
  private keptLastOperation = 0;
  /** As `SENT_FIELD` was said. */
  private keptSent: number | undefined = NaN;
  private hasTokens = false;
  /** Whether the log has said, since it was asked last, that it has what it was told. */
  private isConfirmed = false;
  private said: Said | undefined;
  private readonly results: LoggedResults;
  private readonly operations: LoggedOperations;
  private nextToken: Uint8Array;
  private lastUpdate = 0;

  constructor(
    private readonly core: LoggedParts,
    private readonly writer: Writer<LoggedSession>,
    /** Of this node, as the session's owner. */
    readonly epoch: number,
    private readonly makeToken: (sessionId: number) => Uint8Array,
    taken?: TakenLog,
  ) {
    this.nextToken = taken?.nextToken ?? makeToken(core.sessionId);
    this.isWhole = taken !== undefined;
    this.hasTokens = taken !== undefined;
    this.updates = taken?.updates ?? 0;
    this.results = new LoggedResults(core.outlet, core.server.settings.outbox.maxBytes, taken);
    this.operations = new LoggedOperations(core, taken?.since);
  }

  get sessionId(): number {
    return this.core.sessionId;
  }

  /** When the log was last told of it, in milliseconds. */
  get updatedAt(): number {
    return this.lastUpdate;
  }

  /** Whether nothing may be said of it to its client until the log has. */
  get isInDoubt(): boolean {
    return this.writer.isInDoubt(this);
  }

  /** There is something to log. */
  note(): void {
    if (this.isChanged) return;
    this.isChanged = true;
    this.writer.changed(this);
  }

  began({ frameId }: LoggedOperation): void {
    this.operations.began(frameId);
    this.note();
  }

  /** What is submitted is logged whole from now on: its application can go on with it elsewhere. */
  keepBodies(): void {
    if (!this.operations.keepBodies()) return;
    this.hold();
    this.note();
  }

  /** A client has come for the session. */
  attached(): void {
    this.hold();
    this.note();
  }

  /** An operation has ended, or its answer is kept no more. */
  changed(frameId: number): void {
    this.operations.note(frameId);
    this.note();
  }

  /** The token that the client is given now, of which the log knows. */
  takeToken(): Uint8Array {
    const token = this.nextToken;
    this.nextToken = this.makeToken(this.sessionId);
    this.tokensChanged();
    return token;
  }

  tokensChanged(): void {
    this.hasTokens = false;
    this.note();
  }

  /**
   * The session has ended. Where that is because the server does, and the client is away and knows nothing of it, another
   * node goes on with it.
   */
  over(): void {
    if (this.isOver) return;
    const { isShutDown, asked, outlet } = this.core;
    // One that its application ends meanwhile is nobody's.
    const isServers = asked === undefined ? isShutDown : asked.closeReason === CloseReason.ServerShutdown;
    if (isServers && outlet.current === undefined) {
      // What is out by now may come to nothing.
      this.isWhole = false;
      this.lastWords = this.allThatIs();
    }
    this.isOver = true;
    this.note();
  }

  /** Results that had numbers there are others now. */
  rewritten(): void {
    this.isWhole = false;
    this.note();
  }

  /** Asks the log whether it has what it was told: it may have lost that since. */
  confirm(): void {
    this.isConfirmed = false;
    this.writer.askAbout(this);
  }

  /** Whether all that there is of the session is logged, as the log has confirmed. */
  get isInStep(): boolean {
    const isSaid = !this.isChanged && this.said === undefined;
    return this.isConfirmed && this.isWhole && isSaid && this.results.isNewest(this.results.kept);
  }

  /** This node has done with the session, which goes on as it is logged: nothing more is said of it. */
  letGo(): void {
    this.isChanged = this.isOver = true;
    this.writer.forget(this);
  }

  /** It is not in doubt any more. */
  trusted(): void {
    this.core.outlet.release();
  }

  /** More waits for the log's word than may: its client is to come back for that. */
  cut(): void {
    this.core.cut();
  }

  /** The session is another node's. */
  fenced(): void {
    this.leave();
    this.core.superseded();
  }

  /** Nothing more of it is logged. */
  leave(): void {
    this.isChanged = this.isOver = true;
    this.core.outlet.logged(Infinity);
  }

  /** What the log is to be told; asked once for each time that there is something. */
  update(now: number): LogUpdate | LogEnd {
    const { sessionId, epoch } = this;
    this.isChanged = false;
    this.lastUpdate = now;
    const [lastWord] = this.lastWords ?? [];
    if (lastWord !== undefined) {
      this.isLastWordOut = true;
      return lastWord;
    }
    if (!this.isOver) return this.more();
    return { kind: 'over', sessionId, node: this.writer.node, epoch };
  }

  /** All updates that there are, as if each was kept. */
  private allThatIs(): LogUpdate[] {
    const updates: LogUpdate[] = [];
    do {
      updates.push(this.more());
      this.answered({ kind: 'kept' });
    } while (this.hasMore);
    return updates;
  }

  private more(): LogUpdate {
    const { sessionId, epoch } = this;
    if (this.isWhole && this.results.areAmiss) this.isWhole = false;
    if (!this.isWhole) this.beginAnew();
    const kind = this.isWhole ? 'more' : 'whole';
    const { kept: after } = this.results;
    const { results, last } = this.results.next(UPDATE_BYTES);
    const withEnds = this.results.isNewest(last);
    const { fields, said } = this.operations.news({ withEnds, mostBytes: UPDATE_BYTES - results.length });
    this.said = { kind, last, bytes: results.length, hasTokens: this.hasTokens, operations: said };
    this.isWhole = true;
    return {
      kind,
      sessionId,
      node: this.writer.node,
      epoch,
      tokens: this.hasTokens ? undefined : this.tokens(),
      fields: [...this.fields(kind), ...fields],
      before: this.updates,
      after,
      results,
      last,
      trimTo: this.results.trim(this.operations.areWantedWhole ? this.operations.wantedAfter : undefined),
      ttlMs: this.writer.ttlMs,
    };
  }

  /** What is asked to hear whose the session is, and whether all that was kept of it is there. */
  question(): LogUpdate {
    const { sessionId, epoch, updates: before } = this;
    const { kept: after } = this.results;
    const nothing = { tokens: undefined, fields: [], results: EMPTY, trimTo: 0 };
    const { node, ttlMs } = this.writer;
    return { kind: 'ask', sessionId, node, epoch, ...nothing, before, after, last: after, ttlMs };
  }

  /** What became of the update. */
  answered(verdict: LogVerdict): void {
    const { said, results, operations } = this;
    if (this.lastWords !== undefined) {
      // Of what was out before, or asked, nothing matters any more.
      if (this.isLastWordOut) this.nextLastWord();
      return;
    }
    switch (verdict.kind) {
      case 'kept':
        this.isConfirmed = true;
        this.said = undefined;
        if (said === undefined) return;
        results.added(said.last, said.bytes, { isCounted: operations.areWantedWhole });
        this.updates += 1;
        operations.kept(said.operations);
        this.hold();
        if (this.hasMore) this.note();
        return;
      case 'fenced':
        this.fenced();
        return;
      case 'missing':
        this.isWhole = false;
        break;
      case 'at':
        // What it has more than this session ever had is none of its results; what it lacks may be gone here, too.
        if (!results.canFollow(verdict.last)) this.isWhole = false;
        results.kept = verdict.last;
        this.hold();
        // It may lack more than results.
        this.sayAgain();
    }
    this.cameToNothing();
  }

  /** Nobody knows what became of it: it is said again. For a log that does not answer results stay while they are few. */
  unanswered(): void {
    const { outlet } = this.core;
    if (outlet.heldBytes > UPDATE_BYTES) outlet.logged(Infinity);
    this.cameToNothing();
  }

  /** Whether one update was not enough. */
  private get hasMore(): boolean {
    return !this.results.isNewest(this.results.kept) || this.operations.hasNews;
  }

  /** Results that somebody may want whole stay until the log has them. */
  private hold(): void {
    const areWanted = !this.isOver && this.operations.areWantedWhole;
    this.core.outlet.logged(areWanted ? this.results.kept : Infinity);
  }

  private cameToNothing(): void {
    this.isLastWordOut = false;
    const { said } = this;
    this.said = undefined;
    if (said !== undefined) {
      if (said.kind === 'whole') this.isWhole = false;
      if (!said.hasTokens) this.hasTokens = false;
      this.operations.unanswered(said.operations);
      this.keptLastOperation = 0;
      this.keptSent = NaN;
    }
    this.note();
  }

  /** What became of one is no matter: nobody is left who could say it better. */
  private nextLastWord(): void {
    this.isLastWordOut = false;
    this.lastWords?.shift();
    this.isChanged = this.lastWords?.length === 0;
    this.note();
  }

  /** All that there is of the session is said. */
  private beginAnew(): void {
    this.updates = 0;
    this.hasTokens = false;
    this.keptLastOperation = 0;
    this.keptSent = undefined;
    const first = this.results.beginAnew();
    this.operations.beginAnew(first, this.core.outlet.releasedResults);
  }

  private sayAgain(): void {
    this.hasTokens = false;
    this.keptLastOperation = 0;
    this.keptSent = NaN;
    this.operations.sayAgain();
  }

  private tokens(): Uint8Array {
    const { claim } = this.core;
    const tokens = claim.tokens ?? { current: hashToken(EMPTY), previous: undefined, former: [] };
    this.hasTokens = true;
    return encodeTokens({
      ...tokens,
      next: hashToken(this.nextToken),
      isTakenOver: claim.isTakenOver,
    });
  }

  private fields(kind: LogUpdate['kind']): LogField[] {
    const { open, granted, revision, claim, operations, outlet } = this.core;
    const fields: LogField[] = [];
    if (kind === 'whole') {
      const record = {
        open,
        granted,
        revision: revision === preview4 ? ('preview4' as const) : ('preview3' as const),
        owner: claim.owner,
      };
      fields.push([SESSION_FIELD, encodeSession(record)]);
      const { firstSent } = this.results;
      if (firstSent > 0) fields.push([FIRST_FIELD, Buffer.from(String(firstSent))]);
    }
    const sent = outlet.current === undefined ? outlet.sentResults : undefined;
    if (outlet.retained !== undefined && sent !== this.keptSent) {
      this.keptSent = sent;
      fields.push([SENT_FIELD, sent === undefined ? undefined : Buffer.from(String(sent))]);
    }
    if (operations.lastOperationId !== this.keptLastOperation) {
      this.keptLastOperation = operations.lastOperationId;
      fields.push([LAST_OPERATION_FIELD, Buffer.from(String(this.keptLastOperation))]);
    }
    return fields;
  }
}
