import { Observable, Subject } from 'rxjs';
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
  type Result,
  type ResultDrop,
  type ResultFields,
  type ResultPush,
} from '../../../protocol/operation/result';
import { contained, type Containment } from '../../contained';
import type { CommonHeader } from '../../../wire/header';
import type { Message } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import { FrameSubmitMetadata } from '../../../wire/messages/frame-submit';
import { keptBytes } from '../../../wire/kept-bytes';
import type { Packet } from '../../../wire/packet';
import type { HeldResults } from './held-results';
import { OperationPressure } from './operation-pressure';

/**
 * Why an operation is not the application's any more: it answered (`completed`, `dropped`) or gave up
 * (`failed`, `superseded`, `late`), the client cancelled it, or its session went: `closed`, or
 * `disconnected` for good.
 */
export type SubmitEnd =
  'completed' | 'dropped' | 'failed' | 'superseded' | 'late' | 'cancelled' | 'closed' | 'disconnected';

/** What the application can do to an operation besides answering it; the session does it. */
export interface OperationControl {
  /** Whether the client does not take the session's results as fast as they come. */
  readonly pressure$: Observable<boolean>;
  relate(frameId: number, relations: OperationRelations): void;
  move(submit: Submit, to: typeof OperationState.WaitingTool | typeof OperationState.Running): void;
  giveUp(submit: Submit, end: 'failed' | 'superseded' | 'late'): void;
  /** The operation has ended, and what was begun for it goes on: it keeps its slot. */
  keepSlot(submit: Submit): void;
  /** What was begun for an operation that had kept its slot has settled. */
  freeSlot(submit: Submit): void;
  /** A subscriber of its streams has thrown. */
  subscriberFailed(submit: Submit, cause: unknown): void;
}

/** What a submit is made of besides its packet, whose metadata were checked. */
export interface SubmitContext {
  /** The cached objects that it refers to, in the order of its references. */
  readonly objects: readonly CachedObject[];
  /** When it came; milliseconds of the server's scheduler (default: of `monotonicScheduler`). */
  readonly arrivedAt: number;
  /** As `arrivedAt`; Infinity for none. */
  readonly deadline: number;
}

/**
 * A FRAME_SUBMIT that the application answers: its message, makers of results for it, what else can be
 * done about it, and when it ends.
 *
 * @example
 * session.submits$
 *   .pipe(
 *     mergeMap((submit) =>
 *       infer(submit.body).pipe(map((part) => submit.partial(part)), endWith(submit.complete())),
 *     ),
 *   )
 *   .subscribe(session.results);
 */
export class Submit implements OperationEntry, Message<typeof MessageType.FrameSubmit>, Containment {
  readonly state: OperationState = OperationState.Accepted;
  /** As {@link relate} said, as is the group. */
  readonly parentId: number | undefined;
  readonly groupId: number | undefined;
  /** Operations that have not ended and have this one as their parent. */
  readonly children: number = 0;
  readonly messageType = MessageType.FrameSubmit;
  readonly header: CommonHeader;
  /** The cached objects that it refers to, in the order of its references. */
  readonly objects: readonly CachedObject[];
  /** When it came; milliseconds of the server's scheduler. */
  readonly arrivedAt: number;
  /**
   * When an answer is too late: its latency budget, or the session's default deadline, after it came.
   * Milliseconds of the server's scheduler (default: of `monotonicScheduler`); Infinity for none.
   */
  readonly deadline: number;
  private bytes: Uint8Array;
  private metadataBytes: Uint8Array;
  private decoded: FrameSubmitMetadata | undefined;
  private end: SubmitEnd | undefined;
  private ending: Subject<SubmitEnd> | undefined;
  private states: Subject<OperationState> | undefined;
  private controller: AbortController | undefined;
  /** Pieces of work that the operation's slot waits for. */
  private works = 0;
  private holding: HeldResults | undefined;
  /** Of those who ask; most operations have one at most. */
  private pressures: Set<OperationPressure> | undefined;

  constructor(
    packet: Packet,
    { objects, arrivedAt, deadline }: SubmitContext,
    private readonly control: OperationControl,
  ) {
    this.header = packet.header;
    this.metadataBytes = packet.metadata;
    this.bytes = packet.body;
    this.objects = objects;
    this.arrivedAt = arrivedAt;
    this.deadline = deadline;
  }

  /** Read when it is asked for: most applications ask for none of it. */
  get metadata(): FrameSubmitMetadata {
    return (this.decoded ??= FrameSubmitMetadata.decode(this.metadataBytes));
  }

  /** A view of what it was received in; where it had to wait, possibly a copy. */
  get body(): Uint8Array {
    return this.bytes;
  }

  get sessionId(): number {
    return this.header.sessionId;
  }

  /** The operation's id. */
  get frameId(): number {
    return this.header.frameId;
  }

  /** The same as `frameId`. */
  get operationId(): number {
    return this.header.frameId;
  }

  get hasEnded(): boolean {
    return this.end !== undefined;
  }

  /** The state now and after each change; completes with the operation. */
  get state$(): Observable<OperationState> {
    const states$ = new Observable<OperationState>((subscriber) => {
      subscriber.next(this.state);
      if (this.end === undefined) return (this.states ??= new Subject()).subscribe(subscriber);
      subscriber.complete();
      return undefined;
    });
    return contained(states$, this);
  }

  /** Emits how the operation ended, once, and completes; at once where it has ended already. */
  get ended$(): Observable<SubmitEnd> {
    const ended$ = new Observable<SubmitEnd>((subscriber) => {
      if (this.end === undefined) return (this.ending ??= new Subject()).subscribe(subscriber);
      subscriber.next(this.end);
      subscriber.complete();
      return undefined;
    });
    return contained(ended$, this);
  }

