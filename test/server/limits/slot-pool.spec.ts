import { SlotPool, type SlotWaiter } from '../../../src/server/limits/slot-pool';
import { ServerReports } from '../../../src/server/reports';

/** A session that takes as many slots as it is told to. */
class Share implements SlotWaiter {
  private taken = 0;

  constructor(
    private pool: SlotPool | undefined,
    readonly startNext: () => void = () => undefined,
  ) {}

  admits(): boolean {
    return this.pool?.admits(this) ?? true;
  }

  set(count: number): void {
    const by = count - this.taken;
    this.taken = count;
    this.pool?.change(by);
  }

  moveTo(pool: SlotPool | undefined): void {
    const { pool: old, taken } = this;
    this.pool = pool;
    pool?.change(taken);
    old?.forget(this);
    old?.change(-taken);
  }
}

function pool(size: number) {
  const told: string[] = [];
  const reports = new ServerReports();
  reports.limits.subscribe(() => told.push('filled'));
  const made = new SlotPool(size, { peer: 'here' }, reports);
  const share = (name: string, of: SlotPool | undefined = made): Share =>
    new Share(of, () => told.push(`${name} wakes`));
  return { pool: made, told, share };
}

describe('a slot pool', () => {
  it('admits as many as it has slots for, whoever has them', () => {
    const { share, told } = pool(3);
    const [a, b] = [share('a'), share('b')];
    a.set(2);
    expect([a.admits(), b.admits()]).toEqual([true, true]);
    b.set(1);
    expect([a.admits(), b.admits()]).toEqual([false, false]);
    expect(told).toEqual(['filled']);
  });

  it('wakes those who found it full, in their order, as far as there is room, and once', () => {
    const { share, told } = pool(2);
    const [a, b, c] = [share('a'), share('b'), share('c')];
    a.set(2);
    b.admits();
    c.admits();
    told.length = 0;
    a.set(1);
    expect(told).toEqual(['b wakes', 'c wakes']);
    a.set(0);
    expect(told).toHaveLength(2);
  });

  it('stops waking where who is woken takes what there is', () => {
    const told: string[] = [];
    const made = new SlotPool(1, { peer: 'here' }, new ServerReports());
    const first = new Share(made);
    const waiting = ['a', 'b'].map((name) => {
      const share: Share = new Share(made, () => {
        told.push(name);
        share.set(1);
      });
      return share;
    });
    first.set(1);
    for (const share of waiting) share.admits();
    first.set(0);
    expect(told).toEqual(['a']);
    waiting[0]!.set(0);
    expect(told).toEqual(['a', 'b']);
  });

  it('serves in a loop those who give back at once what they are woken for', () => {
    const made = new SlotPool(1, { peer: 'here' }, new ServerReports());
    const first = new Share(made);
    let depth = 0;
    let deepest = 0;
    let woken = 0;
    for (let count = 0; count < 100; count++) {
      const share: Share = new Share(made, () => {
        depth += 1;
        deepest = Math.max(deepest, depth);
        woken += 1;
        share.set(1);
        share.set(0);
        depth -= 1;
      });
      first.set(1);
      share.admits();
    }
    first.set(0);
    expect([woken, deepest]).toEqual([100, 1]);
  });

  it('is told to be full again only after it was half empty', () => {
    const { share, told } = pool(4);
    const [a, b] = [share('a'), share('b')];
    a.set(4);
    b.admits();
    a.set(3);
    a.set(4);
    b.admits();
    expect(told).toEqual(['filled', 'b wakes']);
    a.set(2);
    a.set(4);
    b.admits();
    expect(told).toEqual(['filled', 'b wakes', 'b wakes', 'filled']);
  });

  it('follows a session that moves: the old one has room, the new one less', () => {
    const old = pool(2);
    const next = pool(2);
    const mover = old.share('mover');
    const stayer = old.share('stayer');
    mover.set(2);
    stayer.admits();
    mover.moveTo(undefined);
    expect(old.told).toEqual(['filled', 'stayer wakes']);
    // Away, it may do as it likes.
    expect(mover.admits()).toBe(true);
    mover.set(3);
    mover.moveTo(next.pool);
    expect(next.share('other').admits()).toBe(false);
    mover.set(0);
    expect(next.told).toEqual(['filled', 'other wakes']);
  });
});
