import { Subject, type Observable } from 'rxjs';
import { type CancelScope, OperationState } from '../../../protocol/operation/operation';
import type { OperationRelations } from '../../../protocol/operation/operation-entry';
import type { IdRange } from '../../../protocol/operation/id-ranges';
import { OperationRegistry } from '../../../protocol/operation/operation-registry';
import { isTerminal, type Result } from '../../../protocol/operation/result';
import type { ToolOutcome, ToolRequest } from '../../../protocol/content/tool-call';
import type { DropCause } from '../../../protocol/revision/answers';
import type { SlotPool, SlotWaiter } from '../../limits/slot-pool';
import { SubscribersOf } from '../../subscribers';
import type { RefusedOperation } from '../results/result-replay';
import { resultTooLarge } from '../results/result-untaken';
import type { GivenUp, SubmitEnd } from '../session-message';
import { Admission } from './admission/admission';
import { KeptSlots } from './admission/kept-slots';
import { partSent } from './part-sent';
import type { SessionParts, Told } from './session-parts';
import { END_OF_RESULT, STATE_OF_END } from './submit-ends';
import type { OperationControl, ReceivedSubmit } from './submit';
import { SubmittedIds } from './submitted-ids';
import { ToolCalls } from './tool-calls';
import { unknownOperation } from './unknown-operation';

/** The operations of a session: who is registered, who waits, who runs (protocol section 8, and `admission.ts`). */
export class SessionOperations implements OperationControl, SlotWaiter {
  private registry = new OperationRegistry<ReceivedSubmit>();
  readonly admission: Admission;
  /** Made with the first slot that is kept: most sessions never have any. */
  private kept: KeptSlots | undefined;
  private ids = new SubmittedIds();
  private calls: ToolCalls | undefined;
  private isStarting = false;
  /** Bytes of submits that wait, as they are counted over all sessions. */
  private countedBytes = 0;
  private endedAt = 0;
  /** Told each time that none is left, while somebody waits for that. */
  private idle: Subject<void> | undefined;

  constructor(
    readonly session: SessionParts,
    /** Of operations of all sessions of the connection. */
    slots?: SlotPool,
  ) {
    const { granted, server, streams } = session;
    const { queue } = server.settings;
    this.admission = new Admission(granted.maxInFlightOperations, queue, streams, this, slots);
  }

  get pressure$(): Observable<boolean> {
    return this.session.outlet.pressure$;
  }

  /** The highest operation id that the client has submitted. */
  get lastOperationId(): number {
    return this.ids.highest;
  }

  get inFlightCount(): number {
    return this.admission.inFlightCount;
  }

  get queuedCount(): number {
    return this.admission.queuedCount;
  }

  /** Slots that operations which have ended keep. */
  get keptCount(): number {
    return this.admission.keptCount;
  }

  /** Bytes of results that wait because the client holds their operations. */
  get heldBytes(): number {
    let bytes = 0;
    for (const { held } of this.registry.operations()) bytes += held?.byteLength ?? 0;
    return bytes;
  }

  get isIdle(): boolean {
    return this.inFlightCount === 0 && this.queuedCount === 0;
  }

  /** Milliseconds at which an operation last ended. */
  get lastEnded(): number {
    return this.endedAt;
  }

  /** Emits each time that the last operation has ended. */
  whenIdle(): Observable<void> {
    return (this.idle ??= new Subject());
  }

  /** Operations that have not ended. */
  all(): ReceivedSubmit[] {
    return [...this.registry.operations()];
  }

  /** Those of them that are with the application. */
  begun(): ReceivedSubmit[] {
    return this.all().filter(({ state }) => state !== OperationState.Accepted);
  }

  /** The submit of an operation that is with the application. */
  running(frameId: number): ReceivedSubmit | undefined {
    const submit = this.registry.get(frameId);
    return submit?.state === OperationState.Accepted ? undefined : submit;
  }

