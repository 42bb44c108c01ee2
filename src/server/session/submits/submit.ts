import { Observable, Subject } from 'rxjs';
import type { CheckOptions } from '../../../../operators/application/schema/check';
import type { Checked, StandardSchema } from '../../../../operators/application/schema/standard-schema';
import { OperationState } from '../../../protocol/operation/operation';
import type {
  Operation,
  OperationEntry,
  OperationRelations,
} from '../../../protocol/operation/operation-entry';
import type { CachedObject } from '../../../protocol/cache/object-cache';
import {
  completeResult,
  dropResult,
  partialResult,
  type ResultDrop,
  type ResultFields,
  type ResultPush,
} from '../../../protocol/operation/result';
import type { SentSubmit } from '../../../protocol/session/told-operation';
import type { Part } from '../../../protocol/content/parts/part';
import { partsOf } from '../../../protocol/content/parts/part-decoder';
import type { Budget } from '../../../protocol/operation/budget';
import type { Progress } from '../../../protocol/operation/progress';
import type { Capabilities } from '../../../protocol/capability/capabilities';
import type { ToolRequest } from '../../../protocol/content/tool-call';
import { ignoreRejection } from '../../../protocol/ignore-rejection';
import { contained, type Containment } from '../../contained';
import type { CommonHeader } from '../../../wire/header';
import { MessageType } from '../../../wire/message-type';
import { FrameSubmitMetadata } from '../../../wire/messages/frame-submit';
import { keptBytes } from '../../../wire/bytes/kept-bytes';
import type { Packet } from '../../../wire/packet';
import { FrameSubmitMetadata as Preview4SubmitMetadata } from '../../../wire/preview4/frame-submit';
import type { DropReason } from '../../../wire/preview4/results';
import { showAsJson } from '../../../wire/show-as-json';
import { readU32 } from '../../../wire/bytes/u32';
import { fieldOffset, type WireRecord } from '../../../wire/codec/record';
import { decodeTokens } from '../../../protocol/content/token-decoder';
import { operationIdOf, type AnsweredOperation } from '../../../protocol/revision/answers';
import { takeCapabilities, takeDropReason, takeProgress, takeRelations } from '../argument-rules';
import type { GivenUp, Submit, SubmitEnd } from '../session-message';
import type { HeldResults } from './admission/held-results';
import { budgetOf } from './operation-budget';
import { requestValue } from './request-value';
import type { SubmitContext } from './submit-context';
import { OperationPressure } from './operation-pressure';
import type { Scheduled } from './admission/scheduled';

/** What the application can do to an operation besides answering it; the session does it. */
export interface OperationControl {
  /** Whether the client does not take the session's results as fast as they come. */
  readonly pressure$: Observable<boolean>;
  relate(frameId: number, relations: OperationRelations): void;
  move(submit: ReceivedSubmit, to: typeof OperationState.WaitingTool | typeof OperationState.Running): void;
  giveUp(submit: ReceivedSubmit, end: GivenUp): void;
  /** The operation has ended, and what was begun for it goes on: it keeps its slot. */
  keepSlot(submit: ReceivedSubmit): void;
  /** What was begun for an operation that had kept its slot has settled. */
  freeSlot(submit: ReceivedSubmit): void;
  /** By whom its client is told of it beside its results. */
  readonly session: {
    readonly progress?: { say(submit: ReceivedSubmit, progress: Progress): void } | undefined;
    readonly sender: { degrade(frameId: number, to: Capabilities): void };
  };
  /** Asks its client for a tool. */
  callTool(submit: ReceivedSubmit, request: ToolRequest): Promise<unknown>;
  /** The operation has ended: it waits for no tool any more. */
  endCalls(submit: ReceivedSubmit): void;
  /** A subscriber of its streams has thrown. */
  subscriberFailed(submit: ReceivedSubmit, cause: unknown): void;
}

const OPERATION_ID = fieldOffset(Preview4SubmitMetadata, 'operationId');

