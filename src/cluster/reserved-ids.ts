import { BehaviorSubject, distinctUntilChanged, filter, map, Subscription, take } from 'rxjs';
import type { Observable, SchedulerLike } from 'rxjs';
import { onEach } from '../transport/on-each';
import { scheduleIn } from '../transport/time/schedule-in';
import { NoRangeFree, RANGE_IDS, type Directory, type IdRange, type RandomBelow } from './directory';

/** Ids that are nobody's: a node that the directory gives none takes them at random, and nobody finds its sessions. */
export const FIRST_OWN_ID = 2 ** 31;

/** Milliseconds that the first sessions wait for the directory, once. */
const FIRST_WAIT_MS = 2000;

/** Milliseconds until a node without any asks again: a store that may not know yet, and one that has none. */
const AGAIN_MS = 1000;
const NONE_FREE_AGAIN_MS = 10_000;

/**
 * Session ids of the node's ranges, which nobody else hands out. Another range is claimed once half of one is used;
 * without any, ids that no node has are taken: those sessions are this node's alone.
 */
export class ReservedIds {
  private readonly ranges: IdRange[] = [];
  private used = 0;
  private isAsking = false;
  private isShortageTold = false;
  /** The last that is nobody's, of this node. */
  private own: number | undefined;
  private readonly hasAsked = new BehaviorSubject(false);
  private readonly any = new BehaviorSubject(false);
  private readonly watching: Subscription;
  private again = Subscription.EMPTY;

  constructor(
    private readonly directory: Pick<Directory, 'health$' | 'reserveIds'>,
    private readonly scheduler: SchedulerLike,
    private readonly random: RandomBelow,
    /** The store has no more ids; told once until it has. */
    private readonly shortage: (error: NoRangeFree) => void,
  ) {
    const patience = scheduleIn(scheduler, FIRST_WAIT_MS, () => {
      this.hasAsked.next(true);
    });
    this.watching = onEach(directory.health$, (health) => {
      if (health === 'up' && !this.hasAny) this.reserve();
    });
    this.watching.add(patience);
  }

  /** Emits once there are ids, or it is known that there are none for now. */
  get ready$(): Observable<true> {
    return this.hasAsked.pipe(
      filter((hasAsked) => hasAsked),
      map(() => true as const),
      take(1),
    );
  }

  /** Whether there is an id left by which every node finds its session: now, and after each change. */
  get hasAny$(): Observable<boolean> {
    return this.any.pipe(distinctUntilChanged());
  }

  private get hasAny(): boolean {
    return this.ranges.length > 0;
  }

  /** Whether an id is of a range: other nodes find its session. */
  isReserved(sessionId: number): boolean {
    return sessionId >= RANGE_IDS && sessionId < FIRST_OWN_ID;
  }

  next(): number {
    const [range] = this.ranges;
    if (range === undefined || (this.ranges.length === 1 && this.used * 2 >= range.count)) this.reserve();
    if (range === undefined) return this.ownId();
    const id = range.first + this.used;
    this.used += 1;
    if (this.used >= range.count) {
      this.ranges.shift();
      this.used = 0;
      this.any.next(this.hasAny);
    }
    return id;
  }

  /** From any of them on: it is hardly one that another such node has given. */
  private ownId(): number {
    this.own = ((this.own ?? this.random(FIRST_OWN_ID)) + 1) % FIRST_OWN_ID;
    return FIRST_OWN_ID + this.own;
  }

  private reserve(): void {
    if (this.isAsking) return;
    this.isAsking = true;
    this.directory.reserveIds().then(
      (range) => {
        this.isAsking = false;
        this.isShortageTold = false;
        this.ranges.push(range);
        this.any.next(true);
        this.hasAsked.next(true);
      },
      (error: unknown) => {
        this.isAsking = false;
        if (!this.hasAny) this.reserveIn(error instanceof NoRangeFree ? NONE_FREE_AGAIN_MS : AGAIN_MS);
        if (!(error instanceof NoRangeFree) || this.isShortageTold) return;
        this.isShortageTold = true;
        this.shortage(error);
      },
    );
  }

  /** Nobody may come before there are any: where new sessions are refused, a balancer sends none. */
  private reserveIn(ms: number): void {
    this.again.unsubscribe();
    this.again = scheduleIn(this.scheduler, ms, () => {
      if (!this.hasAny) this.reserve();
    });
    this.watching.add(this.again);
  }
}
