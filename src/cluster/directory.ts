import { BehaviorSubject, Subscription, type SchedulerLike } from 'rxjs';
import { ignoreRejection } from '../protocol/ignore-rejection';
import { onEach } from '../transport/on-each';
import { scheduleIn } from '../transport/time/schedule-in';
import type { ClusterStore } from './cluster';
import { nodeKey, type LogOwner, type SessionLog } from './session-log';

/** A process that is a node; another name with each start. */
export type NodeName = string;

/** Ids that a node may hand out, and nobody else. */
export interface IdRange {
  readonly first: number;
  readonly count: number;
}

/** Where a session is, as far as the directory knows. */
export type SessionPlace =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'node'; readonly node: NodeName; readonly address: string }
  /** Its node is gone, or has it no more, and there is a log of it. */
  | { readonly kind: 'lost'; readonly from: LogOwner; readonly tokens: Uint8Array };

/** A whole number from 0 to below another, as chance has it. */
export type RandomBelow = (bound: number) => number;

/** Ids of one range. */
export const RANGE_IDS = 4096;

/** Ranges, of ids from 4,096 to 2^31 - 1: those above are nobody's but of who uses them. */
const RANGES = 2 ** 19 - 1;

/** Milliseconds after which a node that says nothing is gone. */
export const NODE_TTL_MS = 5000;

/** Milliseconds between two signs of a node's life. */
const BEAT_MS = 1500;

/** Milliseconds that a range is kept for a node that is gone, and beats between two times of saying so. */
const RANGE_TTL_MS = 600_000;
const BEATS_A_RANGE = 100;

/**
 * Milliseconds that a store gets, once it answers, to hear from every node what it may have lost meanwhile: until then nothing
 * is unknown, and no ids are free. A node that has just started cannot know whether it has only just come back.
 */
const SETTLE_MS = 3000;

/** Ranges that are tried at most: more than a few that are taken mean that something is wrong. */
const RANGE_TRIES = 1000;

/** The store is there, and has no more ids. */
export class NoRangeFree extends Error {}

/**
 * Which node has which session: a node claims ranges of ids, and says every so often that it lives.
 *
 * ```
 *   node:<name>    where it is reached    5 s, said again every 1.5 s
 *   range:<n>      whose ids these are    10 min, and as long as the log keeps a session; said again every 150 s
 * ```
 */
export class Directory {
  private readonly ranges = new Set<number>();
  private readonly work = new Subscription();
  private readonly health = new BehaviorSubject<'up' | 'down'>('down');
  readonly health$ = this.health.asObservable();
  private address: Uint8Array | undefined;
  private isReached = false;
  /** When the store last began to answer. */
  private upSince: number | undefined;
  /** Whether it had answered before that. */
  private isBack = false;
  private beats = 0;

  constructor(
    readonly node: NodeName,
    private readonly store: ClusterStore,
    private readonly scheduler: SchedulerLike,
    private readonly random: RandomBelow,
    private readonly log?: SessionLog,
    /** Milliseconds that the log keeps what is said of a session: so long its id is nobody else's, where its node is gone. */
    private readonly loggedMs = 0,
  ) {
    const isUp$ = store.isUp$;
    this.work.add(
      onEach(isUp$, (isUp) => {
        this.isReached = isUp;
        this.tell(isUp);
        // One that comes back may have lost what it had.
        if (isUp) this.beat({ isFirst: true });
      }),
    );
  }

  get isUp(): boolean {
    return this.health.value === 'up';
  }

  /** The others reach this node there, from now on until `leave`. */
  announce(address: string): void {
    this.address = encode(address);
    this.beat({ isFirst: true });
    this.beatLater();
  }

  /** Claims ids. Rejects where the store does not answer, may not know yet which are taken, or has none (`NoRangeFree`). */
  async reserveIds(): Promise<IdRange> {
    // The first sessions of a node do not wait for that.
    if (!this.isUp || (this.isBack && !this.isSettled)) throw comeBack();
    // Any: a store that has forgotten who has which is hardly asked for one of those.
    const first = this.random(RANGES);
    for (let tries = 0; tries < RANGE_TRIES; tries++) {
      const range = 1 + ((first + tries) % RANGES);
      if (!(await this.store.claim(`range:${range}`, encode(this.node), this.rangeTtlMs))) continue;
      this.ranges.add(range);
      return { first: range * RANGE_IDS, count: RANGE_IDS };
    }
    throw new NoRangeFree(`no range of session ids is free: of ${RANGE_TRIES} that were tried all are taken`);
  }

