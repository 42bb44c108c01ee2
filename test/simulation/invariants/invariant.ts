import type { Fact } from '../facts';
import type { ServerInnards } from '../innards';
import type { OperationRecord, SessionRecord } from '../records';
import type { World } from '../world';

/** What is wrong, or nothing. */
export type Finding = string | undefined;

/** What must hold, and the places to look at. */
export interface Invariant {
  readonly number: number;
  readonly text: string;
  /** At the operations that an event touched, and at all of them in the end. */
  readonly operation?: readonly ((operation: OperationRecord) => Finding)[];
  /** At what was seen during an event. */
  readonly fact?: readonly ((fact: Fact) => Finding)[];
  /** At every session that the server has, after every event. */
  readonly session?: readonly ((session: SessionRecord, held: ServerInnards, now: number) => Finding)[];
  /** At everything, after every event. */
  readonly world?: readonly ((world: World, held: readonly ServerInnards[]) => Finding)[];
  /** Once faults have stopped and everything has had its time. */
  readonly settled?: readonly ((world: World) => Finding)[];
  /** Once everything is closed and nothing more is to happen. */
  readonly end?: readonly ((world: World) => Finding)[];
}

/** What is wrong with the first of several that something is wrong with. */
export function firstOf<T>(items: Iterable<T>, check: (item: T) => Finding): Finding {
  for (const item of items) {
    const finding = check(item);
    if (finding !== undefined) return finding;
  }
  return undefined;
}