/** A submit, as its session has it: what ends it and holds it is here, and not with the application. */
export class ReceivedSubmit implements Submit, OperationEntry, Containment, AnsweredOperation {
  partCount = 0;
  /** Read once: each part of the answer has it. 0 in preview3, where nobody asks. */
  readonly idLow: number;
  readonly idHigh: number;
  readonly state: OperationState = OperationState.Accepted;
  readonly parentId: number | undefined;
  readonly groupId: number | undefined;
  /** Operations that have not ended and have this one as their parent. */
  readonly children: number = 0;
  readonly messageType = MessageType.FrameSubmit;
  readonly header: CommonHeader;
  /** The cached objects that it refers to, in the order of its references. */
  readonly objects: readonly CachedObject[];
  readonly arrivedAt: number;
  deadline: number;
  /** What its client has said of it besides. */
  scheduled: Scheduled | undefined;
  /** When the application got it, in the milliseconds of `arrivedAt`. */
  startedAt: number;
  /** Calls of tools that its client has not answered. */
  openCalls = 0;
  /** Whether it takes no slot, because it waits for a tool. */
  isParked = false;
  /** Whether it has ended, and has the slot until all have heard of that. */
  isLeaving = false;
  /** Whether its client does not wait for its handler to come to an end: it keeps no slot. */
  isAborted = false;
  /** Whether what goes beyond its budget ends it; else its handler sees to that. */
  isBound = true;
  private bytes: Uint8Array;
  private metadataBytes: Uint8Array;
  private readonly record: WireRecord<FrameSubmitMetadata>;
  private decoded: FrameSubmitMetadata | undefined;
  private end: SubmitEnd | undefined;
  private ending: Subject<SubmitEnd> | undefined;
  private states: Subject<OperationState> | undefined;
  private moves: Subject<void> | undefined;
  /** Of those who watch its budget. */
  budgets: Subject<Budget> | undefined;
  private controller: AbortController | undefined;
  /** Pieces of work that the operation's slot waits for. */
  private works = 0;
  private holding: HeldResults | undefined;
  /** Of those who ask; most operations have one at most. */
  private pressures: Set<OperationPressure> | undefined;

  constructor(
    packet: Packet,
    { objects, arrivedAt, deadline, record = FrameSubmitMetadata }: SubmitContext,
    private readonly control: OperationControl,
  ) {
    this.header = packet.header;
    this.metadataBytes = packet.metadata;
    this.bytes = packet.body;
    this.objects = objects;
    this.arrivedAt = arrivedAt;
    this.startedAt = arrivedAt;
    this.deadline = deadline;
    this.record = record;
    this.idLow = readU32(this.metadataBytes, OPERATION_ID);
    this.idHigh = readU32(this.metadataBytes, OPERATION_ID + 4);
  }

  /** Read when it is asked for: most applications ask for none of it. */
  get metadata(): FrameSubmitMetadata {
    return (this.decoded ??= this.record.decode(this.metadataBytes));
  }

  get body(): Uint8Array {
    return this.bytes;
  }

  /** As it came. */
  get sent(): SentSubmit {
    return { metadata: this.metadataBytes, body: this.bytes };
  }

  get sessionId(): number {
    return this.header.sessionId;
  }

  get frameId(): number {
    return this.header.frameId;
  }

  get operationId(): bigint {
    return this.record === FrameSubmitMetadata ? BigInt(this.frameId) : operationIdOf(this);
  }

  get traceId(): bigint {
    return this.scheduled?.trace?.traceId ?? this.header.traceId;
  }

  get trace(): Submit['trace'] {
    return this.scheduled?.trace;
  }

  get routeHint(): Submit['routeHint'] {
    return this.scheduled?.routeHint;
  }

  get executionHint(): Submit['executionHint'] {
    return this.scheduled?.executionHint;
  }

  get degraded(): Submit['degraded'] {
    return this.scheduled?.degraded;
  }

  get text(): string {
    return decodeTokens(this).join('');
  }

  get parts(): readonly Part[] {
    return partsOf(this);
  }

  get hasEnded(): boolean {
    return this.end !== undefined;
  }

  get state$(): Observable<OperationState> {
    const states$ = new Observable<OperationState>((subscriber) => {
      subscriber.next(this.state);
      if (this.end === undefined) return (this.states ??= new Subject()).subscribe(subscriber);
      subscriber.complete();
      return undefined;
    });
    return contained(states$, this);
  }

  get ended$(): Observable<SubmitEnd> {
    const ended$ = new Observable<SubmitEnd>((subscriber) => {
      if (this.end === undefined) return (this.ending ??= new Subject()).subscribe(subscriber);
      subscriber.next(this.end);
      subscriber.complete();
      return undefined;
    });
    return contained(ended$, this);
  }

  /** For who never throws, of a revision in which its client can move the deadline. */
  get deadlineMoves$(): Observable<void> | undefined {
    return this.record === FrameSubmitMetadata ? undefined : (this.moves ??= new Subject());
  }

  get budget$(): Observable<Budget> {
    return contained(budgetOf(this), this);
  }

  get pressure$(): Observable<boolean> {
    return contained(this.handlerPressure$, this);
  }

