/** A bound of the wire, an instant or an amount: Infinity for 0, which says none, and for more than a number holds exactly. */
export function boundOf(value: bigint): number {
  return value === 0n || value > Number.MAX_SAFE_INTEGER ? Infinity : Number(value);
}

/** The same on the wire, where `none` says Infinity. */
export function boundOnWire(bound: number, none = 0n): bigint {
  return bound === Infinity ? none : BigInt(bound);
}
