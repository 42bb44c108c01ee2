import { asapScheduler, BehaviorSubject, throwError, type SchedulerLike, type Subscription } from 'rxjs';
import { flag } from '../protocol/options/rules';
import { takeOptions, type Rules } from '../protocol/options/take-options';
import type { ConnectEndpoint } from '../transport/endpoint';
import { memory } from '../transport/memory';
import { connectError } from '../transport/network-errors';
import { scheduler } from '../transport/option-rules';
import type { Cluster, ClusterAccess, ClusterStore, NodeEndpoint } from './cluster';
import { MemoryLog } from './memory-log';
import { nodeKey, type SessionLog } from './session-log';

/** How a cluster within one process keeps its time. */
export interface MemoryClusterOptions {
  /** What is said arrives one task later, and values expire by its clock. Default `asapScheduler`. */
  readonly scheduler?: SchedulerLike;
  /** Whether sessions outlive their node, as with `log` of `redisCluster`. Default false. */
  readonly log?: boolean;
}

/** A cluster within one process, for tests: the same directory and the same node links, no engine and no sockets. */
export interface MemoryCluster extends Cluster {
  /** Whether the store answers; set to false, every call rejects until it is true again. */
  isUp: boolean;
  /** Forgets all that the store has, as an engine does that comes back empty. */
  forget(): void;
  /** The store as it is: forgets what has come since then, as a failover does that lost the newest writes. */
  checkpoint(): () => void;
}

const RULES: Rules<MemoryClusterOptions> = { scheduler, log: flag };

/**
 * @example
 * const cluster = memoryCluster();
 * const servers = [memory(), memory()].map((listen) => createServer({ listen, cluster, tokenKey }));
 */
export function memoryCluster(given: MemoryClusterOptions = {}): MemoryCluster {
  const options = takeOptions('memoryCluster', given, RULES);
  return new SharedMemory(options.scheduler ?? asapScheduler, options.log ?? false);
}

interface Kept {
  readonly value: Uint8Array;
  readonly until: number;
}

class SharedMemory implements MemoryCluster {
  readonly upness = new BehaviorSubject(true);
  private kept = new Map<string, Kept>();
  private readonly endpoints = new Map<string, ConnectEndpoint>();
  private readonly log: MemoryLog;
  private nodes = 0;

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly isLogged: boolean,
  ) {
    this.log = new MemoryLog(
      () => scheduler.now(),
      (node) => this.get(nodeKey(node)) !== undefined,
    );
  }

  get isUp(): boolean {
    return this.upness.value;
  }

  set isUp(isUp: boolean) {
    if (isUp !== this.isUp) this.upness.next(isUp);
  }

  forget(): void {
    this.kept.clear();
    this.log.clear();
  }

  checkpoint(): () => void {
    const kept = new Map(this.kept);
    const restoreLog = this.log.checkpoint();
    return () => {
      this.kept = new Map(kept);
      restoreLog();
    };
  }

  join(): ClusterAccess {
    const log: SessionLog | undefined = this.isLogged ? this.log.over((work) => this.later(work)) : undefined;
    return { store: new MemoryStore(this), log, endpoint: this.endpointOf(`memory://${++this.nodes}`) };
  }

  get(key: string): Uint8Array | undefined {
    const kept = this.kept.get(key);
    if (kept === undefined || kept.until > this.scheduler.now()) return kept?.value;
    this.kept.delete(key);
    return undefined;
  }

  put(key: string, value: Uint8Array, ttlMs: number): void {
    this.kept.set(key, { value: value.slice(), until: this.scheduler.now() + ttlMs });
  }

  remove(key: string): void {
    this.kept.delete(key);
  }

  /** Does it a task later, as an engine would. */
  later<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.scheduler.schedule(() => {
        if (this.isUp) resolve(work());
        else reject(new Error('the store of the cluster is down'));
      });
    });
  }

  private endpointOf(address: string): NodeEndpoint {
    const endpoint = memory({ scheduler: this.scheduler });
    this.endpoints.set(address, endpoint);
    return {
      listen: endpoint,
      address,
      connect: (to) => this.endpoints.get(to) ?? nowhere(to),
    };
  }
}

class MemoryStore implements ClusterStore {
  readonly isUp$ = new BehaviorSubject(true);
  private readonly watching: Subscription;

  constructor(private readonly shared: SharedMemory) {
    this.watching = shared.upness.subscribe(this.isUp$);
  }

  claim(key: string, value: Uint8Array, ttlMs: number): Promise<boolean> {
    return this.shared.later(() => {
      if (this.shared.get(key) !== undefined) return false;
      this.shared.put(key, value, ttlMs);
      return true;
    });
  }

  put(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    return this.shared.later(() => this.shared.put(key, value, ttlMs));
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.shared.later(() => this.shared.get(key));
  }

  remove(keys: readonly string[]): Promise<void> {
    return this.shared.later(() => {
      for (const key of keys) this.shared.remove(key);
    });
  }

  close(): void {
    this.watching.unsubscribe();
    this.isUp$.complete();
  }
}

function nowhere(url: string): ConnectEndpoint {
  const error = connectError(url, new Error('there is no such node'));
  return { kind: 'memory', url, connect: () => throwError(() => error) };
}
