/** Milliseconds as the wire has instants. */
export function microseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1000));
}
