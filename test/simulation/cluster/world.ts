import type { SimulatedNode } from './simulated-node';
import type { Surroundings } from './surroundings';

/** Where several nodes and their clients live. */
export interface ClusterWorld extends Surroundings {
  /** By their place; of each the newest. */
  readonly nodes: SimulatedNode[];
}
