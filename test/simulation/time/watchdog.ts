import { serverInnards, type ServerInnards } from '../innards';
import { INVARIANTS } from '../invariants';
import { isOverForServer, type OperationRecord, type SessionRecord } from '../records';
import type { World } from '../world';

/** Looks at everything after every event, and writes down the first thing that is wrong. */
export class Watchdog {
  /** Sessions that the server has. */
  private readonly living = new Set<SessionRecord>();
  private seenSessions = 0;

  constructor(private readonly world: World) {}

  afterEvent(): void {
    const { world } = this;
    const { ledger } = world;
    // What a process that stands still has not done yet is not late.
    const now = world.serverProcess.doneUntil;
    const held = this.recount(now);
    for (const operation of ledger.working) this.noteDeadline(operation, now);
    for (const operation of ledger.open) this.noteDeadline(operation, now);
    for (const invariant of INVARIANTS) {
      const { number } = invariant;
      for (const look of invariant.fact ?? []) for (const fact of ledger.facts) this.note(number, look(fact));
      for (const look of invariant.operation ?? []) {
        for (const operation of ledger.touched) this.note(number, look(operation));
      }
      for (const look of invariant.session ?? []) {
        for (const [session, innards] of held) this.note(number, look(session, innards, now));
      }
      for (const look of invariant.world ?? []) this.note(number, look(world, [...held.values()]));
    }
    ledger.facts.length = 0;
    ledger.touched.clear();
  }

  /** Once faults have stopped and everything has had its time. */
  settled(): void {
    for (const { number, settled } of INVARIANTS) {
      for (const look of settled ?? []) this.note(number, look(this.world));
    }
  }

  /** Once nothing more is to happen. */
  end(): void {
    for (const { number, operation, end } of INVARIANTS) {
      for (const look of operation ?? []) {
        for (const record of this.world.ledger.operations) this.note(number, look(record));
      }
      for (const look of end ?? []) this.note(number, look(this.world));
    }
  }

  private recount(now: number): ReadonlyMap<SessionRecord, ServerInnards> {
    const { sessions } = this.world.ledger;
    for (; this.seenSessions < sessions.length; this.seenSessions++) {
      const session = sessions[this.seenSessions];
      if (session !== undefined) this.living.add(session);
    }
    const held = new Map<SessionRecord, ServerInnards>();
    for (const session of this.living) {
      if (isOverForServer(session)) {
        this.living.delete(session);
      } else if (session.server !== undefined) {
        const innards = serverInnards(session.server);
        this.noteExpiry(session, now);
        if (session.attachment === 'reconnecting' && isOverfull(innards)) session.overfullAt ??= now;
        held.set(session, innards);
      }
    }
    return held;
  }

  /**
   * The date is looked at every minute where it was set: then a session may be late. One that reconnects may wait for its
   * client, which the policy judges anew.
   */
  private noteExpiry(session: SessionRecord, now: number): void {
    const { wallClock, scenario } = this.world;
    const { expiresAt = Infinity, isReconnecting, attachment } = session;
    const isAway = isReconnecting && attachment === 'reconnecting';
    if (wallClock.now() < expiresAt || isAway) session.overdueAt = undefined;
    else session.overdueAt ??= scenario.clockSteps.length === 0 ? now : now + 60_000;
  }

  /** The same of an operation, which waits for nobody. */
  private noteDeadline({ heard }: OperationRecord, now: number): void {
    if (heard.deadlineAt === Infinity) return;
    const { wallClock, scenario } = this.world;
    if (wallClock.now() < heard.deadlineAt) heard.overdueAt = undefined;
    else {
      heard.hasPassed = true;
      heard.overdueAt ??= scenario.clockSteps.length === 0 ? now : now + 60_000;
    }
  }

  private note(invariant: number, finding: string | undefined): void {
    if (finding !== undefined) this.world.ledger.violated(invariant, finding);
  }
}

function isOverfull({ outboxLimits, results, resultBytes }: ServerInnards): boolean {
  if (outboxLimits === undefined) return false;
  return results > outboxLimits.maxResults || resultBytes > outboxLimits.maxBytes;
}