  /**
   * Whether the answer is to wait: the client does not take the session's results as fast as they come, or it
   * holds this operation, whose consumer is slow. Now, then at each change.
   */
  get pressure$(): Observable<boolean> {
    return contained(this.handlerPressure$, this);
  }

  /** The same, for who never throws. The session's, not the application's. */
  get handlerPressure$(): Observable<boolean> {
    return new Observable((subscriber) => {
      const pressure = new OperationPressure(this.holding !== undefined, subscriber);
      (this.pressures ??= new Set()).add(pressure);
      subscriber.add(() => this.pressures?.delete(pressure));
      subscriber.add(this.control.pressure$.subscribe(pressure));
    });
  }

  /**
   * Aborts when nobody wants the answer any more: the operation has ended, and was not completed. Made when it is
   * read. Its reason is an `AbortError` that says how the operation ended.
   *
   * @example
   * session.respond((submit, { signal }) => model.stream(submit.body, { signal }));
   */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      this.abortIfUnwanted(this.controller);
    }
    return this.controller.signal;
  }

  /** A part of the answer; others follow. */
  partial(body: Uint8Array, fields?: ResultFields): ResultPush {
    return partialResult(this.frameId, body, fields);
  }

  /** The end of the answer, or all of it. */
  complete(body?: Uint8Array, fields?: ResultFields): ResultPush {
    return completeResult(this.frameId, body, fields);
  }

  /** No answer. */
  drop(): ResultDrop {
    return dropResult(this.frameId);
  }

  /**
   * Gives the operation a parent or a group, which cancels of a subtree or a group follow. Throws an
   * `NnrpError`, `InvalidOperationRelationship` among others.
   */
  relate(relations: OperationRelations): void {
    this.control.relate(this.frameId, relations);
  }

  /** Says that the operation waits for a tool. Throws an `NnrpError`, `InvalidOperationTransition`. */
  waitForTool(): void {
    this.control.move(this, OperationState.WaitingTool);
  }

  /** Says that the operation goes on. Throws an `NnrpError`, `InvalidOperationTransition`. */
  resume(): void {
    this.control.move(this, OperationState.Running);
  }

  /** Gives the operation up: it failed. The client gets RESULT_DROP. */
  fail(): void {
    this.control.giveUp(this, 'failed');
  }

  /** Gives the operation up: another has taken its place. The client gets RESULT_DROP. */
  supersede(): void {
    this.control.giveUp(this, 'superseded');
  }

  /** Gives the operation up: it is past its deadline. The client gets RESULT_DROP. */
  expire(): void {
    this.control.giveUp(this, 'late');
  }

  /**
   * Keeps the operation's slot (`maxInFlightOperations`) until `work` has settled, however it does, also
   * where the operation ends before; then for 2 s at most, see `limits.unsettledMs`. For work that a cancel cannot
   * stop: without it, a client that submits and cancels has as much of it done as it likes. `session.respond`
   * does this for handlers that return promises or async iterables.
   *
   * @example
   * session.respond((submit) => {
   *   const answer = model.generate(submit.body);
   *   submit.keepSlotUntil(answer);
   *   return from(answer).pipe(map(decode));
   * });
   */
  keepSlotUntil(work: PromiseLike<unknown>): void {
    const settle = (): void => {
      this.works -= 1;
      if (this.works === 0 && this.end !== undefined) this.control.freeSlot(this);
    };
    this.works += 1;
    if (this.works === 1 && this.end !== undefined) this.control.keepSlot(this);
    Promise.resolve(work).then(settle, settle);
  }

  /** What `JSON.stringify` shows: the operation as it stands, without its bytes. */
  toJSON(): Operation & Pick<this, 'metadata'> {
    const { sessionId, operationId, parentId, groupId, state, metadata } = this;
    return { sessionId, operationId, parentId, groupId, state, metadata };
  }

  /** A subscriber of the submit's streams has thrown. The session's, not the application's. */
  failed(cause: unknown): void {
    this.control.subscriberFailed(this, cause);
  }

  /**
   * It has to wait: its bytes are not to keep all that came with them alive. The session's, not the
   * application's.
   */
  keepBytes(): void {
    this.bytes = keptBytes(this.bytes);
    this.metadataBytes = keptBytes(this.metadataBytes);
  }

  /** What waits while the client holds the operation. The session's, not the application's. */
  get held(): HeldResults | undefined {
    return this.holding;
  }

  /** The client holds the operation. The session's, not the application's. */
  hold(held: HeldResults): void {
    this.holding = held;
    for (const pressure of this.pressures ?? []) pressure.hold(true);
  }

  /** It does not any more: what has waited is to be sent. The session's, not the application's. */
  release(): readonly Result[] {
    const results = this.holding?.take() ?? [];
    this.holding = undefined;
    return results;
  }

  /** What has waited is sent. The session's, not the application's. */
  released(): void {
    for (const pressure of this.pressures ?? []) pressure.hold(this.holding !== undefined);
  }

  /** Tells who watches of a new state. The session's, not the application's. */
  stateChanged(): void {
    this.states?.next(this.state);
  }

  /** Tells whoever works on the operation that it is over. The session's, not the application's. */
  finish(end: SubmitEnd): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.holding?.take();
    this.holding = undefined;
    if (this.works > 0) this.control.keepSlot(this);
    this.stateChanged();
    this.states?.complete();
    this.ending?.next(end);
    this.ending?.complete();
    if (this.controller !== undefined) this.abortIfUnwanted(this.controller);
  }

  private abortIfUnwanted(controller: AbortController): void {
    if (this.end === undefined || this.end === 'completed') return;
    controller.abort(new DOMException(`operation ${this.frameId} has ended: ${this.end}`, 'AbortError'));
  }
}
