import { IdRanges } from '../operation/id-ranges';

/** Whatever has the id of a session. */
interface OfSession {
  readonly sessionId: number;
}

/** Bounds of what the ids of sessions that have left may cost. */
const MAX_LEFT_RANGES = 1024;

/**
 * The sessions that a connection carries, by id. Each has a place in an array by the low bits of its id;
 * where that is taken, it is kept in a Map. As ids are counted up, few are, and a packet finds its session
 * without hashing. It remembers the ids of those that have left.
 */
export class SessionTable<S extends OfSession> {
  /** As many as a power of two, and no fewer than there are sessions. */
  #places: (S | undefined)[] = [undefined];
  #others: Map<number, S> | undefined;
  #size = 0;
  #left: IdRanges | undefined;

  get size(): number {
    return this.#size;
  }

  get(sessionId: number): S | undefined {
    const placed = this.#places[this.#placeOf(sessionId)];
    return placed?.sessionId === sessionId ? placed : this.#others?.get(sessionId);
  }

  has(sessionId: number): boolean {
    return this.get(sessionId) !== undefined;
  }

  /** Adds a session; one that has its id already goes. */
  add(session: S): void {
    this.delete(session.sessionId);
    this.#size += 1;
    if (this.#size > this.#places.length) this.#resize(this.#places.length * 2);
    this.#put(session);
  }

  delete(sessionId: number): void {
    const place = this.#placeOf(sessionId);
    if (this.#places[place]?.sessionId === sessionId) this.#places[place] = undefined;
    else if (this.#others?.delete(sessionId) !== true) return;
    this.#size -= 1;
    const { length } = this.#places;
    if (length > 1 && this.#size < length / 4) this.#resize(length / 2);
  }

  /** A session leaves: what still comes for it is late, not foreign. */
  release(sessionId: number): void {
    this.delete(sessionId);
    (this.#left ??= new IdRanges({ maxRanges: MAX_LEFT_RANGES })).add(sessionId);
  }

  /** Whether a session of this id has left. */
  hasLeft(sessionId: number): boolean {
    return this.#left?.has(sessionId) === true;
  }

  /** All of them, in no order, as they are now. */
  all(): S[] {
    const placed = this.#places.filter((session) => session !== undefined);
    return this.#others === undefined ? placed : [...placed, ...this.#others.values()];
  }

  clear(): void {
    this.#places = [undefined];
    this.#others = undefined;
    this.#size = 0;
  }

  #placeOf(sessionId: number): number {
    return sessionId & (this.#places.length - 1);
  }

  #put(session: S): void {
    const place = this.#placeOf(session.sessionId);
    if (this.#places[place] === undefined) this.#places[place] = session;
    else (this.#others ??= new Map()).set(session.sessionId, session);
  }

  #resize(length: number): void {
    const all = this.all();
    this.#places = new Array<S | undefined>(length).fill(undefined);
    this.#others = undefined;
    for (const session of all) this.#put(session);
  }
}
