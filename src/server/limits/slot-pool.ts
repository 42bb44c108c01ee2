/** Whose sessions share a pool. */
export interface SlotPoolOwner {
  /** A session has to wait because others have so many slots; told once for each time that it lasts. */
  slotsFilled(): void;
}

/**
 * What several sessions share: so many operations at a time. A session that finds the pool full is woken
 * when there is room again.
 */
export class SlotPool {
  private used = 0;
  private waiting: Set<SlotShare> | undefined;
  private isWaking = false;
  private wasTold = false;

  constructor(
    private readonly size: number,
    private readonly owner: SlotPoolOwner,
  ) {}

  /** Whether there is a slot; who hears that there is none is woken when there is one. */
  admits(share: SlotShare): boolean {
    if (this.used < this.size) return true;
    (this.waiting ??= new Set()).add(share);
    if (!this.wasTold) {
      this.wasTold = true;
      this.owner.slotsFilled();
    }
    return false;
  }

  /** Takes slots, or gives them back. */
  change(by: number): void {
    this.used += by;
    if (this.used * 2 <= this.size) this.wasTold = false;
    if (by < 0 && this.waiting !== undefined) this.wake(this.waiting);
  }

  forget(share: SlotShare): void {
    this.waiting?.delete(share);
  }

  private wake(waiting: Set<SlotShare>): void {
    // Who is woken may give slots back at once: the loop that runs already serves those who wait for them.
    if (this.isWaking) return;
    this.isWaking = true;
    try {
      for (const share of waiting) {
        if (this.used >= this.size) return;
        waiting.delete(share);
        share.startNext();
      }
    } finally {
      this.isWaking = false;
    }
  }
}

/** A session's part of the pool of the connection that carries it; of no pool while it is away. */
export abstract class SlotShare {
  private counted = 0;

  constructor(private pool: SlotPool | undefined) {}

  /** Slots that the session has now. */
  abstract get takenCount(): number;

  /** There is room again. */
  abstract startNext(): void;

  /** Another connection carries the session, or none. */
  moveTo(pool: SlotPool | undefined): void {
    const { pool: old, counted } = this;
    this.pool = pool;
    pool?.change(counted);
    old?.forget(this);
    old?.change(-counted);
  }

  /** Whether the session may start another operation. */
  protected admits(): boolean {
    return this.pool === undefined || this.pool.admits(this);
  }

  /** Tells the pool of slots that were taken or given back: others may have those. */
  protected settle(): void {
    const by = this.takenCount - this.counted;
    if (by === 0) return;
    this.counted += by;
    this.pool?.change(by);
  }
}
