import { NnrpError } from '../../wire/errors';
import { IdRanges, type IdRange } from './id-ranges';
import { LatestMap } from './latest-map';
import { CancelScope, canTransition, isTerminalState, OperationState, type TerminalState } from './operation';
import type { OperationEntry, OperationRelations } from './operation-entry';

export interface CancelRequest {
  readonly sessionId: number;
  readonly operationId: number;
  readonly scope: CancelScope;
}

export interface OperationRegistryOptions {
  /**
   * How many ranges the ids of released operations may form, 16 bytes each; see
   * {@link IdRangesOptions.maxRanges}. Default: 4096.
   */
  readonly maxReleasedRanges?: number;
  /** Ids of operations that were released elsewhere, ascending. Default: none. */
  readonly released?: readonly IdRange[];
}

const DEFAULT_MAX_RELEASED_RANGES = 4096;

const NO_RELATIONS: OperationRelations = {};

/**
 * The operations of a session: who exists, in which state, and whom a cancel reaches (protocol
 * section 8).
 *
 * An operation is held until it is released, which it can be once it is terminal. A released one
 * leaves its id and nothing else, so memory does not grow with the work done:
 *
 * ```
 *   register            transition, cancel            release
 *  ----------> [ held ] ------------------> [ held, ] --------> [ released: an id among ranges ]
 *              [ open ]                     [ terminal ]
 * ```
 *
 * - Registering a released id is `OperationAlreadyExists`, and it may still be named as a parent.
 * - Cancelling a released operation is no error, as results and cancels cross on the wire; it
 *   reaches what its scope still does: nothing, its children, or its session.
 * - The children of a released operation become its parent's, where it has one: a subtree that is
 *   held stays whole. What is registered under a released parent later is found below that one alone.
 * - Its state is forgotten: transitions and releases of it are `UnknownOperation`.
 *
 * A registry may hold several sessions. Whose a released id was is forgotten too, so where sessions
 * number their operations by themselves, each needs a registry of its own.
 *
 * @example
 * const operations = new OperationRegistry();
 * operations.register(new OperationEntry(42, 1));
 * operations.transition(1, OperationState.Running);
 * operations.end(1, OperationState.Completed);
 */
export class OperationRegistry<O extends OperationEntry = OperationEntry> {
  readonly #held = new LatestMap<O>();
  readonly #maxReleasedRanges: number;
  /** Made with the first: many registries never hold an operation. */
  #released: IdRanges | undefined;

  constructor({
    maxReleasedRanges = DEFAULT_MAX_RELEASED_RANGES,
    released = [],
  }: OperationRegistryOptions = {}) {
    this.#maxReleasedRanges = maxReleasedRanges;
    for (const { first, last } of released) this.#releasedIds.addAbove(first, last);
  }

  /** How many operations are held, terminal ones that are not released among them. */
  get size(): number {
    return this.#held.size;
  }

  /** The ids of released operations, to look at. */
  get released(): Pick<IdRanges, 'has' | 'size' | 'rangeCount' | 'ranges' | 'isExact'> {
    return this.#releasedIds;
  }

  /** The operations that are held, in the order in which they came. */
  operations(): IterableIterator<O> {
    return this.#held.values();
  }

  /** The operation of an id, or undefined where it is unknown or released. */
  get(operationId: number): O | undefined {
    return this.#held.get(operationId);
  }

  /** The state of an operation, or undefined where it is unknown or released. */
  state(operationId: number): OperationState | undefined {
    return this.#held.get(operationId)?.state;
  }

  /** Whether an operation of this id was ever registered. */
  has(operationId: number): boolean {
    return this.#held.has(operationId) || this.#wasReleased(operationId);
  }

  /**
   * Adds an operation that nobody has registered, accepted. Throws an `NnrpError`: `OperationAlreadyExists`,
   * `UnknownOperation` for the parent, `InvalidOperationRelationship`, `ValueOutOfRange` for an id that is
   * no integer.
   */
  register(operation: O, { parentId, groupId }: OperationRelations = NO_RELATIONS): void {
    const { sessionId, frameId: operationId } = operation;
    if (sessionId === 0) invalidRelationship('operation session_id must be non-zero');
    if (operationId === 0) invalidRelationship('operation_id must be non-zero');
    if (!isId(operationId)) notAnId(operationId);
    checkShape(operationId, parentId, groupId);
    if (this.has(operationId)) alreadyExists(operationId);
    if (parentId !== undefined) this.#adopt(operation, parentId);
    operation.groupId = groupId;
    this.#held.add(operationId, operation);
  }

  /**
   * Gives a held operation a parent, a group, or others than it had. Throws an `NnrpError`:
   * `UnknownOperation`, or `InvalidOperationRelationship`, for a parent that descends from the
   * operation among others.
   */
  relate(operationId: number, { parentId, groupId }: OperationRelations): void {
    const entry = this.#require(operationId);
    checkShape(operationId, parentId, groupId);
    if (parentId !== undefined) this.#adopt(entry, parentId);
    if (groupId !== undefined) entry.groupId = groupId;
  }

