import type { LogEnd, LogField, LogUpdate, LogVerdict } from '../../cluster/session-log';
import { encodePacketInto, packetLength } from '../../wire/encode-packet';
import { CloseReason } from '../../wire/messages/session-close';
import { EMPTY, type Packet } from '../../wire/packet';
import { preview4 } from '../../wire/preview4';
import { hashToken } from '../opening/resume-token';
import { LogExtent } from './log-extent';
import type { LoggedOperation, LoggedParts } from './logged-parts';
import { encodeOperation, encodeSession, encodeTokens } from './session-record';

/** Bytes of results that one update has, about. */
const UPDATE_BYTES = 256 * 1024;

/** Names of fields; those of operations are their numbers. */
export const SESSION_FIELD = 'session';
export const LAST_OPERATION_FIELD = 'last';

/** Where sessions say that there is something to log. */
interface Writer {
  readonly node: string;
  /** Milliseconds that what is logged is kept. */
  readonly ttlMs: number;
  /** Once, until the session is asked what. */
  changed(session: LoggedSession): void;
  /** Nothing more is told of a session. */
  forget(session: LoggedSession): void;
}

/** What comes between an update and its verdict, to be said again where nothing came of it. */
interface Said {
  readonly kind: LogUpdate['kind'];
  readonly last: number;
  readonly bytes: number;
  readonly hasTokens: boolean;
  readonly operations: ReadonlyMap<number, LoggedOperation | undefined>;
}

/** A session that is to outlive its node: it knows what of it is in the log, and what is to be said next. */
export class LoggedSession {
  /** Whether the log is to hear of it; looked at with each result. */
  private isChanged = false;
  /** Whether what is said next follows what was. */
  private isWhole = false;
  private isOver = false;
  /** Of a session that another node is to go on with, whose server ends. */
  private lastWords: LogUpdate | undefined;
  /** The number of the newest result that is there, and updates that were kept since the session was said whole. */
  private kept = 0;
  private updates = 0;
  /** The number of the newest result of the epochs before. */
  private readonly base: number;
  private keptLastOperation = 0;
  private hasTokens = false;
  private hasBodies = false;
  /** Operations that have begun or, undefined, ended since. */
  private operations = new Map<number, LoggedOperation | undefined>();
  /** Operations that the log may have. */
  private readonly heardOf = new Set<number>();
  /** Results before each operation that runs. */
  private readonly since = new Map<number, number>();
  private said: Said | undefined;
  /** Where results are kept until their operation ends. */
  private readonly extent = new LogExtent();
  private nextToken: Uint8Array;
  private lastUpdate = 0;

  constructor(
    private readonly core: LoggedParts,
    private readonly writer: Writer,
    /** Of this node, as the session's owner. */
    readonly epoch: number,
    private readonly makeToken: (sessionId: number) => Uint8Array,
    /** What the log has of it, where it was another node's. */
    taken?: { readonly last: number; readonly updates: number; readonly nextToken: Uint8Array },
  ) {
    this.nextToken = taken?.nextToken ?? makeToken(core.sessionId);
    this.isWhole = taken !== undefined;
    this.hasTokens = taken !== undefined;
    this.kept = this.base = taken?.last ?? 0;
    this.updates = taken?.updates ?? 0;
  }

  get sessionId(): number {
    return this.core.sessionId;
  }

  /** When the log was last told of it, in milliseconds. */
  get updatedAt(): number {
    return this.lastUpdate;
  }

  /** There is something to log. */
  note(): void {
    if (this.isChanged) return;
    this.isChanged = true;
    this.writer.changed(this);
  }

  began(submit: LoggedOperation): void {
    const { frameId } = submit;
    const before = this.core.lost?.since(frameId);
    if (before !== undefined) this.heardOf.add(frameId);
    this.operations.set(frameId, submit);
    this.since.set(frameId, before ?? this.core.outlet.lastResult);
    this.note();
  }

