import { take, type Subscription } from 'rxjs';
import { RuntimeError } from '../../../../protocol/runtime-error';
import { scheduleAt } from '../../../../transport/time/schedule-in';
import { breaksRule } from '../../../../wire/errors';
import type { CommonHeader } from '../../../../wire/header';
import type { BudgetMetadata } from '../../../../wire/preview4/control/scheduling';
import { OperationBudget, tellBudget, tellSpent } from '../operation-budget';
import type { OperationNames } from '../operation-names';
import type { SessionOperations } from '../session-operations';
import { isEarly, type Toll } from '../../session-terms';
import { UNSAID, type Scheduled, type Shared } from './scheduled';
import type { SessionParts } from '../session-parts';
import type { ReceivedSubmit } from '../submit';

interface ScheduledSession extends SessionParts {
  readonly names: OperationNames | undefined;
}

/** Of what has not come, however many operations a session may run. */
const MOST_RESERVED = 1024;

/**
 * When the operations of a session have to be done, as its client says, and which of those that wait go first. The newest
 * word counts. One may come before its submit: of so many as may be in flight.
 */
export class OperationSchedule {
  /** By frame. */
  private readonly reserved = new Map<number, Scheduled & { readonly operationId: bigint | undefined }>();
  private readonly timers = new Map<ReceivedSubmit, Subscription>();
  /** Operations that their deadline has ended when they had only just come, of which no toll was taken yet. */
  private early = 0;
  /** What all operations of the session may use together, where anything is said of that. */
  sharedBudget: OperationBudget | undefined;
  /** Of what is submitted that says nothing of its own. */
  private shared: Shared | undefined;

  constructor(
    private readonly session: ScheduledSession,
    private readonly operations: SessionOperations,
  ) {}

  /** DEADLINE, EXPIRE_AT, PRIORITY_UPDATE. Throws an `NnrpError` where it is of no operation, or of another. */
  change(header: CommonHeader, operationId: bigint, changes: Partial<Scheduled>): void {
    const { frameId } = header;
    const { operations } = this;
    const { names } = this.session;
    if (frameId === 0 || operationId === 0n) breaksRule('scheduling is of one operation and its frame');
    const submit = operations.get(frameId);
    names?.checkBound(operationId, submit);
    if (submit === undefined) {
      // It may have crossed with the operation's end.
      if (!operations.has(frameId)) this.reserve(frameId, operationId, changes);
      return;
    }
    const { deadlineAt: before } = submit.scheduled ?? UNSAID;
    submit.scheduled = { ...(submit.scheduled ?? UNSAID), ...changes };
    if (changes.rank !== undefined) operations.admission.ranked();
    if (changes.deadlineAt === undefined) return;
    if (changes.deadlineAt === Infinity) submit.moveDeadline(Infinity);
    this.watch(submit);
    const isPast = this.msTo(changes.deadlineAt) <= 0;
    // Told once, however often it is said.
    if (isPast && this.msTo(before) > 0) this.tellPast(header, changes.deadlineAt);
    if (isPast && submit.scheduled.isDiscarded) this.giveUp(submit);
  }

  /** Of those that their deadlines have ended early since it was last asked: the next deadline pays for them. */
  takeToll(): Toll | undefined {
    const count = this.early;
    this.early = 0;
    return count === 0 ? undefined : { kind: 'cancelled-early', count };
  }

  /** BUDGET_UPDATE, of an operation or of all that there are and will be. Throws an `NnrpError` as {@link change} does. */
  budget(header: CommonHeader, update: BudgetMetadata): void {
    const { operationId } = update;
    const { frameId } = header;
    if (operationId === 0n && frameId === 0) {
      (this.sharedBudget ??= new OperationBudget()).change(update);
      for (const submit of this.operations.begun()) this.begin(submit);
      return;
    }
    const submit = this.operations.get(frameId);
    const said = submit?.scheduled ?? this.reserved.get(frameId);
    const budget = said?.budget ?? new OperationBudget(this);
    this.change(header, operationId, { budget });
    budget.change(update);
    if (submit !== undefined) tellBudget(submit);
  }

  /** What is said of a frame, or with frame 0 of all that come. Throws an `NnrpError` where too many are to come. */
  say(frameId: number, said: Shared): void {
    const submit = this.operations.get(frameId);
    if (frameId === 0) this.shared = { ...this.shared, ...said };
    else if (submit !== undefined) submit.scheduled = { ...(submit.scheduled ?? UNSAID), ...said };
    else if (!this.operations.has(frameId)) this.reserve(frameId, undefined, said);
  }

  /** ROUTE_HINT and EXECUTION_HINT, of an operation, or of all that come. Throws an `NnrpError` as {@link change} does. */
  hint(header: CommonHeader, operationId: bigint, hint: Shared): void {
    if (operationId === 0n && header.frameId === 0) this.shared = { ...this.shared, ...hint };
    else this.change(header, operationId, hint);
  }

