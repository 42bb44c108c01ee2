import { inTurns, type Progress } from './bench';
import { Child, Peer, type ProgramStart } from './child';
import type { Effort } from './effort';
import { Load, type Measured, type Run } from './load';
import { Redis } from './redis';

/** The processes of a figure, which end together. Started one by one: what is still starting has no owner. */
export class Stand {
  private readonly peers: Peer[] = [];
  private readonly loads: Load[] = [];
  private readonly children: Child[] = [];
  private readonly stores: Redis[] = [];

  async peer(start: ProgramStart): Promise<Peer> {
    const peer = await Peer.start(start);
    this.peers.push(peer);
    return peer;
  }

  async load(start: ProgramStart, peer: Peer): Promise<Load> {
    const load = await Load.start(start, peer);
    this.loads.push(load);
    return load;
  }

  /** Any other program; what it says first has been heard. */
  async child(start: ProgramStart): Promise<Child> {
    const { child } = await Child.started(start);
    this.children.push(child);
    return child;
  }

  /** What nodes of a cluster share. */
  async redis(): Promise<Redis> {
    const redis = await Redis.start();
    this.stores.push(redis);
    return redis;
  }

  /** A server, and a load that is connected to it. */
  async pair(start: ProgramStart, loadAt: (port: number) => ProgramStart): Promise<Load> {
    const peer = await this.peer(start);
    return this.load(loadAt(peer.port), peer);
  }

  async end(): Promise<void> {
    // Loads first: one whose server goes before it takes that for a fault.
    await Promise.all([...this.loads, ...this.children].map((each) => each.stop()));
    await Promise.all(this.peers.map((peer) => peer.stop()));
    await Promise.all(this.stores.map((redis) => redis.stop()));
  }
}

/**
 * Runs loads in turns, so that a machine whose speed drifts is fair to all, with as many sets of processes as
 * the effort asks for; `setUp` is told how many there were before. Returns the runs of each load, those at the same
 * place next to each other in time.
 */
export async function runInTurns(
  measured: Measured,
  setUp: (stand: Stand, process: number) => Promise<readonly Load[]>,
  effort: Effort,
  progress: Progress,
): Promise<readonly (readonly Run[])[]> {
  const { processes, turns } = effort;
  const runs: Run[][] = [];
  for (let process = 0; process < processes; process++) {
    const stand = new Stand();
    try {
      const loads = await setUp(stand, process);
      for (const load of loads) await load.heat(measured, effort);
      for (let turn = 0; turn < turns; turn++) {
        for (const [index, load] of inTurns([...loads.entries()], turn)) {
          (runs[index] ??= []).push(await load.run());
        }
        progress(process * turns + turn + 1, processes * turns);
      }
    } finally {
      await stand.end();
    }
  }
  return runs;
}
