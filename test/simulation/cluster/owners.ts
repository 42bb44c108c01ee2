import type { SchedulerLike } from 'rxjs';
import { NODE_TTL_MS } from '../../../src/cluster/directory';
import type { SessionLog } from '../../../src/cluster/session-log';
import type { ClusterLedger, NodeRecord } from './ledger';

interface Owner {
  readonly node: NodeRecord;
  readonly epoch: number;
  /** When it became that, in milliseconds. */
  readonly since: number;
}

/** Whose sessions are, or were, by what the log was told, and what it took: known here, whatever the log thinks. */
export class Owners {
  private owners = new Map<number, Owner>();

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly ledger: ClusterLedger,
  ) {}

  of(sessionId: number): Owner | undefined {
    return this.owners.get(sessionId);
  }

  clear(): void {
    this.owners.clear();
  }

  checkpoint(): () => void {
    const owners = new Map(this.owners);
    return () => {
      this.owners = new Map(owners);
    };
  }

  /** A log, as a node has it, that is looked at: 22. */
  watched(log: SessionLog, node: NodeRecord): SessionLog {
    return {
      find: (sessionId) => log.find(sessionId),
      append: async (updates) => {
        const verdicts = await log.append(updates);
        updates.forEach((update, index) => {
          if (verdicts[index]?.kind !== 'kept') return;
          this.heard(update.sessionId, { node, epoch: update.epoch });
        });
        return verdicts;
      },
      takeOver: async (sessionId, from, to) => {
        const taken = await log.takeOver(sessionId, from, to);
        if (taken === undefined) return undefined;
        const owner = this.owners.get(sessionId);
        if (owner !== undefined && this.lives(owner.node)) {
          this.ledger.violated(22, `a session was taken over from ${owner.node.name}, which lives`);
        }
        if (owner !== undefined && taken.epoch <= owner.epoch) {
          this.ledger.violated(
            22,
            `session ${sessionId} is taken over as of epoch ${taken.epoch}, and is of ${owner.epoch}`,
          );
        }
        this.ledger.count('takeovers');
        this.ledger.taken.add(sessionId);
        this.ledger.tell('store', `a session is taken over, epoch ${taken.epoch}`);
        this.is(sessionId, { node, epoch: taken.epoch });
        return taken;
      },
    };
  }

  /** Whether a node has had every chance to say so. */
  private lives({ isGone, isLeaving, ableSince }: NodeRecord): boolean {
    return !isGone && !isLeaving && this.scheduler.now() - ableSince > 2 * NODE_TTL_MS;
  }

  private heard(sessionId: number, { node, epoch }: Omit<Owner, 'since'>): void {
    const owner = this.owners.get(sessionId);
    if (owner === undefined || epoch > owner.epoch) this.is(sessionId, { node, epoch });
    else if (epoch < owner.epoch || node !== owner.node) {
      this.ledger.violated(22, `an entry of epoch ${epoch} was kept of a session that is of ${owner.epoch}`);
    }
  }

  private is(sessionId: number, { node, epoch }: Omit<Owner, 'since'>): void {
    this.owners.set(sessionId, { node, epoch, since: this.scheduler.now() });
  }
}
