import type { Undo } from './planting';

/** Something that is wrong with server or client, put there to see that the simulation notices. */
export interface Defect {
  readonly name: string;
  /** The invariants that say so, as far as seeds have shown; 13 takes a second run. */
  readonly invariants: readonly number[];
  /** A seed from which on it shows soon; where others show it first after a change, they are gone through. */
  readonly seed: number;
  plant(): Undo;
}
