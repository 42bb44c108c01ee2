import type { Observable } from 'rxjs';
import type { ClientSession } from '../../src/client/session/session';
import type { AnswerPlan } from './actors/answers';
import type { Fact } from './facts';
import {
  isOpenForClient,
  newGrant,
  type Grant,
  type OperationOrigin,
  type OperationRecord,
  type SessionRecord,
} from './records';
import { nothingHeard } from './wire/heard';
import { RunLedger } from './run-ledger';

/** What a session is like, whichever it is. */
type SessionTraits = Pick<SessionRecord, 'actor' | 'isObedient' | 'isReconnecting'> &
  Partial<Pick<SessionRecord, 'maxBufferedBytes'>>;

/** What is known of a run: the trace, the records, and the first violation. */
export class Ledger extends RunLedger {
  readonly operations: OperationRecord[] = [];
  readonly sessions: SessionRecord[] = [];
  /** By id and by tag, the newest of each. */
  readonly sessionsById = new Map<number, SessionRecord>();
  readonly sessionsByTag = new Map<bigint, SessionRecord>();
  /** What each connection may carry, as the client was told, by connection id. */
  readonly connectionGrants = new Map<number, Grant>();
  private readonly held = new Map<bigint, SessionRecord>();
  /** What the invariants have not looked at yet. */
  readonly touched = new Set<OperationRecord>();
  readonly facts: Fact[] = [];
  /** Operations that a client waits for. */
  readonly open = new Set<OperationRecord>();
  /** Operations that are with the application. */
  readonly working = new Set<OperationRecord>();
  /** Packets that anybody has sent. */
  sent = 0;

  /** Takes what a stream emits; one that errors should not have. */
  follow<T>(source$: Observable<T>, take: (value: T) => void): void {
    source$.subscribe({
      next: take,
      error: (error: unknown) => {
        this.violated(0, `a stream failed: ${String(error)}`);
      },
    });
  }

  /** The session that a client has under a tag. */
  heldBy(tag: bigint): SessionRecord | undefined {
    return this.held.get(tag);
  }

  /** A client has its session now: its first of that tag, or another in the place of the one that it had. */
  goesOver(to: SessionRecord, client: ClientSession): void {
    const from = this.held.get(to.tag);
    this.held.set(to.tag, to);
    to.client = client;
    if (from === undefined || from === to) return;
    to.connectivity = from.connectivity;
    Object.assign(from, { client: undefined, link: undefined });
    for (const operation of from.operations) {
      if (!operation.isOfClient || !isOpenForClient(operation)) continue;
      if (operation.frameId !== 0 && !operation.isReturned) {
        // Whoever pulls it has not heard of its end.
        operation.isForgotten = true;
        continue;
      }
      operation.session = to;
      from.operations.delete(operation);
      to.operations.add(operation);
    }
  }

  /** The server takes a client's session for a new one, as far as `isKnown` says where it has it already. */
  taken(tag: bigint, isKnown: (session: SessionRecord) => boolean): SessionRecord | undefined {
    const newest = this.sessionsByTag.get(tag);
    return newest === undefined || !isKnown(newest) ? newest : this.openSession(newest, newest.tag);
  }

  openSession(
    { actor, isObedient, isReconnecting, maxBufferedBytes }: SessionTraits,
    former?: bigint,
  ): SessionRecord {
    const session: SessionRecord = {
      actor,
      isObedient,
      isReconnecting,
      maxBufferedBytes,
      isAnew: former !== undefined,
      tag: former ?? BigInt(this.sessionsByTag.size + 1),
      operations: new Set(),
      sessionId: 0,
      server: undefined,
      isServed: false,
      attachedTo: undefined,
      attachment: undefined,
      detachedAt: undefined,
      tokens: [],
      results: [],
      cursor: undefined,
      lastAttempt: 0,
      closing: undefined,
      expiresAt: undefined,
      overdueAt: undefined,
      overfullAt: undefined,
      cached: new Set(),
      client: undefined,
      connectivity: undefined,
      link: undefined,
      lastLink: undefined,
      outstanding: new Set(),
      grant: newGrant(0),
      maxInFlight: 0,
      least: { server: Infinity, client: Infinity },
      holdEpoch: -1,
      arrivals: 0,
      wrongAcks: 0,
    };
    this.sessions.push(session);
    this.sessionsByTag.set(session.tag, session);
    return session;
  }

  addOperation(
    session: SessionRecord,
    plan: AnswerPlan,
    bodyOf: (index: number) => Uint8Array,
    { origin = 'client', reference }: { origin?: OperationOrigin; reference?: number | undefined } = {},
  ): OperationRecord {
    const index = this.operations.length + 1;
    const operation: OperationRecord = {
      index,
      session,
      plan,
      body: bodyOf(index),
      frameId: 0,
      seen: [],
      pulled: undefined,
      takenAt: 0,
      isToBeHeld: false,
      heard: nothingHeard(),
      progress: [],
      progressHeard: [],
      unsubscribedAt: undefined,
      isForgotten: false,
      isReturned: false,
      reference,
      isCancelled: false,
      isWithdrawn: false,
      isTooLate: false,
      isEarly: false,
      starts: 0,
      emitted: [],
      ends: [],
      offered: undefined,
      isRunning: false,
      isOfClient: origin === 'client',
      isGhost: origin === 'ghost',
      hasLastResult: false,
    };
    this.operations.push(operation);
    session.operations.add(operation);
    if (operation.isOfClient) this.open.add(operation);
    return operation;
  }
}
