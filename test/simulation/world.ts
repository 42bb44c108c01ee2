import type { Server } from '../../src/server/server';
import type { SchedulerLike } from 'rxjs';
import type { Client } from '../../src/client/client';
import type { Ledger } from './ledger';
import type { Random } from './random';
import type { Scenario } from './scenario';
import type { SimulatedEndpoint, SimulatedNetwork } from './network/simulated-network';
import type { Process } from './time/process';
import type { WallClock } from './time/wall-clock';
import type { VirtualScheduler } from './time/virtual-scheduler';

/** Where everybody of a simulation lives. */
export interface World {
  readonly scenario: Scenario;
  readonly scheduler: VirtualScheduler;
  readonly wallClock: WallClock;
  /** Where the server and its application run. */
  readonly serverProcess: Process;
  readonly network: SimulatedNetwork;
  readonly ledger: Ledger;
  readonly random: Random;
  /** The one that runs, or ran last. */
  readonly server: Server;
  /** All that ran, one after another. */
  readonly servers: readonly Server[];
  /** Every client that connected, also those that are closed. */
  readonly clients: Client[];
  /** Where the server listens. */
  readonly endpoints: readonly SimulatedEndpoint[];
  /** Whether new work is begun; false once faults have stopped. */
  readonly isActive: boolean;
}

/** Waits in the world's time, or in that of a process. */
export function sleep({ scheduler }: { readonly scheduler: SchedulerLike }, ms: number): Promise<void> {
  return new Promise((resolve) => {
    scheduler.schedule(() => {
      resolve();
    }, ms);
  });
}