  /** The same, for who never throws. */
  get handlerPressure$(): Observable<boolean> {
    return new Observable((subscriber) => {
      const pressure = new OperationPressure(this.holding !== undefined, subscriber);
      if (this.end !== undefined) {
        pressure.complete();
        return;
      }
      (this.pressures ??= new Set()).add(pressure);
      subscriber.add(() => this.pressures?.delete(pressure));
      subscriber.add(this.control.pressure$.subscribe(pressure));
    });
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      this.abortIfUnwanted(this.controller);
    }
    return this.controller.signal;
  }

  partial(body: Uint8Array, fields?: ResultFields): ResultPush {
    return partialResult(this.frameId, body, fields);
  }

  complete(body?: Uint8Array, fields?: ResultFields): ResultPush {
    return completeResult(this.frameId, body, fields);
  }

  drop(reason?: DropReason): ResultDrop {
    return dropResult(this.frameId, reason === undefined ? reason : takeDropReason(reason));
  }

  json<S extends StandardSchema>(schema: S, options?: CheckOptions): Promise<Checked<S>> {
    const value = requestValue(this, schema, options);
    // A handler that has been stopped hears of it no more.
    ignoreRejection(value);
    return value;
  }

  progress(progress: Progress): void {
    const given = takeProgress(progress);
    if (this.end === undefined && this.state !== OperationState.Accepted)
      this.control.session.progress?.say(this, given);
  }

  degrade(to: Capabilities): void {
    const given = takeCapabilities(to);
    if (this.end === undefined) this.control.session.sender.degrade(this.frameId, given);
  }

  tool(request: ToolRequest): Promise<unknown> {
    const answer = this.control.callTool(this, request);
    // A handler that has been stopped hears of it no more.
    ignoreRejection(answer);
    return answer;
  }

  relate(relations: OperationRelations): void {
    this.control.relate(this.frameId, takeRelations(relations));
  }

  waitForTool(): void {
    this.control.move(this, OperationState.WaitingTool);
  }

  continue(): void {
    this.control.move(this, OperationState.Running);
  }

  fail(): void {
    this.control.giveUp(this, 'failed');
  }

  supersede(): void {
    this.control.giveUp(this, 'superseded');
  }

  expire(): void {
    this.control.giveUp(this, 'late');
  }

  keepSlotUntil(work: PromiseLike<unknown>): void {
    const settle = (): void => {
      this.works -= 1;
      if (this.works === 0 && this.end !== undefined) this.control.freeSlot(this);
    };
    this.works += 1;
    if (this.works === 1 && this.end !== undefined) this.control.keepSlot(this);
    Promise.resolve(work).then(settle, settle);
  }

  toJSON(): Operation & Pick<this, 'metadata'> {
    const { sessionId, frameId, parentId, groupId, state, metadata } = this;
    return { sessionId, frameId, parentId, groupId, state, metadata };
  }

  /** A subscriber of the submit's streams has thrown. */
  failed(cause: unknown): void {
    this.control.subscriberFailed(this, cause);
  }

  /**
   * It has to wait: its bytes are not to keep all that came with them alive.
   */
  keepBytes(): void {
    this.bytes = keptBytes(this.bytes);
    this.metadataBytes = keptBytes(this.metadataBytes);
  }

  /** What waits while the client holds the operation. */
  get held(): HeldResults | undefined {
    return this.holding;
  }

  /** The client holds the operation. */
  hold(held: HeldResults): void {
    this.holding = held;
    for (const pressure of this.pressures ?? []) pressure.hold(true);
  }

  /** It does not any more, and what has waited is sent. */
  release(): void {
    this.holding?.clear();
    this.holding = undefined;
    for (const pressure of this.pressures ?? []) pressure.hold(false);
  }

  /** Its client has said another. */
  moveDeadline(deadline: number): void {
    this.deadline = deadline;
    this.moves?.next();
  }

  /** Tells who watches of a new state. */
  stateChanged(): void {
    this.states?.next(this.state);
  }

  /** Tells whoever works on the operation that it is over. */
  finish(end: SubmitEnd): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.holding?.clear();
    this.holding = undefined;
    if (this.works > 0) this.control.keepSlot(this);
    if (this.openCalls > 0) this.control.endCalls(this);
    this.stateChanged();
    this.states?.complete();
    this.budgets?.complete();
    this.ending?.next(end);
    this.ending?.complete();
    this.pressures?.forEach((pressure) => {
      pressure.complete();
    });
    if (this.controller !== undefined) this.abortIfUnwanted(this.controller);
  }

  private abortIfUnwanted(controller: AbortController): void {
    if (this.end === undefined || this.end === 'completed') return;
    controller.abort(new DOMException(`operation ${this.frameId} has ended: ${this.end}`, 'AbortError'));
  }
}

showAsJson('Submit', ReceivedSubmit);
