import { BehaviorSubject, type SchedulerLike } from 'rxjs';
import type { ClusterAccess, ClusterStore, NodeEndpoint } from '../../../src/cluster/cluster';
import type { MemoryCluster } from '../../../src/cluster/memory-cluster';
import { answeredIn } from '../../../src/cluster/redis/answered-in';
import type { LogEnd, LogUpdate, SessionLog } from '../../../src/cluster/session-log';
import { within } from '../network/conditions';
import type { Random } from '../random';
import type { Process } from '../time/process';
import type { NodeRecord } from './ledger';
import type { Owners } from './owners';
import type { ClusterScenario } from './scenario';

/** Milliseconds that a call waits, as one to Redis does. */
const CALL_MS = 1000;

/** Milliseconds of checkpoints that are kept. */
const CHECKPOINT_MS = 50;
const CHECKPOINTS = 80;

/** What does not come: what is asked, or what is answered. */
type Lost = 'asking' | 'answer';

/** Whether a session is of the server that may be away alone. */
function isOfHalf(sessionId: number): boolean {
  return sessionId % 2 === 0;
}

/** The store of a cluster, as its nodes reach it: over a network, one call behind the other. */
export class SimulatedStore {
  readonly isUp$ = new BehaviorSubject(true);
  private awayHalf: Lost | undefined;
  /** Since when the server that may be away is there, in milliseconds; Infinity while it is not. */
  private halfThereSince = -Infinity;
  private readonly checkpoints: { readonly at: number; readonly restore: () => void }[] = [];

  constructor(
    private readonly cluster: MemoryCluster,
    private readonly owners: Owners,
    private readonly scheduler: SchedulerLike,
    private readonly random: Random,
    private readonly conditions: ClusterScenario['store'],
  ) {}

  goDown(): void {
    this.isUp$.next(false);
  }

  comeUp(): void {
    this.isUp$.next(true);
  }

  /** Its servers are two; one of them is away now, with every other session. */
  loseHalf(lost: Lost): void {
    this.awayHalf = lost;
    this.halfThereSince = Infinity;
  }

  mendHalf(): void {
    if (this.awayHalf === undefined) return;
    this.awayHalf = undefined;
    this.halfThereSince = this.scheduler.now();
  }

  /** Since when what is asked of a session is answered, in milliseconds; Infinity while nobody is there who could. */
  answersSince(sessionId: number): number {
    return isOfHalf(sessionId) ? this.halfThereSince : -Infinity;
  }

  /** A log, as far as its servers are there. */
  reached(log: SessionLog): SessionLog {
    const reach = async <T>(sessionId: number, ask: () => Promise<T>): Promise<T> => {
      const lost = isOfHalf(sessionId) ? this.awayHalf : undefined;
      if (lost === 'asking') throw new Error('the server that has the session is away');
      const answer = await ask();
      if (lost === 'answer') throw new Error('the server that has the session has not answered');
      return answer;
    };
    return {
      find: (sessionId) => reach(sessionId, () => log.find(sessionId)),
      takeOver: (sessionId, ...given) => reach(sessionId, () => log.takeOver(sessionId, ...given)),
      append: async (updates) => {
        const lost = this.awayHalf;
        const isAway = ({ sessionId }: LogUpdate | LogEnd): boolean =>
          lost !== undefined && isOfHalf(sessionId);
        const heard = updates.filter((update) => lost !== 'asking' || !isAway(update));
        const verdicts = await log.append(heard);
        const byUpdate = new Map(heard.map((update, index) => [update, verdicts[index]]));
        if (updates.every(isAway)) throw new Error('no server that was asked has answered');
        return updates.map((update) => (isAway(update) ? undefined : byUpdate.get(update)));
      },
    };
  }

  forget(): void {
    this.cluster.forget();
    this.owners.clear();
    this.checkpoints.length = 0;
  }

