/** A binary heap: what comes first is found in O(1), adding and taking cost O(log size). */
export class Heap<T> {
  private readonly items: T[] = [];

  /** `isBefore` must be a strict order; items that are equal in it come out in no particular order. */
  constructor(private readonly isBefore: (a: T, b: T) => boolean) {}

  get size(): number {
    return this.items.length;
  }

  /** What comes out next, left where it is. */
  peek(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    this.items.push(item);
    this.rise(this.items.length - 1);
  }

  pop(): T | undefined {
    const { items } = this;
    const first = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return first;
    items[0] = last;
    this.sink(0);
    return first;
  }

  /** Removes what does not match, in O(size). */
  keep(matches: (item: T) => boolean): void {
    const kept = this.items.filter(matches);
    this.items.length = 0;
    for (const item of kept) this.items.push(item);
    for (let index = (kept.length >> 1) - 1; index >= 0; index--) this.sink(index);
  }

  private rise(start: number): void {
    const { items } = this;
    const item = items[start]!;
    let index = start;
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (!this.isBefore(item, items[above]!)) break;
      items[index] = items[above]!;
      index = above;
    }
    items[index] = item;
  }

  private sink(start: number): void {
    const { items } = this;
    const item = items[start]!;
    let index = start;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && this.isBefore(items[below + 1]!, items[below]!)) below += 1;
      if (!this.isBefore(items[below]!, item)) break;
      items[index] = items[below]!;
      index = below;
    }
    items[index] = item;
  }
}