  /** Moves an operation on. Throws an `NnrpError`: `UnknownOperation`, `InvalidOperationTransition`. */
  transition(operationId: number, to: OperationState): void {
    move(this.#require(operationId), to);
  }

  /**
   * Forgets a terminal operation but for its id, and returns it. Throws an `NnrpError`: `UnknownOperation`, or
   * `InvalidOperationRelationship` for one that is not terminal.
   */
  release(operationId: number): O {
    const entry = this.#require(operationId);
    if (!isTerminalState(entry.state)) invalidRelationship('only a terminal operation can be released');
    this.#release(entry);
    return entry;
  }

  /** {@link transition} to a terminal state and {@link release} in one. */
  end(operationId: number, to: TerminalState): void {
    const entry = this.#require(operationId);
    move(entry, to);
    this.#release(entry);
  }

  /**
   * Cancels what a request reaches and is not terminal. Returns the ids that it cancelled, ascending;
   * they are held until released. A group is that of the registry, whatever the session. Throws an
   * `NnrpError`: `UnknownOperation`, `InvalidOperationRelationship`.
   */
  cancel(request: CancelRequest): number[] {
    const cancelled: number[] = [];
    for (const entry of this.#reached(request)) {
      if (isTerminalState(entry.state)) continue;
      entry.state = OperationState.Cancelled;
      cancelled.push(entry.frameId);
    }
    return cancelled.sort((a, b) => a - b);
  }

  #reached({ sessionId, operationId, scope }: CancelRequest): Iterable<O> {
    const target = this.#held.get(operationId);
    if (target === undefined) {
      if (!this.#wasReleased(operationId)) unknown(operationId);
    } else if (target.sessionId !== sessionId) {
      invalidRelationship('cancel request session_id must match the target operation');
    }
    switch (scope) {
      case CancelScope.Operation:
        return target === undefined ? [] : [target];
      case CancelScope.Subtree:
        if (target?.children === 0) return [target];
        return this.#subtree(operationId, sessionId);
      case CancelScope.Group: {
        if (target === undefined) return [];
        const { groupId } = target;
        if (groupId === undefined) {
          invalidRelationship('group cancel requires the target operation to have an operation_group_id');
        }
        return this.#where((entry) => entry.groupId === groupId);
      }
      case CancelScope.Session:
        return this.#where((entry) => entry.sessionId === sessionId);
    }
  }

  /** The entries below `rootId` and its own. Found by one pass, so that no registration pays for it. */
  #subtree(rootId: number, sessionId: number): O[] {
    const childrenOf = new Map<number, O[]>();
    for (const entry of this.#held.values()) {
      if (entry.parentId === undefined || entry.sessionId !== sessionId) continue;
      const siblings = childrenOf.get(entry.parentId);
      if (siblings === undefined) childrenOf.set(entry.parentId, [entry]);
      else siblings.push(entry);
    }
    const root = this.#held.get(rootId);
    const found = root === undefined ? [...(childrenOf.get(rootId) ?? [])] : [root];
    for (let index = 0; index < found.length; index++) {
      const { frameId } = found[index] as O;
      for (const child of childrenOf.get(frameId) ?? []) found.push(child);
    }
    return found;
  }

  *#where(matches: (entry: O) => boolean): IterableIterator<O> {
    for (const entry of this.#held.values()) if (matches(entry)) yield entry;
  }

  #adopt(entry: O, parentId: number): void {
    const parent = this.#held.get(parentId);
    if (parent === undefined) {
      if (!this.#wasReleased(parentId)) unknown(parentId);
    } else {
      if (parent.sessionId !== entry.sessionId) {
        invalidRelationship('parent operation must belong to the same session');
      }
      if (entry.children > 0 && this.#descends(parent, entry)) {
        invalidRelationship('operation cannot be its own ancestor');
      }
      parent.children++;
    }
    const former = entry.parentId === undefined ? undefined : this.#held.get(entry.parentId);
    if (former !== undefined) former.children--;
    entry.parentId = parentId;
  }

  #descends(entry: O, ancestor: O): boolean {
    for (let at: O | undefined = entry; at !== undefined;) {
      if (at === ancestor) return true;
      at = at.parentId === undefined ? undefined : this.#held.get(at.parentId);
    }
    return false;
  }

  #release(entry: O): void {
    const { frameId, parentId } = entry;
    this.#held.delete(frameId);
    this.#releasedIds.add(frameId);
    if (parentId === undefined) return;
    const parent = this.#held.get(parentId);
    if (parent !== undefined) parent.children += entry.children - 1;
    if (entry.children === 0) return;
    for (const child of this.#held.values()) if (child.parentId === frameId) child.parentId = parentId;
  }

  get #releasedIds(): IdRanges {
    return (this.#released ??= new IdRanges({ maxRanges: this.#maxReleasedRanges }));
  }

  #wasReleased(operationId: number): boolean {
    return this.#released?.has(operationId) === true;
  }

  #require(operationId: number): O {
    return this.#held.get(operationId) ?? unknown(operationId);
  }
}

function move(entry: OperationEntry, to: OperationState): void {
  if (!canTransition(entry.state, to)) {
    throw new NnrpError({ kind: 'InvalidOperationTransition', from: entry.state, to });
  }
  entry.state = to;
}

function checkShape(operationId: number, parentId: number | undefined, groupId: number | undefined): void {
  if (parentId === operationId) invalidRelationship('operation cannot be its own parent');
  if (groupId === 0) invalidRelationship('operation_group_id must be non-zero when present');
}

function isId(operationId: number): boolean {
  return Number.isSafeInteger(operationId) && operationId >= 0;
}

function notAnId(operationId: number): never {
  throw new NnrpError({
    kind: 'ValueOutOfRange',
    field: 'operation_id',
    value: operationId,
    max: Number.MAX_SAFE_INTEGER,
  });
}

function alreadyExists(operationId: number): never {
  throw new NnrpError({ kind: 'OperationAlreadyExists', operationId: BigInt(operationId) });
}

function unknown(operationId: number): never {
  if (!isId(operationId)) notAnId(operationId);
  throw new NnrpError({ kind: 'UnknownOperation', operationId: BigInt(operationId) });
}

function invalidRelationship(rule: string): never {
  throw new NnrpError({ kind: 'InvalidOperationRelationship', rule });
}
