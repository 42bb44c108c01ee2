/** How an update's epoch stands to the epochs before it in its scope. */
export type EpochOrder = 'older' | 'same' | 'newer';

const U32_MAX = 0xffffffff;

/**
 * The credit epoch of one scope: a connection, a session or an operation (protocol section 5). It only
 * rises. What is older than the epoch is to be ignored. What is of the same epoch counts: a window is
 * a number and no increment, so a repetition changes nothing, and a sender may answer a stop with a
 * grant of the same epoch.
 *
 * @example
 * const epoch = new CreditEpoch();
 * epoch.observe(7); // 'newer'
 * epoch.observe(6); // 'older'
 */
export class CreditEpoch {
  #latest: number | undefined;

  /** The highest epoch so far, undefined before the first. */
  get latest(): number | undefined {
    return this.#latest;
  }

  /** Takes note of a received update's epoch. */
  observe(epoch: number): EpochOrder {
    const latest = this.#latest;
    if (latest !== undefined && epoch <= latest) return epoch === latest ? 'same' : 'older';
    this.#latest = epoch;
    return 'newer';
  }

  /**
   * The epoch of the next update to send: 1, 2, 3 and so on. A u32 that is used up stays at its
   * greatest value, which receivers do not ignore.
   */
  get upcoming(): number {
    return Math.min((this.#latest ?? 0) + 1, U32_MAX);
  }

  /** Takes the {@link upcoming} epoch: its update is sent. */
  next(): number {
    this.#latest = this.upcoming;
    return this.#latest;
  }
}