  /** What is submitted is logged whole from now on: its application can go on with it elsewhere. */
  keepBodies(): void {
    if (this.hasBodies) return;
    this.hasBodies = true;
    for (const submit of this.core.operations.all()) this.operations.set(submit.frameId, submit);
    this.note();
  }

  ended(frameId: number): void {
    this.since.delete(frameId);
    // One that the log has not heard of needs no end.
    if (this.heardOf.has(frameId)) this.operations.set(frameId, undefined);
    else this.operations.delete(frameId);
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
    const isServers = isShutDown || asked?.closeReason === CloseReason.ServerShutdown;
    if (isServers && outlet.current === undefined) {
      // What is out by now may come to nothing.
      this.isWhole = false;
      this.lastWords = this.updateOf(Infinity);
    }
    this.isOver = true;
    this.note();
  }

  /** Results that had numbers there are others now. */
  rewritten(): void {
    this.isWhole = false;
    this.note();
  }

  /** Whether all that there is of the session is logged. */
  get isInStep(): boolean {
    const isSaid = !this.isChanged && this.said === undefined;
    return this.isWhole && isSaid && this.kept >= this.core.outlet.lastResult;
  }

  /** This node has done with the session, which goes on as it is logged: nothing more is said of it. */
  letGo(): void {
    this.isChanged = this.isOver = true;
    this.writer.forget(this);
  }

  /** The session is another node's: its handlers stop. */
  fenced(): void {
    this.leave();
    this.core.end('disconnected', 'closed');
  }

  /** Nothing more of it is logged. */
  leave(): void {
    this.isChanged = this.isOver = true;
  }

  /** What the log is to be told; asked once for each time that there is something. */
  update(now: number): LogUpdate | LogEnd {
    const { sessionId, epoch } = this;
    this.isChanged = false;
    this.lastUpdate = now;
    if (this.lastWords !== undefined) return this.lastWords;
    if (!this.isOver) return this.updateOf(UPDATE_BYTES);
    return { kind: 'over', sessionId, node: this.writer.node, epoch };
  }

  private updateOf(mostBytes: number): LogUpdate {
    const { sessionId, epoch } = this;
    if (!this.isWhole) this.beginAnew();
    const kind = this.isWhole ? 'more' : 'whole';
    const { results, last } = this.results(mostBytes);
    const { operations } = this;
    if (operations.size > 0) this.operations = new Map();
    for (const frameId of operations.keys()) this.heardOf.add(frameId);
    this.said = { kind, last, bytes: results.length, hasTokens: this.hasTokens, operations };
    this.isWhole = true;
    const wanted = this.wantedAfter;
    return {
      kind,
      sessionId,
      node: this.writer.node,
      epoch,
      tokens: this.hasTokens ? undefined : this.tokens(),
      fields: this.fields(kind, operations),
      before: this.updates,
      after: this.kept,
      results,
      last,
      // Of the epochs before, all goes at once.
      trimTo: wanted >= this.base ? wanted : 0,
      ttlMs: this.writer.ttlMs,
    };
  }

  /** What is asked to hear whose the session is, and whether all that was kept of it is there. */
  question(): LogUpdate {
    const { sessionId, epoch, updates: before, kept: after } = this;
    const nothing = { tokens: undefined, fields: [], results: EMPTY, trimTo: 0 };
    const { node, ttlMs } = this.writer;
    return { kind: 'ask', sessionId, node, epoch, ...nothing, before, after, last: after, ttlMs };
  }

  /** What became of the update. */
  answered(verdict: LogVerdict): void {
    const { said } = this;
    switch (verdict.kind) {
      case 'kept':
        this.said = undefined;
        if (said === undefined) return;
        this.kept = said.last;
        this.updates += 1;
        for (const [frameId, submit] of said.operations) {
          if (submit === undefined) this.heardOf.delete(frameId);
        }
        if (this.hasBodies) this.extent.add(said);
        if (this.kept < this.core.outlet.lastResult) this.note();
        return;
      case 'fenced':
        this.fenced();
        return;
      case 'missing':
        this.isWhole = false;
        break;
      case 'at':
        // What it has more than this session ever had is none of its results.
        if (verdict.last > this.core.outlet.lastResult) this.isWhole = false;
        this.kept = verdict.last;
        // It may lack more than results.
        this.sayAgain();
    }
    this.unanswered();
  }