  /** The submit of an operation that has not ended. */
  get(frameId: number): ReceivedSubmit | undefined {
    return this.registry.get(frameId);
  }

  /** Whether an operation was submitted. */
  has(frameId: number): boolean {
    return this.registry.has(frameId);
  }

  /** Ends all that there are, without a word, and forgets that they were; `released` have ended elsewhere. */
  startAnew(released: readonly IdRange[] = []): void {
    this.endAll('disconnected', { tell: false });
    this.registry = new OperationRegistry({ released });
    this.ids = new SubmittedIds(released.at(-1)?.last);
  }

  /** Whether an operation was submitted and has ended. */
  hasEnded(frameId: number): boolean {
    return this.registry.has(frameId) && this.registry.get(frameId) === undefined;
  }

  /**
   * Registers a submit and takes it in, or says that there is no room for it; then it has ended. Throws
   * an `NnrpError`, `OperationAlreadyExists` among others.
   */
  submit(submit: ReceivedSubmit): 'start' | 'wait' | 'refuse' {
    this.registry.register(submit);
    this.ids.add(submit.frameId);
    this.session.outlet.began(submit);
    const hasRun = this.session.lost?.before(submit.frameId) !== undefined;
    const verdict = hasRun ? this.admission.wait(submit) : this.admission.offer(submit);
    if (verdict === 'start') this.deliver(submit, submit.arrivedAt);
    else if (verdict === 'wait') this.noteQueued();
    else this.end([submit], 'dropped', { tell: true, why: this.whyNoRoom() });
    return verdict;
  }

  /** Notes an operation whose submit was answered with an ERROR; its client may cancel it before it knows. */
  noteRefused(frameId: number): void {
    this.ids.addRefused(frameId);
  }

  /** Starts what waits, as far as slots and listeners allow. */
  startNext(): void {
    // An application that answers at once comes back here: the loop that runs already serves it too.
    if (this.isStarting) return;
    this.isStarting = true;
    try {
      for (let next = this.admission.next(); next !== undefined; next = this.admission.next()) {
        this.deliver(next, this.session.server.scheduler.now());
      }
    } finally {
      this.isStarting = false;
    }
  }

  /**
   * Records a result of an operation that is with the application, and sends it. Throws an `NnrpError`,
   * `UnknownOperation`, where it is not, and sends nothing. One that the client cannot be sent costs the operation.
   */
  answer(result: Result): void {
    const submit = this.running(result.frameId);
    if (submit === undefined) throw unknownOperation(result.frameId);
    if (submit.held === undefined) return this.send(submit, result);
    // What no client could be sent costs its maker's call, and not the client's that lets it go.
    this.session.sender.check(result);
    submit.held.add(result);
  }

  /** The same of one that was held, or whose operation is not. */
  send(submit: ReceivedSubmit, result: Result): void {
    const { frameId } = submit;
    const { sender } = this.session;
    const refusal = sender.refusalOf(result);
    if (refusal !== undefined) {
      sender.refusal(refusal);
      return this.refused({ frameId, failure: resultTooLarge(this.session.sessionId, frameId) });
    }
    const budget = submit.scheduled?.budget;
    if (budget?.spend(result, submit.isBound) === false) {
      const within = budget.cut(result);
      if (within !== undefined) this.send(submit, within);
      return this.giveUp(submit, 'budget-exceeded');
    }
    if (submit.state === OperationState.WaitingTool) this.move(submit, OperationState.Running);
    // Where it is the last, before its slot goes to the next submit, whose application may answer at once.
    sender.result(result, submit);
    if (!isTerminal(result)) {
      if (submit.state !== OperationState.Partial) {
        this.registry.transition(frameId, OperationState.Partial);
        submit.stateChanged();
      }
      if (submit.scheduled !== undefined) partSent(submit);
      return;
    }
    const end = END_OF_RESULT[result.type];
    this.registry.end(frameId, end === 'completed' ? OperationState.Completed : STATE_OF_END[end]);
    this.admission.take(submit);
    this.finish(submit, end);
    budget?.tellOthers();
    this.startNext();
    this.ended();
  }

