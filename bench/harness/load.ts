import type { LoadResult } from '../load/latency';
import { Child, type Peer, type ProgramStart } from './child';
import type { Effort } from './effort';

/** What a run of a load against a server shows. */
export interface Run {
  /** Operations a second. */
  readonly rate: number;
  /** Microseconds. */
  readonly p50: number;
  /** Microseconds. */
  readonly p99: number;
  /** CPU microseconds of the server for an operation. */
  readonly peerCpu: number;
  /** CPU microseconds of the load for an operation. */
  readonly loadCpu: number;
  /** Shares of one core. */
  readonly peerBusy: number;
  readonly loadBusy: number;
}

/** Which end of a load is what is measured. */
export type Measured = 'peer' | 'load';

/** How often a load runs before what is measured counts as warm, however little of a core it got. */
const MAX_HEATS = 20;

/** A load that is connected to a server. It rests until it is asked to run, and rests again. */
export class Load {
  private constructor(
    private readonly child: Child,
    private readonly peer: Peer,
  ) {}

  static async start(start: ProgramStart, peer: Peer): Promise<Load> {
    const { child } = await Child.started(start);
    return new Load(child, peer);
  }

  async run(): Promise<Run> {
    const { child, peer } = this;
    child.say('run');
    await child.next();
    const before = await peer.usage();
    const { operations, seconds, p50, p99, cpu } = await child.next<LoadResult>();
    const after = await peer.usage();
    await child.next();
    const rate = operations / seconds;
    // Rates, since the two processes' windows are not the same to the microsecond.
    const peerBusy = (after.cpu - before.cpu) / Math.max(1, after.at - before.at);
    const loadBusy = cpu / (seconds * 1e6);
    return {
      rate,
      p50,
      p99,
      peerBusy,
      loadBusy,
      peerCpu: (peerBusy * 1e6) / rate,
      loadCpu: (loadBusy * 1e6) / rate,
    };
  }

  /**
   * Runs until one end has worked for about as many milliseconds of CPU as it needs to be compiled: on a
   * machine that is busy with others, that is not after a given time.
   */
  async heat(measured: Measured, { heatMs, runMs }: Effort): Promise<void> {
    let heated = 0;
    for (let time = 0; time < MAX_HEATS && heated < heatMs; time++) {
      const { peerBusy, loadBusy } = await this.run();
      heated += (measured === 'peer' ? peerBusy : loadBusy) * runMs;
    }
  }

  stop(): Promise<void> {
    return this.child.stop();
  }
}
