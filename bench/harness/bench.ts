import type { Effort } from './effort';
import type { Figure } from './figure';

/** Says how far a bench is. */
export type Progress = (step: number, of: number) => void;

/** What is measured together. */
export interface Bench {
  /** The group that it is listed in. */
  readonly family: string;
  readonly name: string;
  run(effort: Effort, progress: Progress): Promise<readonly Figure[]>;
}

/** Each of `items` in turn, forth and back: neither side is always the one that runs first. */
export function inTurns<T>(items: readonly T[], round: number): readonly T[] {
  return round % 2 === 0 ? items : [...items].reverse();
}
