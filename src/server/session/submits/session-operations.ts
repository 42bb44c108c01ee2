import type { Observable, SchedulerLike, Subscription } from 'rxjs';
import { type CancelScope, OperationState, type TerminalState } from '../../../protocol/operation/operation';
import type { Operation, OperationRelations } from '../../../protocol/operation/operation-entry';
import { OperationRegistry } from '../../../protocol/operation/operation-registry';
import { IdRanges } from '../../../protocol/operation/id-ranges';
import { isTerminal, type Result } from '../../../protocol/operation/result';
import type { AnsweredOperation, DropCause } from '../../../protocol/revision/answers';
import { NnrpError } from '../../../wire/errors';
import type { Packet } from '../../../wire/packet';
import { Admission, type AdmissionTarget } from './admission';
import type { HeldExcess, HeldTotals } from '../../limits/held-totals';
import type { LimitTripped } from '../../limits/limit-tripped';
import type { SlotPool } from '../../limits/slot-pool';
import type { QueueLimits } from '../../options';
import type { HeldOperations } from '../operation-holds';
import { HeldResults } from './held-results';
import { KeptSlots, type SlotKeeper } from './kept-slots';
import type { SubmitEnd } from '../messages';
import type { OperationControl, ReceivedSubmit } from './submit';

/** What the operations of a session need of it. */
export interface OperationsHost {
  readonly sessionId: number;
  /** Operations that the client may have in flight, by what it was last told. */
  readonly allowedOperations: number;
  readonly granted: { readonly maxInFlightOperations: number };
  readonly settings: { readonly queue: QueueLimits; readonly limits: SlotKeeper['limits'] };
  readonly scheduler: SchedulerLike;
  readonly host: {
    /** Results of all operations that wait because their clients hold them. */
    readonly held: HeldTotals;
    /** Timers that may outlive the session. */
    readonly lasting: Subscription;
  };
  /** Who shares the room for held results with whom. */
  readonly recovery: { readonly party: string };
  readonly outlet: {
    /** Whether the client does not take results as fast as they come. */
    readonly pressure$: Observable<boolean>;
  };
  /** Whether anybody listens for submits. */
  isReady(): boolean;
  deliver(submit: ReceivedSubmit): void;
  /** Sends RESULT_DROP of an operation that gets no answer, and why, for who wants to know. */
  sendDrop(operation: AnsweredOperation, cause: DropCause): void;
  /** Whether a client that has cancelled an operation is told of its end. Default false. */
  readonly tellsCancelled?: boolean;
  /** An operation has ended, whichever way. */
  operationEnded(): void;
  /** A subscriber of a submit's streams has thrown. */
  subscriberFailed(submit: ReceivedSubmit, cause: unknown): void;
  /** An operation has met a limit of the server's. */
  tripped(excess: OperationExcess): void;
  /** A result was larger than the client takes, which it was told instead. */
  answerRefused(frameId: number): void;
}

/** A limit that an operation has met, and what that costs it. */
export type OperationExcess = Omit<LimitTripped, 'peer' | 'sessionId'>;

/** Where the results of operations go. Both throw an `NnrpError` where a result cannot be encoded. */
export interface ResultTarget {
  result(result: Result, operation: AnsweredOperation): void;
  /** To be called with what is sent later. */
  check(result: Result): void;
  /** What is sent in the place of a result that the client cannot be sent now. */
  refusalOf(result: Result): Packet | undefined;
  refusal(error: Packet): void;
}

/** Of ids that were refused; past them, ids between are taken for refused ones, which cancels nothing. */
const MAX_REFUSED_RANGES = 256;

/** How an operation that gets no answer is recorded. */
const STATE_OF_END: Readonly<Record<Exclude<SubmitEnd, 'completed'>, TerminalState>> = {
  dropped: OperationState.Failed,
  failed: OperationState.Failed,
  superseded: OperationState.Superseded,
  late: OperationState.Failed,
  cancelled: OperationState.Cancelled,
  closed: OperationState.Cancelled,
  disconnected: OperationState.Cancelled,
};

const END_OF_RESULT = { push: 'completed', drop: 'dropped', failure: 'failed' } as const;

/**
 * The operations of a session: who is registered, who waits, who runs (protocol section 8, and
 * `admission.ts`).
 */
export class SessionOperations implements OperationControl, AdmissionTarget, HeldOperations<ResultTarget> {
  private readonly registry = new OperationRegistry<ReceivedSubmit>();
  private readonly admission: Admission;
  private highestId = 0;
  private refusedIds: IdRanges | undefined;
  private madeKept: KeptSlots | undefined;

  constructor(
    private readonly host: OperationsHost,
    /** Of operations of all sessions of the connection. */
    slots?: SlotPool,
  ) {
    const { granted, settings } = host;
    this.admission = new Admission(granted.maxInFlightOperations, settings.queue, this, slots);
  }

