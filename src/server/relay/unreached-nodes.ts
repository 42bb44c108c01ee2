import type { TimestampProvider } from 'rxjs';
import { NODE_TTL_MS, type NodeName } from '../../cluster/directory';

/** Milliseconds after which a node lives that is in the directory yet: one that is gone leaves it in half of that. */
const LIVES_MS = 2 * NODE_TTL_MS;

/** Milliseconds without an attempt after which the next one is of another outage. */
const QUIET_MS = 60_000;

interface Outage {
  /** When the first attempt had failed, and the last. */
  readonly since: number;
  last: number;
  isTold: boolean;
}

/** Nodes that live, and to which no link comes about: each is told once an outage. */
export class UnreachedNodes {
  private readonly outages = new Map<NodeName, Outage>();

  constructor(
    private readonly clock: TimestampProvider,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** There is a link to it. */
  reached(node: NodeName): void {
    this.outages.delete(node);
  }

  /** An attempt has failed that began at `triedAt`, to where the directory had it then. */
  missed(node: NodeName, triedAt: number, error: unknown): void {
    const outage = this.outageOf(node);
    if (triedAt - outage.since > LIVES_MS) this.tell(outage, error);
  }

  /** Somebody is there, and is not as a node should be. */
  atFault(node: NodeName, error: unknown): void {
    this.tell(this.outageOf(node), error);
  }

  private outageOf(node: NodeName): Outage {
    const now = this.clock.now();
    for (const [each, { last }] of this.outages) if (now - last > QUIET_MS) this.outages.delete(each);
    const outage = this.outages.get(node) ?? { since: now, last: now, isTold: false };
    outage.last = now;
    this.outages.set(node, outage);
    return outage;
  }

  private tell(outage: Outage, error: unknown): void {
    if (outage.isTold) return;
    outage.isTold = true;
    this.failed(error);
  }
}
