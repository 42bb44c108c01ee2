/**
 * A Map from ids whose newest entry stays outside of it until another comes: an operation that is over
 * before the next begins, as with an application that answers at once, costs no hashing. Iterates in
 * the order of insertion, as a Map does.
 */
export class LatestMap<V> {
  /** Made when it is needed: most maps never hold two entries. */
  #older: Map<number, V> | undefined;
  #latestId = -1;
  #latest: V | undefined;

  get size(): number {
    return (this.#older?.size ?? 0) + (this.#latest === undefined ? 0 : 1);
  }

  get(id: number): V | undefined {
    return id === this.#latestId ? this.#latest : this.#older?.get(id);
  }

  has(id: number): boolean {
    return this.get(id) !== undefined;
  }

  /** Adds an entry under an id that has none. */
  add(id: number, value: V): void {
    if (this.#latest !== undefined) (this.#older ??= new Map()).set(this.#latestId, this.#latest);
    this.#latestId = id;
    this.#latest = value;
  }

  delete(id: number): void {
    if (id !== this.#latestId) {
      this.#older?.delete(id);
      return;
    }
    this.#latestId = -1;
    this.#latest = undefined;
  }

  /** The values, oldest first. Entries may be deleted meanwhile; what is added meanwhile may be left out. */
  *values(): IterableIterator<V> {
    if (this.#older !== undefined) yield* this.#older.values();
    if (this.#latest !== undefined) yield this.#latest;
  }
}