  /**
   * Cancels what a scope reaches from an operation. The client hears of each but the one that it named
   * itself, if it did. Throws an `NnrpError`: `UnknownOperation`, `InvalidOperationRelationship`.
   */
  cancel(frameId: number, scope: CancelScope, startedBy: 'client' | 'application'): ReceivedSubmit[] {
    // It crossed with the refusal.
    if (this.ids.wasRefused(frameId) && !this.registry.has(frameId)) return [];
    const { sessionId, sender } = this.session;
    const submits = this.registry
      .cancel({ sessionId, operationId: frameId, scope })
      .map((id) => this.registry.release(id));
    for (const submit of submits) this.admission.take(submit);
    const isTold = startedBy === 'application' || sender.answers.tellsCancelled;
    for (const submit of submits)
      if (submit.frameId !== frameId || isTold) sender.dropBecause(submit, 'cancelled');
    // Told only after all are cancelled: an application that reacts finds none of them running.
    for (const submit of submits) this.finish(submit, 'cancelled');
    this.startNext();
    if (submits.length > 0) this.ended();
    return submits;
  }

  /** Ends every operation that waits or runs, without an answer; `tell` the client or not. */
  endAll(end: Exclude<SubmitEnd, 'completed'>, { tell }: { readonly tell: boolean }): void {
    const submits = [...this.registry.operations()];
    for (const submit of submits) this.admission.take(submit);
    this.end(submits, end, { tell });
    this.startNext();
    // Where the session goes on, it may drain, or owe its client credit.
    if (tell && submits.length > 0) this.ended();
    else this.noteQueued();
  }

  /** Ends every operation that waits for a slot, without an answer. */
  endQueued(end: Exclude<SubmitEnd, 'completed'>): void {
    this.end(this.admission.clearQueue(), end, { tell: true });
    this.noteQueued();
  }

  /** A result is none that the client can be sent, which it was told instead: that ends the operation. */
  refused({ frameId, failure }: RefusedOperation): void {
    const submit = this.registry.get(frameId);
    if (submit !== undefined) this.giveUp(submit, 'failed', { tell: false });
    this.session.server.reports.failures.next(failure);
  }

  /** Gives up an operation that is with the application, if it is: what it answered cannot be sent. */
  abandon(frameId: number): void {
    const submit = this.running(frameId);
    if (submit !== undefined) this.giveUp(submit, 'failed');
  }

  relate(frameId: number, relations: OperationRelations): void {
    this.registry.relate(frameId, relations);
  }

  move(submit: ReceivedSubmit, to: typeof OperationState.WaitingTool | typeof OperationState.Running): void {
    this.registry.transition(submit.frameId, to);
    submit.stateChanged();
  }

  giveUp(submit: ReceivedSubmit, end: GivenUp, told: Told = { tell: true }): void {
    if (this.registry.get(submit.frameId) !== submit) return;
    this.admission.take(submit);
    this.end([submit], end, told);
    this.startNext();
    this.ended();
  }

  subscriberFailed({ frameId }: ReceivedSubmit, cause: unknown): void {
    const stream = `operation ${frameId} of session ${this.session.sessionId}`;
    new SubscribersOf(stream, this.session.server.reports.failures, 'operation').failed(cause);
  }

  /** Asks the client for a tool, and resolves with what that gives; meanwhile the operation takes no slot. */
  async callTool(submit: ReceivedSubmit, request: ToolRequest): Promise<unknown> {
    const calls = (this.calls ??= new ToolCalls(this.session, this.admission));
    const { id, asked, outcome } = calls.open(submit, request);
    try {
      this.session.sender.requireRoom(asked);
      this.answer(asked);
      this.moveOn(submit);
    } catch (error) {
      calls.fail(id, error);
    }
    this.startNext();
    return outcome;
  }