  /**
   * A submit has come, of which something may have been said; `late` where it is not to begin. Throws an `NnrpError` where
   * that was said of another operation.
   */
  foretold(submit: ReceivedSubmit): 'in-time' | 'late' {
    const said = this.reserved.get(submit.frameId);
    if (said === undefined) {
      this.joinShared(submit);
      return 'in-time';
    }
    this.reserved.delete(submit.frameId);
    if (said.operationId !== undefined) this.session.names?.checkBound(said.operationId, submit);
    submit.scheduled = said;
    this.joinShared(submit);
    if (said.deadlineAt === Infinity) return 'in-time';
    submit.deadline = this.session.server.scheduler.now() + this.msTo(said.deadlineAt);
    if (this.msTo(said.deadlineAt) > 0) return 'in-time';
    this.tellPast(submit.header, said.deadlineAt);
    return said.isDiscarded ? 'late' : 'in-time';
  }

  /** Gives an operation up when its time has come, where its client wants that. */
  watch(submit: ReceivedSubmit): void {
    const { deadlineAt, isDiscarded } = submit.scheduled ?? UNSAID;
    const before = this.timers.get(submit);
    before?.unsubscribe();
    if (deadlineAt === Infinity || submit.hasEnded) return;
    const { scheduler, settings } = this.session.server;
    submit.moveDeadline(scheduler.now() + this.msTo(deadlineAt));
    if (!isDiscarded) return;
    const timer = scheduleAt(scheduler, settings.wallClock, deadlineAt, () => {
      this.giveUp(submit);
    });
    this.timers.set(submit, timer);
    if (before !== undefined) return;
    const forget = (): void => {
      this.timers.get(submit)?.unsubscribe();
      this.timers.delete(submit);
    };
    submit.ended$.pipe(take(1)).subscribe({ next: forget, error: forget });
  }

  private giveUp(submit: ReceivedSubmit): void {
    if (isEarly(submit, this.session.server.scheduler.now())) this.early += 1;
    this.operations.giveUp(submit, 'late');
  }

  /** An operation begins, or what all of them may use has changed: it has part in that. */
  begin(submit: ReceivedSubmit): void {
    if (this.sharedBudget === undefined) return;
    const said = submit.scheduled ?? UNSAID;
    const budget = said.budget ?? new OperationBudget(this);
    submit.scheduled = { ...said, budget };
    budget.renewed();
    tellBudget(submit);
  }

  /** What all of them may use has run out. */
  sharedSpent(): void {
    for (const submit of this.operations.begun()) tellSpent(submit);
  }

  /** Its client has come back, and says again what it has said of submits that it sends again. */
  cameBack(): void {
    this.reserved.clear();
  }

  /** Its client has forgotten what it has said ahead, or is another: that is of nothing which comes from now on. */
  forget(): void {
    for (const submit of this.operations.all()) {
      this.begin(submit);
      submit.scheduled?.budget?.leave();
    }
    this.reserved.clear();
    this.shared = undefined;
    this.sharedBudget = undefined;
  }

  private joinShared(submit: ReceivedSubmit): void {
    const { shared } = this;
    if (shared === undefined) return;
    const said = submit.scheduled ?? UNSAID;
    submit.scheduled = {
      ...said,
      trace: said.trace ?? shared.trace,
      routeHint: said.routeHint ?? shared.routeHint,
      executionHint: said.executionHint ?? shared.executionHint,
      degraded: said.degraded ?? shared.degraded,
    };
  }

  private reserve(frameId: number, operationId: bigint | undefined, changes: Partial<Scheduled>): void {
    const { reserved } = this;
    const said = reserved.get(frameId);
    if (said === undefined) this.makeRoom();
    reserved.set(frameId, { ...(said ?? UNSAID), ...changes, operationId: operationId ?? said?.operationId });
  }

  private makeRoom(): void {
    const { reserved, operations } = this;
    const { granted } = this.session;
    const most = Math.min(Math.max(1, granted.maxInFlightOperations), MOST_RESERVED);
    if (reserved.size < most) return;
    for (const frameId of reserved.keys())
      if (frameId <= operations.lastOperationId) reserved.delete(frameId);
    if (reserved.size >= most) breaksRule(`scheduling before its submit is of ${most} operations at most`);
  }

  private msTo(deadlineAt: number): number {
    return deadlineAt - this.session.server.settings.wallClock.now();
  }

  /** No fault of the packet's, but hardly what its client meant. */
  private tellPast(header: CommonHeader, deadlineAt: number): void {
    const { server, outlet, sessionId } = this.session;
    const message =
      `the deadline of operation ${header.frameId} of session ${sessionId} had passed ${-this.msTo(deadlineAt)} ms ` +
      `before it came; is a clock wrong, the client's or this one?`;
    const error = new RuntimeError('protocol', message, { reach: 'operation', origin: 'peer' });
    server.reports.violations.next({ error, peer: outlet.peer, header });
  }
}
