import type { SimulatedEndpoint, SimulatedNetwork } from '../network/simulated-network';
import type { Random } from '../random';
import type { VirtualScheduler } from '../time/virtual-scheduler';
import type { WallClock } from '../time/wall-clock';
import type { ClusterLedger } from './ledger';
import type { Owners } from './owners';
import type { ClusterScenario } from './scenario';
import type { SimulatedStore } from './simulated-store';

/** Where several nodes and their clients live, but for the nodes. */
export interface Surroundings {
  readonly scenario: ClusterScenario;
  readonly scheduler: VirtualScheduler;
  readonly wallClock: WallClock;
  readonly random: Random;
  /** Between clients and nodes, and between nodes. */
  readonly network: SimulatedNetwork;
  readonly links: SimulatedNetwork;
  /** Where nodes listen for each other, by address. */
  readonly linked: Map<string, SimulatedEndpoint>;
  readonly store: SimulatedStore;
  readonly owners: Owners;
  readonly ledger: ClusterLedger;
  /** Whether new work is begun; false once faults have stopped. */
  readonly isActive: boolean;
}
