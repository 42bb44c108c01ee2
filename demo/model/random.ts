/** A source of numbers in [0, 1). */
export type Random = () => number;

/**
 * A seeded generator of pseudo-random numbers (mulberry32): 32 bits of state, good enough to sample
 * text, not for secrets. Only the low 32 bits of the seed count.
 *
 * @example
 * const random = seededRandom(7);
 * random(); // the same first number in every run
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
