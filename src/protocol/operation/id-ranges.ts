/** Ids from `first` to `last`, both included. */
export interface IdRange {
  readonly first: number;
  readonly last: number;
}

export interface IdRangesOptions {
  /**
   * Past this many ranges the narrowest gaps between them are closed, so that memory is bounded for
   * any sequence of ids: the set then has ids that were never added, and never lacks one that was.
   * Default: no limit, the set is exact.
   */
  readonly maxRanges?: number;
}

/** How much of `maxRanges` is left after gaps are closed: often enough to be cheap, seldom enough too. */
const KEPT_SHARE = 0.75;

/**
 * A set of integers that costs memory by the gap, not by the id. Ids are integers from 0 to 2⁵³ − 1.
 * Adding the successor of the largest id is O(1), looking up is O(log ranges), and adding in between
 * also moves the ranges behind.
 *
 * @example
 * const ids = new IdRanges();
 * for (const id of [1, 2, 3, 7]) ids.add(id);
 * [...ids.ranges()]; // [{ first: 1, last: 3 }, { first: 7, last: 7 }]
 */
export class IdRanges {
  readonly #maxRanges: number;
  // Ascending, disjoint and never adjacent; two arrays, so that a range is no object.
  readonly #firsts: number[] = [];
  readonly #lasts: number[] = [];
  #size = 0;
  #exact = true;

  constructor({ maxRanges = Infinity }: IdRangesOptions = {}) {
    if (!(maxRanges >= 1)) throw new RangeError(`maxRanges must be at least 1, got ${maxRanges}`);
    this.#maxRanges = maxRanges;
  }

  /** How many ids are in the set. */
  get size(): number {
    return this.#size;
  }

  /** How many ranges the ids form: what the set costs. */
  get rangeCount(): number {
    return this.#firsts.length;
  }

  /** False once gaps were closed to keep within `maxRanges`. */
  get isExact(): boolean {
    return this.#exact;
  }

  has(id: number): boolean {
    const top = this.#lasts.length - 1;
    if (top < 0 || id > (this.#lasts[top] as number)) return false;
    const index = this.#indexAt(id);
    return index >= 0 && id <= (this.#lasts[index] as number);
  }

  /** Adds an id; false where the set had it. */
  add(id: number): boolean {
    const lasts = this.#lasts;
    const top = lasts.length - 1;
    const largest = top < 0 ? -Infinity : (lasts[top] as number);
    if (id === largest + 1) {
      lasts[top] = id;
    } else if (id > largest) {
      this.#firsts.push(id);
      lasts.push(id);
      if (lasts.length > this.#maxRanges) this.#closeGaps();
    } else if (!this.#insert(id)) {
      return false;
    }
    this.#size++;
    return true;
  }

  /** The ranges, ascending, with a gap between any two. */
  *ranges(): IterableIterator<IdRange> {
    for (let index = 0; index < this.#firsts.length; index++) {
      yield { first: this.#firsts[index] as number, last: this.#lasts[index] as number };
    }
  }

  /** Adds an id below the largest; false where the set has it. */
  #insert(id: number): boolean {
    const firsts = this.#firsts;
    const lasts = this.#lasts;
    const before = this.#indexAt(id);
    if (before >= 0 && id <= (lasts[before] as number)) return false;
    const after = before + 1;
    const touchesBefore = before >= 0 && lasts[before] === id - 1;
    const touchesAfter = firsts[after] === id + 1;
    if (touchesBefore && touchesAfter) {
      lasts.splice(before, 1);
      firsts.splice(after, 1);
    } else if (touchesBefore) {
      lasts[before] = id;
    } else if (touchesAfter) {
      firsts[after] = id;
    } else {
      firsts.splice(after, 0, id);
      lasts.splice(after, 0, id);
      if (lasts.length > this.#maxRanges) this.#closeGaps();
    }
    return true;
  }

  /** The index of the last range that starts at or below `id`, −1 for none. */
  #indexAt(id: number): number {
    const firsts = this.#firsts;
    let low = 0;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((firsts[middle] as number) <= id) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #closeGaps(): void {
    const firsts = this.#firsts;
    const lasts = this.#lasts;
    const widthBefore = (index: number): number =>
      (firsts[index] as number) - (lasts[index - 1] as number) - 1;
    const widths = firsts.slice(1).map((_, index) => widthBefore(index + 1));
    widths.sort((a, b) => a - b);
    const toClose = firsts.length - Math.max(1, Math.floor(this.#maxRanges * KEPT_SHARE));
    const limit = widths[toClose - 1] as number;
    let ofLimit = toClose - widths.findIndex((width) => width === limit);
    let kept = 0;
    for (let index = 1; index < firsts.length; index++) {
      const width = widthBefore(index);
      if (width < limit || (width === limit && ofLimit-- > 0)) {
        this.#size += width;
      } else {
        kept++;
        firsts[kept] = firsts[index] as number;
      }
      lasts[kept] = lasts[index] as number;
    }
    firsts.length = kept + 1;
    lasts.length = kept + 1;
    this.#exact = false;
  }
}