  get pressure$(): Observable<boolean> {
    return this.host.outlet.pressure$;
  }

  /** Another connection carries the session, or none: its operations take their slots there. */
  moveTo(slots: SlotPool | undefined): void {
    this.admission.moveTo(slots);
  }

  isReady(): boolean {
    return this.host.isReady();
  }

  /** Hands a submit whose turn it is to the application. */
  deliver(submit: ReceivedSubmit): void {
    this.registry.transition(submit.frameId, OperationState.Running);
    submit.stateChanged();
    this.host.deliver(submit);
  }

  /** The highest operation id that the client has submitted. */
  get lastOperationId(): number {
    return this.highestId;
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

  /** Bytes of the submits that wait. */
  get queuedBytes(): number {
    return this.admission.waitingBytes;
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

  /** Operations that have not ended. */
  all(): Operation[] {
    return [...this.registry.operations()];
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

  /** When an operation came that has not ended, in milliseconds; Infinity for any other. */
  arrivalOf(frameId: number): number {
    return this.registry.get(frameId)?.arrivedAt ?? Infinity;
  }

  /** Whether an operation was submitted and has ended. */
  hasEnded(frameId: number): boolean {
    return this.registry.has(frameId) && this.registry.get(frameId) === undefined;
  }

  /**
   * Registers a submit and takes it in, or says that there is no room for it; then it has ended. Throws
   * an `NnrpError`, `OperationAlreadyExists` among others.
   */
  submit(submit: ReceivedSubmit): 'admitted' | 'refused' {
    const { frameId } = submit;
    this.registry.register(submit);
    this.noteSubmitted(frameId);
    if (this.admission.offer(submit) === 'admitted') return 'admitted';
    const operations = this.inFlightCount + this.queuedCount;
    const why = operations < this.host.allowedOperations ? 'no-room' : 'over-credit';
    this.end([submit], 'dropped', { tell: true, why });
    return 'refused';
  }

  /** Notes an operation whose submit was answered with an ERROR; its client may cancel it before it knows. */
  noteRefused(frameId: number): void {
    this.noteSubmitted(frameId);
    (this.refusedIds ??= new IdRanges({ maxRanges: MAX_REFUSED_RANGES })).add(frameId);
  }

  /** Notes an operation that was submitted, taken in or not: its client need not submit it again. */
  noteSubmitted(frameId: number): void {
    this.highestId = Math.max(this.highestId, frameId);
  }

  /** Starts what waits, as far as slots and listeners allow. */
  startNext(): void {
    this.admission.startNext();
  }

  /**
   * Records a result of an operation that is with the application, and sends it. Throws an `NnrpError`,
   * `UnknownOperation`, where it is not, and sends nothing. One that the client cannot be sent costs the operation.
   */
  answer(result: Result, sender: ResultTarget): void {
    const { frameId } = result;
    const submit = this.running(frameId);
    if (submit === undefined) throw unknownOperation(frameId);
    if (submit.held !== undefined) {
      this.keep(submit, submit.held, result, sender);
      return;
    }
    const refusal = sender.refusalOf(result);
    if (refusal !== undefined) {
      sender.refusal(refusal);
      this.host.answerRefused(frameId);
      return;
    }
    if (submit.state === OperationState.WaitingTool) this.move(submit, OperationState.Running);
    if (!isTerminal(result)) {
      sender.result(result, submit);
      if (submit.state === OperationState.Partial) return;
      this.registry.transition(frameId, OperationState.Partial);
      submit.stateChanged();
      return;
    }
    // Sent before its slot goes to the next submit, whose application may answer at once.
    sender.result(result, submit);
    const end = END_OF_RESULT[result.type];
    this.registry.end(frameId, end === 'completed' ? OperationState.Completed : STATE_OF_END[end]);
    this.admission.take(submit);
    submit.finish(end);
    this.admission.startNext();
    this.host.operationEnded();
  }

  /**
   * Cancels what a scope reaches from an operation. The client hears of each but the one that it named
   * itself, if it did. Throws an `NnrpError`: `UnknownOperation`, `InvalidOperationRelationship`.
   */
  cancel(frameId: number, scope: CancelScope, startedBy: 'client' | 'application'): number[] {
    // It crossed with the refusal.
    if (this.refusedIds?.has(frameId) === true && !this.registry.has(frameId)) return [];
    const { sessionId } = this.host;
    const cancelled = this.registry.cancel({ sessionId, operationId: frameId, scope });
    const submits = cancelled.map((id) => this.registry.release(id));
    for (const submit of submits) this.admission.take(submit);
    const isTold = startedBy === 'application' || this.host.tellsCancelled === true;
    for (const submit of submits) {
      if (submit.frameId !== frameId || isTold) this.host.sendDrop(submit, 'cancelled');
    }
    // Told only after all are cancelled: an application that reacts finds none of them running.
    for (const submit of submits) submit.finish('cancelled');
    this.admission.startNext();
    if (cancelled.length > 0) this.host.operationEnded();
    return cancelled;
  }

  /** Ends every operation that waits or runs, without an answer; `tell` the client or not. */
  endAll(end: Exclude<SubmitEnd, 'completed'>, { tell }: { readonly tell: boolean }): void {
    const submits = [...this.registry.operations()];
    for (const submit of submits) this.admission.take(submit);
    this.end(submits, end, { tell });
    this.admission.startNext();
    // Where the session goes on, it may drain, or owe its client credit.
    if (tell && submits.length > 0) this.host.operationEnded();
  }

  /** Ends every operation that waits for a slot, without an answer. */
  endQueued(end: Exclude<SubmitEnd, 'completed'>): void {
    this.end(this.admission.clearQueue(), end, { tell: true });
  }

  /** The client asks to hold an operation: it gets no results of it until it says so. */
  hold(frameId: number): void {
    const submit = this.submitted(frameId);
    if (submit === undefined || submit.held !== undefined) return;
    const overfull = (excess: HeldExcess): void => {
      this.host.tripped({ ...excess, consequence: 'operation-dropped' });
      this.giveUp(submit, 'failed');
    };
    submit.hold(new HeldResults(this.host.host.held, this.host.recovery.party, overfull));
  }

  /** The client takes results of an operation again: those that have waited are sent. */
  release(frameId: number, sender: ResultTarget): void {
    const submit = this.submitted(frameId);
    if (submit === undefined) return;
    // One of them may be too large, which ends it.
    for (const result of submit.release())
      if (this.registry.get(frameId) === submit) this.answer(result, sender);
    submit.released();
  }

  /** The client cannot say any more what it holds. */
  releaseAll(sender: ResultTarget): void {
    for (const { operationId } of this.all()) this.release(operationId, sender);
  }

  /** Ends an operation, if it has not ended, of which the client has heard that there is no more of it. */
  endRefused(frameId: number): void {
    const submit = this.registry.get(frameId);
    if (submit === undefined) return;
    this.admission.take(submit);
    this.end([submit], 'failed', { tell: false });
    this.admission.startNext();
    this.host.operationEnded();
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

  giveUp(submit: ReceivedSubmit, end: 'failed' | 'superseded' | 'late'): void {
    if (this.registry.get(submit.frameId) !== submit) return;
    this.admission.take(submit);
    this.end([submit], end, { tell: true });
    this.admission.startNext();
    this.host.operationEnded();
  }

  subscriberFailed(submit: ReceivedSubmit, cause: unknown): void {
    this.host.subscriberFailed(submit, cause);
  }

  keepSlot(submit: ReceivedSubmit): void {
    this.admission.keepSlot();
    this.kept.keep(submit);
  }

  freeSlot(submit: ReceivedSubmit): void {
    this.kept.settled(submit);
  }

  private get kept(): KeptSlots {
    const { admission, host } = this;
    return (this.madeKept ??= new KeptSlots({
      scheduler: host.scheduler,
      limits: host.settings.limits,
      slots: host.granted.maxInFlightOperations,
      timers: host.host.lasting,
      handlerUnsettled: (limit, observed) => {
        const allowed = host.settings.limits[limit];
        host.tripped({ limit, allowed, observed, consequence: 'slot-freed' });
      },
      freeSlot: () => {
        admission.freeSlot();
      },
      startNext: () => {
        admission.startNext();
      },
    }));
  }

  /** Keeps a result of an operation that is held. */
  private keep(submit: ReceivedSubmit, held: HeldResults, result: Result, sender: ResultTarget): void {
    if (held.isComplete) throw unknownOperation(submit.frameId);
    // What no client could be sent costs its maker's call, and not the client's that lets it go.
    sender.check(result);
    held.add(result);
  }

  /** Undefined where it has ended. Throws an `NnrpError`, `UnknownOperation`, where it never was submitted. */
  private submitted(frameId: number): ReceivedSubmit | undefined {
    const submit = this.registry.get(frameId);
    if (submit === undefined && !this.registry.has(frameId)) throw unknownOperation(frameId);
    return submit;
  }

  /** Ends submits that the admission has let go of, without an answer; `tell` the client or not. */
  private end(
    submits: readonly ReceivedSubmit[],
    end: Exclude<SubmitEnd, 'completed'>,
    { tell, why = end }: { readonly tell: boolean; readonly why?: DropCause },
  ): void {
    for (const { frameId } of submits) this.registry.end(frameId, STATE_OF_END[end]);
    // Told only after all have ended: whoever reacts finds none of them.
    if (tell) for (const submit of submits) this.host.sendDrop(submit, why);
    for (const submit of submits) submit.finish(end);
  }
}

function unknownOperation(frameId: number): NnrpError {
  return new NnrpError({ kind: 'UnknownOperation', operationId: BigInt(frameId) });
}
