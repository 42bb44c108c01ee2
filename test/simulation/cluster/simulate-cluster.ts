import { memoryCluster } from '../../../src/cluster/memory-cluster';
import { SimulatedNetwork } from '../network/simulated-network';
import { playOut, type Played } from '../play-out';
import { Random } from '../random';
import type { SimulationOptions, SimulationReport } from '../report';
import { VirtualScheduler } from '../time/virtual-scheduler';
import { WallClock } from '../time/wall-clock';
import { ClusterClient } from './cluster-client';
import { Faults } from './faults';
import { judgeLate, judgeOperation, nothingIsLeft, staleHandlers } from './invariants';
import { ClusterLedger } from './ledger';
import { Owners } from './owners';
import { drawClusterScenario } from './scenario';
import { SimulatedNode } from './simulated-node';
import { SimulatedStore } from './simulated-store';
import type { ClusterWorld } from './world';

/** Milliseconds after the last fault in which everything has to end: leases, retries, and the slowest answer. */
const SETTLING_MS = 90_000;

/**
 * Runs several nodes, their store, applications and clients in a world that fails as a seed draws it, and checks the
 * invariants. As `simulate`, nothing takes real time, and one seed runs the same way every time.
 */
export async function simulateCluster(
  seed: number,
  { keepEvents = 50 }: SimulationOptions = {},
): Promise<SimulationReport> {
  const run = new ClusterRun(seed, keepEvents);
  run.begin();
  return playOut(run);
}

class ClusterRun implements Played {
  readonly invariantOfEnd = 25;
  readonly scheduler = new VirtualScheduler();
  readonly ledger: ClusterLedger;
  private readonly world: ClusterWorld;
  private readonly clients: readonly ClusterClient[];
  private readonly faults: Faults;
  private isActive = true;
  isFinished = false;
  endsBy = Infinity;

  constructor(
    readonly seed: number,
    keepEvents: number,
  ) {
    const { scheduler } = this;
    const random = new Random(seed).fork('cluster');
    const scenario = drawClusterScenario(random.fork('scenario'));
    const ledger = (this.ledger = new ClusterLedger(scheduler, keepEvents));
    const owners = new Owners(scheduler, ledger);
    const cluster = memoryCluster({ scheduler, log: true });
    const isActive = (): boolean => this.isActive;
    const { conditions, links } = scenario;
    this.world = {
      scenario,
      scheduler,
      wallClock: new WallClock(scheduler),
      random,
      network: new SimulatedNetwork({ scheduler, random: random.fork('network'), conditions }),
      links: new SimulatedNetwork({ scheduler, random: random.fork('links'), conditions: links }),
      linked: new Map(),
      store: new SimulatedStore(cluster, owners, scheduler, random.fork('store'), scenario.store),
      owners,
      ledger,
      nodes: [],
      get isActive() {
        return isActive();
      },
    };
    for (let place = 1; place <= scenario.nodes; place++) {
      this.world.nodes.push(new SimulatedNode(this.world, `node ${place}`));
    }
    this.clients = scenario.clients.map((client) => new ClusterClient(this.world, client));
    this.faults = new Faults(this.world, this.clients);
  }

  afterEvent(): void {
    staleHandlers(this.world);
  }

  end(): void {
    nothingIsLeft(this.world);
  }

  begin(): void {
    const { world, scheduler, clients, faults } = this;
    const { activeMs } = world.scenario;
    world.store.keepCheckpoints(activeMs);
    for (const client of clients) client.live();
    faults.plan();
    scheduler.schedule(() => {
      this.stopFaults();
    }, activeMs);
  }

  private stopFaults(): void {
    const { world, scheduler, ledger, faults } = this;
    ledger.tell('network', 'faults stop');
    this.isActive = false;
    world.network.heal();
    world.links.heal();
    faults.heal();
    scheduler.schedule(() => {
      ledger.tell('network', 'all is closed');
      for (const operation of ledger.operations) judgeOperation(ledger, operation);
      for (const late of ledger.lates) judgeLate(ledger, late);
      this.endsBy = scheduler.now() + SETTLING_MS;
      void this.finish();
    }, SETTLING_MS);
  }

  private async finish(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.finish()));
    await Promise.all(this.faults.living.map(({ server }) => server.close({ graceMs: 0 })));
    this.isFinished = true;
  }
}
