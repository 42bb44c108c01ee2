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
  /** The highest range, empty at first. Apart, because most sets never have another. */
  #first = 0;
  #last = -1;
  // The others: ascending, disjoint and never adjacent; two arrays, so that a range is no object.
  #firsts: number[] | undefined;
  #lasts: number[] | undefined;
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
    return (this.#firsts?.length ?? 0) + (this.#size === 0 ? 0 : 1);
  }

  /** False once gaps were closed to keep within `maxRanges`. */
  get isExact(): boolean {
    return this.#exact;
  }

  has(id: number): boolean {
    return id >= this.#first ? id <= this.#last : this.#hasBelow(id);
  }

  /** Adds an id; false where the set had it. */
  add(id: number): boolean {
    if (id === this.#last + 1) this.#last = id;
    else if (id > this.#last) this.#startRange(id);
    else if (id >= this.#first || !this.#insert(id)) return false;
    this.#size++;
    return true;
  }

  /** Adds all ids from `first` to `last`, which are above all others. */
  addAbove(first: number, last: number): void {
    if (last < first) return;
    if (this.#size === 0 || first > this.#last + 1) this.#startRange(first);
    this.#last = last;
    this.#size += last - first + 1;
  }

  /** The ranges, ascending, with a gap between any two. */
  *ranges(): IterableIterator<IdRange> {
    const { firsts, lasts } = this.#below();
    for (let index = 0; index < firsts.length; index++) {
      yield { first: firsts[index] as number, last: lasts[index] as number };
    }
    if (this.#size > 0) yield { first: this.#first, last: this.#last };
  }

  /** The ranges below the highest. */
  #below(): { readonly firsts: number[]; readonly lasts: number[] } {
    return { firsts: (this.#firsts ??= []), lasts: (this.#lasts ??= []) };
  }

  #hasBelow(id: number): boolean {
    if (this.#firsts === undefined) return false;
    const { firsts, lasts } = this.#below();
    const index = indexAt(firsts, id);
    return index >= 0 && id <= (lasts[index] as number);
  }

  /** Adds an id above all others, with a gap. */
  #startRange(id: number): void {
    if (this.#size > 0) {
      const { firsts, lasts } = this.#below();
      firsts.push(this.#first);
      lasts.push(this.#last);
    }
    this.#first = this.#last = id;
    if (this.rangeCount > this.#maxRanges) this.#closeGaps();
  }

  /** Adds an id below the highest range; false where the set has it. */
  #insert(id: number): boolean {
    const { firsts, lasts } = this.#below();
    const before = indexAt(firsts, id);
    if (before >= 0 && id <= (lasts[before] as number)) return false;
    const after = before + 1;
    const isHighest = after === firsts.length;
    const touchesBefore = before >= 0 && lasts[before] === id - 1;
    const touchesAfter = (isHighest ? this.#first : firsts[after]) === id + 1;
    if (touchesBefore && touchesAfter) {
      lasts.splice(before, 1);
      const [first] = firsts.splice(isHighest ? before : after, 1);
      if (isHighest) this.#first = first as number;
    } else if (touchesBefore) {
      lasts[before] = id;
    } else if (touchesAfter && isHighest) {
      this.#first = id;
    } else if (touchesAfter) {
      firsts[after] = id;
    } else {
      firsts.splice(after, 0, id);
      lasts.splice(after, 0, id);
      if (this.rangeCount > this.#maxRanges) this.#closeGaps();
    }
    return true;
  }

  #closeGaps(): void {
    const { firsts, lasts } = this.#below();
    firsts.push(this.#first);
    lasts.push(this.#last);
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
    this.#first = firsts[kept] as number;
    this.#last = lasts[kept] as number;
    firsts.length = kept;
    lasts.length = kept;
    this.#exact = false;
  }
}

/** The index of the last range that starts at or below `id`, −1 for none. */
function indexAt(firsts: readonly number[], id: number): number {
  let low = 0;
  let high = firsts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((firsts[middle] as number) <= id) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