  /** From now on, until a time, what was said can be lost again. */
  keepCheckpoints(until: number): void {
    const now = this.scheduler.now();
    const [restore, restoreOwners] = [this.cluster.checkpoint(), this.owners.checkpoint()];
    this.checkpoints.push({
      at: now,
      restore: () => {
        restore();
        restoreOwners();
      },
    });
    if (this.checkpoints.length > CHECKPOINTS) this.checkpoints.shift();
    if (now + CHECKPOINT_MS > until) return;
    this.scheduler.schedule(() => {
      this.keepCheckpoints(until);
    }, CHECKPOINT_MS);
  }

  loseTail(ms: number): void {
    const since = this.scheduler.now() - ms;
    const kept = this.checkpoints.filter(({ at }) => at <= since).at(-1) ?? this.checkpoints[0];
    kept?.restore();
    this.checkpoints.length = 0;
  }

  /** Of one node. */
  join(
    node: NodeRecord,
    process: Process,
    endpoint: NodeEndpoint,
  ): { readonly access: ClusterAccess; readonly line: StoreLine } {
    const { store, log } = this.cluster.join();
    const line = new StoreLine(this, process, this.scheduler, this.random, this.conditions);
    const watched = this.owners.watched(log!, node);
    return { access: { store: line.store(store), log: line.log(this.reached(watched)), endpoint }, line };
  }
}

/** A node's connection to the store. */
export class StoreLine {
  private readonly isUp$ = new BehaviorSubject(false);
  private isCut = false;
  private lastAt = 0;

  constructor(
    private readonly shared: SimulatedStore,
    private readonly process: Process,
    private readonly scheduler: SchedulerLike,
    private readonly random: Random,
    private readonly conditions: ClusterScenario['store'],
  ) {
    shared.isUp$.subscribe(() => {
      this.tell();
    });
  }

  get isUp(): boolean {
    return !this.isCut && this.shared.isUp$.value;
  }

  cut(): void {
    this.isCut = true;
    this.tell();
  }

  mend(): void {
    this.isCut = false;
    this.tell();
  }

  store(store: ClusterStore): ClusterStore {
    return {
      isUp$: this.isUp$,
      claim: (...given) => this.call(() => store.claim(...given)),
      put: (...given) => this.call(() => store.put(...given)),
      get: (...given) => this.call(() => store.get(...given)),
      remove: (...given) => this.call(() => store.remove(...given)),
      close: () => {
        store.close();
      },
    };
  }

  log(log: SessionLog): SessionLog {
    return {
      append: (...given) => this.call(() => log.append(...given)),
      find: (...given) => this.call(() => log.find(...given)),
      takeOver: (...given) => this.call(() => log.takeOver(...given)),
    };
  }

  private tell(): void {
    this.process.sockets.schedule(() => {
      if (this.isUp !== this.isUp$.value) this.isUp$.next(this.isUp);
    });
  }

  /** One call arrives behind the other; what is lost on the way is given up after a while. */
  private call<T>(work: () => Promise<T>): Promise<T> {
    const { random, conditions, scheduler, process } = this;
    if (!this.isUp) return Promise.reject(new Error('the store cannot be reached'));
    const lost = random.chance(conditions.lossChance)
      ? random.pick(['asking', 'answer'] as const)
      : undefined;
    this.lastAt = Math.max(this.lastAt, scheduler.now() + within(random, conditions.latencyMs));
    const answer = new Promise<T>((resolve, reject) => {
      scheduler.schedule(() => {
        if (lost === 'asking' || !this.isUp) return;
        const back = (settle: () => void): void => {
          if (lost === 'answer' || !this.isUp) return;
          process.sockets.schedule(settle, within(random, conditions.latencyMs));
        };
        work().then(
          (value) => {
            back(() => {
              resolve(value);
            });
          },
          (error: unknown) => {
            back(() => {
              reject(error instanceof Error ? error : new Error(String(error)));
            });
          },
        );
      }, this.lastAt - scheduler.now());
    });
    return answeredIn(CALL_MS, process.scheduler, answer);
  }
}