  /** The client has answered a call of a tool, whose operation goes on; false where that is more than was asked. */
  toolAnswered(parentId: number, id: number, outcome: ToolOutcome): boolean {
    const submit = this.calls?.answered(parentId, id, outcome);
    if (submit !== undefined) this.moveOn(submit);
    return this.calls?.areOverAnswered === false;
  }

  /** Withdraws calls of tools: their operation has ended, or the client takes none any more. */
  endCalls(of?: ReceivedSubmit): void {
    for (const submit of of === undefined ? [...this.registry.operations()] : [of]) {
      this.calls?.withdraw(submit);
      this.moveOn(submit);
    }
  }

  /** Takes in what needs no handler: it is answered at once, and takes no slot. Throws as `submit` does. */
  settle(submit: ReceivedSubmit): void {
    const { frameId } = submit;
    this.registry.register(submit);
    this.ids.add(frameId);
    this.registry.transition(frameId, OperationState.Running);
    this.registry.end(frameId, OperationState.Completed);
    this.session.sender.result(submit.complete(), submit);
    submit.finish('completed');
  }

  keepSlot(submit: ReceivedSubmit): void {
    this.admission.keepSlot();
    this.kept ??= new KeptSlots(this.session, this.admission, this);
    this.kept.keep(submit);
  }

  freeSlot(submit: ReceivedSubmit): void {
    this.kept?.settled(submit);
  }

  /** An operation waits for a tool, or does no more. */
  private moveOn(submit: ReceivedSubmit): void {
    const waits = submit.openCalls > 0;
    if (submit.hasEnded || waits === (submit.state === OperationState.WaitingTool)) return;
    this.move(submit, waits ? OperationState.WaitingTool : OperationState.Running);
  }

  /** Hands a submit whose turn it is to the application. */
  private deliver(submit: ReceivedSubmit, now: number): void {
    submit.startedAt = now;
    this.registry.transition(submit.frameId, OperationState.Running);
    submit.stateChanged();
    this.noteQueued();
    this.session.madeHolds?.begin(submit);
    this.session.madeSchedule?.begin(submit);
    this.session.streams.emit('submits', submit);
  }

  private ended(): void {
    const { server, credit } = this.session;
    this.noteQueued();
    if (server.settings.idleTimeoutMs > 0) this.endedAt = server.scheduler.now();
    if (this.idle !== undefined) {
      if (this.isIdle) this.idle.next();
    } else if (credit.isStopped && this.queuedCount === 0) credit.restore();
  }

  /** What waits at all sessions follows what waits at this one. */
  private noteQueued(): void {
    const by = this.admission.waitingBytes - this.countedBytes;
    if (by === 0) return;
    this.countedBytes += by;
    this.session.server.queued.change(by);
  }

  private whyNoRoom(): DropCause {
    const taken = this.admission.countedCount + this.queuedCount;
    return taken < this.session.credit.allowed ? 'no-room' : 'over-credit';
  }

  /** Ends submits that the admission has let go of, without an answer; `tell` the client or not. */
  private end(
    submits: readonly ReceivedSubmit[],
    end: Exclude<SubmitEnd, 'completed'>,
    { tell, why = end }: Told,
  ): void {
    for (const { frameId } of submits) this.registry.end(frameId, STATE_OF_END[end]);
    const { sender, lost } = this.session;
    // Told only after all have ended: whoever reacts finds none of them.
    for (const each of tell ? submits : []) sender.dropBecause(each, lost?.causeOf(each, why) ?? why);
    for (const submit of submits) this.finish(submit, end);
  }

  private finish(submit: ReceivedSubmit, end: SubmitEnd): void {
    submit.finish(end);
    this.session.outlet.ended(submit.frameId, end);
    this.admission.left(submit);
  }
}
