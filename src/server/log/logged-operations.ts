import type { LogField } from '../../cluster/session-log';
import type { LoggedOperation, LoggedParts } from './logged-parts';
import { encodeOperation, NOT_WHOLE } from './session-record';

/** What the log is to be told of operations, and what of that was said, to be said again where nothing came of it. */
export interface OperationNews {
  readonly fields: readonly LogField[];
  readonly said: ReadonlySet<number>;
}

/**
 * The operations that a session has in the log: those that run, and those whose answers are kept. What is said of one is
 * what it is at that time.
 */
export class LoggedOperations {
  private hasBodies = false;
  private changed = new Set<number>();
  /** Those that the log may have. */
  private readonly heardOf: Set<number>;
  /** Results in the log before the first of each, ascending. */
  private since: Map<number, number>;

  constructor(
    private readonly core: Pick<LoggedParts, 'operations' | 'outlet' | 'server'>,
    /** Of those that the log has of the node before. */
    since: ReadonlyMap<number, number> = new Map(),
  ) {
    this.since = new Map(inOrder(since));
    this.heardOf = new Set(since.keys());
  }

  /** Whether anybody may want the whole of an answer. */
  get areWantedWhole(): boolean {
    return this.hasBodies || this.core.outlet.retained !== undefined;
  }

  /** Results before the first of those whose answer somebody wants whole; undefined where nobody does. */
  get wantedAfter(): number | undefined {
    for (const [frameId, since] of this.since) {
      if (since !== NOT_WHOLE && this.isWantedWhole(frameId)) return since;
    }
    return undefined;
  }

  /** What is submitted is logged whole from now on. False where it was before. */
  keepBodies(): boolean {
    if (this.hasBodies) return false;
    this.hasBodies = true;
    for (const { frameId } of this.core.operations.all()) this.changed.add(frameId);
    return true;
  }

  began(frameId: number): void {
    if (!this.since.has(frameId)) this.since.set(frameId, this.core.outlet.lastResult);
    this.changed.add(frameId);
  }

  /** One has ended, or its answer is kept no more. */
  note(frameId: number): void {
    this.changed.add(frameId);
  }

  /** All are said; of results the log has those behind number `first`, and those that clients may lack from `released` on. */
  beginAnew(first: number, released: number): void {
    const { outlet, operations } = this.core;
    this.heardOf.clear();
    this.changed.clear();
    const kept = outlet.retained?.all() ?? [];
    const known = new Map<number, number>();
    for (const { frameId } of operations.all()) known.set(frameId, NOT_WHOLE);
    for (const { frameId } of kept) known.set(frameId, first);
    for (const frameId of known.keys()) {
      const since = this.since.get(frameId) ?? NOT_WHOLE;
      if (since >= released) known.set(frameId, since);
    }
    this.since = new Map(inOrder(known));
    this.sayAgain();
  }

  sayAgain(): void {
    for (const { frameId } of this.core.operations.all()) this.changed.add(frameId);
    for (const { frameId } of this.core.outlet.retained?.all() ?? []) this.changed.add(frameId);
    for (const frameId of this.heardOf) this.changed.add(frameId);
  }

  /** Whether something is left to say. */
  get hasNews(): boolean {
    return this.changed.size > 0;
  }

  /**
   * What there is to say. Of an end nothing as long as the log is not told the results before it; of answers that are
   * kept, and that the log has not heard of, as much as about so many bytes have.
   */
  news({ withEnds, mostBytes }: { readonly withEnds: boolean; readonly mostBytes: number }): OperationNews {
    const fields: LogField[] = [];
    const said = new Set<number>();
    let bytes = 0;
    for (const frameId of this.changed) {
      const running = this.core.operations.get(frameId);
      const mayWait = !withEnds || (bytes >= mostBytes && !this.heardOf.has(frameId));
      if (running === undefined && mayWait) continue;
      this.changed.delete(frameId);
      const record = running === undefined ? this.ended(frameId) : this.running(running);
      if (record === undefined) this.since.delete(frameId);
      // One that the log has not heard of needs no end.
      if (record === undefined && !this.heardOf.has(frameId)) continue;
      this.heardOf.add(frameId);
      said.add(frameId);
      fields.push([String(frameId), record]);
      bytes += record?.length ?? 0;
    }
    return { fields, said };
  }

  /** The log has what was said. */
  kept(said: ReadonlySet<number>): void {
    for (const frameId of said) if (!this.since.has(frameId)) this.heardOf.delete(frameId);
  }

  /** Nobody knows whether it has. */
  unanswered(said: ReadonlySet<number>): void {
    for (const frameId of said) this.changed.add(frameId);
  }

  private isWantedWhole(frameId: number): boolean {
    const { operations, outlet } = this.core;
    if (outlet.retained?.get(frameId) !== undefined) return true;
    return this.hasBodies && operations.get(frameId) !== undefined;
  }

  private running({ frameId, sent, deadline, objects }: LoggedOperation): Uint8Array {
    return encodeOperation({
      since: this.since.get(frameId) ?? NOT_WHOLE,
      deadline: deadline === Infinity ? undefined : this.wallTime(deadline),
      sent,
      canGoOn: this.hasBodies && objects.length === 0,
      isRetained: this.core.outlet.retained?.get(frameId) !== undefined,
    });
  }

  /** Undefined where nothing is kept of it. */
  private ended(frameId: number): Uint8Array | undefined {
    const { sent, until } = this.core.outlet.retained?.get(frameId) ?? {};
    if (sent === undefined || until === undefined) return undefined;
    const since = this.since.get(frameId) ?? NOT_WHOLE;
    return encodeOperation({ since, sent, isRetained: true, until: this.wallTime(until) });
  }

  /** A time of the scheduler, as every node has it. */
  private wallTime(time: number): number {
    const { scheduler, settings } = this.core.server;
    return settings.wallClock.now() + time - scheduler.now();
  }
}

function inOrder(since: ReadonlyMap<number, number>): readonly (readonly [number, number])[] {
  return [...since].sort(([, one], [, other]) => one - other);
}