  /** Where a session is that is not here. Rejects where the store does not answer, or may not know yet. */
  async find(sessionId: number): Promise<SessionPlace> {
    const place = await this.look(sessionId);
    if (place.kind !== 'node' && !this.isSettled) throw comeBack();
    return place;
  }

  private async look(sessionId: number): Promise<SessionPlace> {
    const { store, log } = this;
    const logged = await log?.find(sessionId);
    if (logged !== undefined) return (await this.at(logged.node)) ?? lost(logged);
    const named = await store.get(`range:${rangeOf(sessionId)}`);
    return (named && (await this.at(decode(named)))) ?? { kind: 'unknown' };
  }

  /** Keeps the range of a session that was another node's, as long as this one lives. */
  keepRange(sessionId: number): void {
    const range = rangeOf(sessionId);
    if (this.ranges.has(range)) return;
    this.ranges.add(range);
    // Where it is not heard now, it is said again.
    ignoreRejection(this.store.put(`range:${range}`, encode(this.node), this.rangeTtlMs));
  }

  /** Says that this node is gone, and closes the store. Never rejects. */
  async leave(): Promise<void> {
    this.work.unsubscribe();
    // Of what is logged another node may have use yet: its ids are not free.
    const ranges = this.log === undefined ? [...this.ranges] : [];
    const keys = [nodeKey(this.node), ...ranges.map((range) => `range:${range}`)];
    try {
      if (this.isUp) await this.store.remove(keys);
    } catch {
      // It is forgotten when its time is over.
    }
    this.health.complete();
    this.store.close();
  }

  private get rangeTtlMs(): number {
    return RANGE_TTL_MS + this.loggedMs;
  }

  /** Whether every node has had the time to say again what the store may have lost. */
  private get isSettled(): boolean {
    return this.isUp && this.scheduler.now() - (this.upSince ?? Infinity) >= SETTLE_MS;
  }

  /** Where another node is, if it is there. */
  private async at(node: NodeName): Promise<SessionPlace | undefined> {
    const address = node === this.node ? undefined : await this.store.get(nodeKey(node));
    return address && { kind: 'node', node, address: decode(address) };
  }

  private beatLater(): void {
    const timer = scheduleIn(this.scheduler, BEAT_MS, () => {
      this.work.remove(timer);
      this.beats += 1;
      this.beat({ isFirst: this.beats % BEATS_A_RANGE === 0 });
      this.beatLater();
    });
    this.work.add(timer);
  }

  /** `isFirst` says whether what lasts longer than a few beats is to be said, too. */
  private beat({ isFirst }: { readonly isFirst: boolean }): void {
    const { address, store } = this;
    if (address === undefined) return;
    const name = encode(this.node);
    const said = [store.put(nodeKey(this.node), address, NODE_TTL_MS)];
    if (isFirst) {
      for (const range of this.ranges) said.push(store.put(`range:${range}`, name, this.rangeTtlMs));
    }
    Promise.all(said).then(
      () => {
        // Of several servers those that this node has its keys at may be there, and others not.
        this.tell(this.isReached);
      },
      () => {
        this.tell(false);
      },
    );
  }

  private tell(isUp: boolean): void {
    const health = isUp ? 'up' : 'down';
    if (this.work.closed || health === this.health.value) return;
    if (isUp) {
      this.isBack = this.upSince !== undefined;
      this.upSince = this.scheduler.now();
    }
    this.health.next(health);
  }
}

function comeBack(): Error {
  return new Error('the store of the cluster has only just come back, and may not know all again');
}

function lost({ node, epoch, tokens }: LogOwner & { readonly tokens: Uint8Array }): SessionPlace {
  return { kind: 'lost', from: { node, epoch }, tokens };
}

/** The range that a session's id is of. */
export function rangeOf(sessionId: number): number {
  return Math.floor(sessionId / RANGE_IDS);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
