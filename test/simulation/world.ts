import type { Server } from '../../src/server/server';
import type { ConnectEndpoint } from '../../src/transport/endpoint';
import type { Client } from '../../src/client/client';
import type { Ledger } from './ledger';
import type { Random } from './random';
import type { Scenario } from './scenario';
import type { SimulatedNetwork } from './network/simulated-network';
import type { VirtualScheduler } from './time/virtual-scheduler';

/** Where everybody of a simulation lives. */
export interface World {
  readonly scenario: Scenario;
  readonly scheduler: VirtualScheduler;
  readonly network: SimulatedNetwork;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly server: Server;
  /** Every client that connected, also those that are closed. */
  readonly clients: Client[];
  /** Where the server listens. */
  readonly endpoints: readonly ConnectEndpoint[];
  /** Whether new work is begun; false once faults have stopped. */
  readonly isActive: boolean;
}

/** Waits in the world's time. */
export function sleep({ scheduler }: Pick<World, 'scheduler'>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    scheduler.schedule(() => {
      resolve();
    }, ms);
  });
}