  /** Nobody knows what became of it: it is said again. */
  unanswered(): void {
    const { said } = this;
    this.said = undefined;
    if (said !== undefined) {
      if (said.kind === 'whole') this.isWhole = false;
      if (!said.hasTokens) this.hasTokens = false;
      for (const [frameId, submit] of said.operations) {
        // What has come since then is newer.
        if (!this.operations.has(frameId)) this.operations.set(frameId, submit);
      }
      this.keptLastOperation = 0;
    }
    this.note();
  }

  /** All that there is of the session is said. */
  private beginAnew(): void {
    this.kept = this.core.outlet.releasedResults;
    this.updates = 0;
    this.operations = new Map();
    this.heardOf.clear();
    this.sayAgain();
  }

  private sayAgain(): void {
    this.hasTokens = false;
    this.keptLastOperation = 0;
    for (const submit of this.core.operations.all()) this.operations.set(submit.frameId, submit);
  }

  /** The number of the newest result that nobody wants any more: neither the client nor who goes on with an operation. */
  private get wantedAfter(): number {
    const { releasedResults } = this.core.outlet;
    if (!this.hasBodies) return releasedResults;
    const [since = releasedResults] = this.since.values();
    const { maxBytes } = this.core.server.settings.outbox;
    return Math.min(releasedResults, this.extent.trim(since, maxBytes));
  }

  private results(mostBytes: number): { readonly results: Uint8Array; readonly last: number } {
    const { outlet } = this.core;
    const from = Math.max(this.kept, outlet.releasedResults);
    outlet.seal();
    const packets: Packet[] = [];
    let bytes = 0;
    for (const { packet } of outlet.heldAfter(from)) {
      if (bytes >= mostBytes) break;
      packets.push(packet);
      bytes += packetLength(packet);
    }
    const results = Buffer.allocUnsafe(bytes);
    let at = 0;
    for (const each of packets) at = encodePacketInto(each, results, at);
    return { results, last: from + packets.length };
  }

  private tokens(): Uint8Array {
    const { claim } = this.core;
    const { current, previous } = claim.tokens ?? { current: hashToken(EMPTY), previous: undefined };
    this.hasTokens = true;
    return encodeTokens({
      current,
      previous,
      next: hashToken(this.nextToken),
      isTakenOver: claim.isTakenOver,
    });
  }

  private fields(
    kind: LogUpdate['kind'],
    changed: ReadonlyMap<number, LoggedOperation | undefined>,
  ): LogField[] {
    const { open, granted, revision, claim, operations } = this.core;
    const fields: LogField[] = [];
    if (kind === 'whole') {
      const record = {
        open,
        granted,
        revision: revision === preview4 ? ('preview4' as const) : ('preview3' as const),
        owner: claim.owner,
      };
      fields.push([SESSION_FIELD, encodeSession(record)]);
    }
    if (operations.lastOperationId !== this.keptLastOperation) {
      this.keptLastOperation = operations.lastOperationId;
      fields.push([LAST_OPERATION_FIELD, Buffer.from(String(this.keptLastOperation))]);
    }
    for (const [frameId, submit] of changed) fields.push([String(frameId), this.operation(submit)]);
    return fields;
  }

  private operation(submit: LoggedOperation | undefined): Uint8Array | undefined {
    if (submit === undefined) return undefined;
    const { frameId, sent, deadline } = submit;
    const { wallClock } = this.core.server.settings;
    const left = deadline - this.core.server.scheduler.now();
    return encodeOperation({
      since: this.since.get(frameId) ?? 0,
      deadline: deadline === Infinity ? undefined : wallClock.now() + left,
      sent,
      hasBody: this.hasBodies && submit.objects.length === 0,
    });
  }
}
